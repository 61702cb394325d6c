"""Figures for Prometheus: with a token of their own, and nothing in them that names an account."""

from pathlib import Path

import pytest
from litestar.testing import AsyncTestClient
from prometheus_client.parser import text_string_to_metric_families
from tests.serving import Served, Standing
from tests.ui_api.playing import Player, ordered

from igfleet.settings import WorkerSettings, load
from igfleet.worker.api import create_app
from igfleet.worker.jobs import Jobs

pytestmark = pytest.mark.anyio
_TOKEN = {"Authorization": "Bearer of-prometheus"}


async def test_without_a_token_there_are_none(ui: Served) -> None:
    async with ui.client(None) as client:
        assert (await client.get("/metrics", headers=_TOKEN)).status_code == 404


async def test_it_tells_who_has_the_token_how_things_are(standing: Standing) -> None:
    async with standing.ui(METRICS_TOKEN="of-prometheus", ACTION_BUDGETS="login=1/1") as ui, ui.client() as client:
        player = Player(ui, client)
        await player.register()
        await ordered(ui, 2)
        before = _read((await client.get("/metrics", headers=_TOKEN)).text)
        lease = await player.leased()
        refusals = [await player.spend(lease, "login") for _ in range(2)]
        await client.get("/of-nord_01-there-is-none")
        refused = [(await client.get("/metrics", headers=given)).status_code for given in ({}, _WRONG)]
        text = (await client.get("/metrics", headers=_TOKEN)).text

    found = _read(text)
    assert refused == [401, 401]
    assert refusals == ["", "budget_spent"]
    assert found['account_tasks{state="running"}'] == found["leases_held"] == 1
    assert found['account_tasks{state="available"}'] == 1
    for answer in ("given", "budget_spent"):
        name = f'permits_total{{act="login",answer="{answer}"}}'
        assert found[name] - before.get(name, 0) == 1
    assert found['worker_age_seconds{worker="w1"}'] < 60
    assert any('path="/api/leases/{lease_id}/spendings"' in name for name in found)
    assert "nord_" not in text
    assert str(lease["id"]) not in text


async def test_a_worker_tells_how_much_it_does(tmp_path: Path) -> None:
    class Idle:
        is_draining = True
        runs: dict[str, object] = {}
        jobs = Jobs(tmp_path / "jobs.json")

    settings = load(WorkerSettings, METRICS_TOKEN="of-prometheus", CONCURRENCY_LIMIT="3", IGFLEET_DATA_DIR=tmp_path)
    async with AsyncTestClient(create_app(Idle(), settings, "another")) as client:  # type: ignore[arg-type]  # all it asks
        refused = await client.get("/metrics", headers={"Authorization": "Bearer another"})
        text = (await client.get("/metrics", headers=_TOKEN)).text

    assert refused.status_code == 401
    found = _read(text)
    assert (found["worker_slots"], found["worker_running"], found["worker_draining"]) == (3, 0, 1)


_WRONG = {"Authorization": "Bearer shared-worker-token-1234567890"}


def _read(text: str) -> dict[str, float]:
    """Ours, without the prefix, as they are written."""
    found = {}
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(one.labels.items()))
            name = one.name.removeprefix("igfleet_") + (f"{{{labels}}}" if labels else "")
            found[name] = one.value
    return found
