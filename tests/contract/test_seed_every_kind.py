"""Each kind between our ui and a worker that was written against the first contract alone."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from igfleet.runners import KINDS
from igfleet.ui.models import AccountTask
from tests.authorities import PUBLIC
from tests.contract.orders import OPTIONS, started
from tests.serving import SHARED_TOKEN, Served, Standing

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]

TOP = {
    "bulk_upload": {"id", "name", "options", "default_location", "default_mentions", "accounts", "videos", "posts"},
    "bulk_login": {"id", "options", "accounts"},
    "warmup": {"id", "actions", "options", "accounts"},
    "avatar": {"id", "strategy", "images", "options", "accounts"},
    "bio": {"id", "link_url", "options", "accounts"},
    "follow": {"id", "targets", "options", "accounts"},
    "proxy_diag": {"id", "options", "accounts"},
    "media_uniq": {"id", "recipe", "videos"},
}
"""What the specification names at the top of each aggregate."""
API = {kind: kind for kind in TOP} | {"bulk_upload": "bulk-tasks"}
ACCOUNT_API = {kind: f"{kind}/accounts" for kind in TOP} | {"bulk_upload": "bulk-accounts"}
ACCOUNT = {"id", "username", "password", "email_username", "email_password", "phone", "locale", "language", "proxy"}
SEED_COUNTERS = {"bulk_upload": "success", "warmup": "likes", "follow": "follows"}


@pytest.fixture
async def ui(standing: Standing) -> AsyncIterator[Served]:
    async with standing.ui(AGGREGATE_SECRETS="all") as running:
        yield running


@pytest.fixture
async def worker(ui: Served) -> AsyncIterator[httpx.AsyncClient]:
    """Nothing but HTTP and the token."""
    headers = {"Authorization": f"Bearer {SHARED_TOKEN}"}
    async with httpx.AsyncClient(
        base_url=ui.address, headers=headers, trust_env=False, verify=PUBLIC, timeout=30
    ) as client:
        yield client


def test_the_specification_names_each_kind() -> None:
    assert set(KINDS) == set(TOP) == set(OPTIONS)


async def _get(worker: httpx.AsyncClient, path: str, **query: int) -> dict[str, Any]:
    answer = await worker.get(path, params=query)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def _post(worker: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await worker.post(path, json=body)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def _rows(told: dict[str, Any]) -> list[dict[str, Any]]:
    """The account tasks: of media_uniq each video is one."""
    rows: list[dict[str, Any]] = told["accounts"] if "accounts" in told else told["videos"]
    return rows


@pytest.mark.parametrize("kind", KINDS)
async def test_an_aggregate_has_the_shape_of_its_kind(
    kind: str, worker: httpx.AsyncClient, ui: Served, tmp_path: Path
) -> None:
    task = await started(ui, kind, tmp_path)

    told = await _get(worker, f"/api/{API[kind]}/{task}/aggregate")

    assert set(told) >= TOP[kind]
    assert told["id"] == task
    assert all(row["status"] == "PENDING" and row["account_task_id"] for row in _rows(told))
    if kind == "media_uniq":
        assert {"id", "account_task_id", "url", "sha256"} <= set(told["videos"][0])
    elif kind == "proxy_diag":
        assert {"type", "host", "port"} <= set(told["accounts"][0]["account"]["proxy"])
    else:
        first = told["accounts"][0]["account"]
        assert set(first) >= ACCOUNT
        assert first["password"] == "pw-one-1"
        assert first["tfa_secret"] == "JBSWY3DPEHPK3PXP"
        assert first["proxy"]["pass"] == "pw-proxy-1"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_worker_of_the_first_contract_completes_a_task(
    kind: str, worker: httpx.AsyncClient, ui: Served, tmp_path: Path
) -> None:
    task = await started(ui, kind, tmp_path)
    counter = SEED_COUNTERS.get(kind, "seed_only")
    told = await _get(worker, f"/api/{API[kind]}/{task}/aggregate")
    assert (await _post(worker, f"/api/{API[kind]}/{task}/status", {"status": "RUNNING", "log": "began"}))["ok"]

    for file in (*told.get("images", ()), *told.get("videos", ())):
        got = await worker.get(file["url"])
        assert hashlib.sha256(got.content).hexdigest() == file["sha256"]
    for row in _rows(told):
        path = f"/api/{ACCOUNT_API[kind]}/{row['account_task_id']}"
        assert await _post(worker, f"{path}/status", {"status": "RUNNING"}) == {"ok": True, "status": "RUNNING"}
        counted = await _post(worker, f"{path}/counters", {counter: 1, "seq": 1})
        assert await _post(worker, f"{path}/counters", {counter: 1, "seq": 1}) == counted, "a repeat is harmless"
        assert counted["ok"]
        ended = {"status": "COMPLETED", "log_append": "all of it"}
        assert await _post(worker, f"{path}/status", ended) == {"ok": True, "status": "COMPLETED"}

    said = await _post(worker, f"/api/{API[kind]}/{task}/status", {"log_append": "ready"})
    assert said == {"ok": True, "status": "COMPLETED"}
    async with ui.context.database.sessions() as session:
        rows = list(await session.scalars(select(AccountTask).where(AccountTask.task_id == task)))
    assert len(rows) == 3
    assert {(row.state, row.counters[counter]) for row in rows} == {("completed", 1)}


@pytest.mark.parametrize("kind", KINDS)
async def test_shares_divide_each_kind(kind: str, worker: httpx.AsyncClient, ui: Served, tmp_path: Path) -> None:
    task = await started(ui, kind, tmp_path)
    path = f"/api/{API[kind]}/{task}/aggregate"

    whole = [row["account_task_id"] for row in _rows(await _get(worker, path))]
    parts = [_rows(await _get(worker, path, batch_index=index, batch_count=2)) for index in (0, 1)]

    assert [[row["account_task_id"] for row in part] for part in parts] == [whole[0::2], whole[1::2]]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_failed_one_stays_failed_and_the_task_says_so(
    kind: str, worker: httpx.AsyncClient, ui: Served, tmp_path: Path
) -> None:
    task = await started(ui, kind, tmp_path)
    first, *others = _rows(await _get(worker, f"/api/{API[kind]}/{task}/aggregate"))

    for row, word in [(first, "FAILED"), *((row, "COMPLETED") for row in others)]:
        path = f"/api/{ACCOUNT_API[kind]}/{row['account_task_id']}/status"
        await _post(worker, path, {"status": "RUNNING"})
        assert (await _post(worker, path, {"status": word}))["status"] == word
        assert (await _post(worker, path, {"status": "RUNNING"}))["status"] == word

    assert (await _post(worker, f"/api/{API[kind]}/{task}/status", {}))["status"] == "PARTIALLY_COMPLETED"


@pytest.mark.parametrize("secrets", ["leased", "never"])
async def test_secrets_are_told_only_where_the_settings_allow(secrets: str, standing: Standing, tmp_path: Path) -> None:
    async with standing.ui(AGGREGATE_SECRETS=secrets) as ui, ui.client() as worker:
        task = await started(ui, "bulk_login", tmp_path)
        told = (await worker.get(f"/api/bulk_login/{task}/aggregate")).text

    assert "nord_01" in told
    assert "pw-" not in told
    assert "JBSWY3DPEHPK3PXP" not in told
