"""The database dies under a running ui: every call says so, nothing acknowledged is lost, and all goes on by itself."""

import asyncio
import time
from pathlib import Path

import psutil
import pytest
from tests.serving import Served, served
from tests.ui_api.stage import Stage, staged

from igfleet.embedded import EmbeddedPostgres
from igfleet.ui import migrating
from igfleet.ui.restricted import restrict

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]


async def test_f12_a_crash_of_the_database_is_told_and_outlived(tmp_path: Path) -> None:
    postgres = EmbeddedPostgres(tmp_path / "pg")
    with postgres.running() as server:
        migrating.upgrade(server.dsn())
        restrict(server.dsn())
        async with served(server.dsn(), tmp_path / "ui", REQUIRE_PROXY="false", LEASE_LENGTH="120") as ui:
            stage = await staged(ui, 1)
            assert await _report(stage, 1) == 200

            _kill(server)
            await _tells_that_it_is_away(ui, stage)
            server.start()
            await _is_back(ui)

            assert await _report(stage, 2) == 200
            counted = await stage.sql("SELECT counters->>'success' || ' ' || report_seq FROM account_tasks")
            assert counted == "2 2", "what was acknowledged before the crash is still there"
            await stage.sql("UPDATE account_tasks SET lease_expires_at = now() - interval '1 second'")
            await _until_taken_back(stage)


async def _tells_that_it_is_away(ui: Served, stage: Stage) -> None:
    async with ui.client(None) as nobody:
        ready = await nobody.get("/health/ready")
        alive = await nobody.get("/health/live")
        page = await nobody.get("/accounts", headers={"Accept": "text/html", "Cookie": "igfleet_session=x"})
    async with stage.client("w1") as client:
        renewed = await client.post("/api/leases/renew", json={"leases": [stage.leases[0]["id"]]})
    assert alive.status_code == 200
    for answer in (ready, page, renewed):
        assert answer.status_code == 503, answer.text
        assert int(answer.headers["retry-after"]) > 0
    assert renewed.json()["retryable"] is True
    assert "database does not answer" in renewed.json()["detail"]
    assert "database does not answer" in page.text


async def _is_back(ui: Served) -> None:
    end = time.monotonic() + 60
    async with ui.client(None) as nobody:
        while (await nobody.get("/health/ready")).status_code != 200:
            assert time.monotonic() < end, "the ui did not find the database again"
            await asyncio.sleep(0.2)


async def _until_taken_back(stage: Stage) -> None:
    """The background work came back too."""
    end = time.monotonic() + 60
    while await stage.sql("SELECT state FROM account_tasks") == "running":
        assert time.monotonic() < end, "no tick any more"
        await asyncio.sleep(0.2)


async def _report(stage: Stage, seq: int) -> int:
    async with stage.client("w1") as client:
        path = f"/api/leases/{stage.leases[0]['id']}/reports"
        return (await client.post(path, json={"seq": seq, "counters": {"success": 1}})).status_code


def _kill(server: EmbeddedPostgres) -> None:
    """As a crash does it: no word of farewell."""
    assert server.pid is not None
    postmaster = psutil.Process(server.pid)
    family = [postmaster, *postmaster.children(recursive=True)]
    for process in family:
        process.kill()
    psutil.wait_procs(family, timeout=10)
