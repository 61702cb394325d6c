"""Our worker and a ui that was written against the first contract: it starts tasks of each kind and asks after them.

Such a ui has no leases. The worker says so in its log, stays up, and answers.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar, Request, Response, route

from igfleet.runners import KINDS
from igfleet.settings import WorkerSettings, load
from igfleet.worker.app import serve
from igfleet.worker.kinds import kinds
from tests.authorities import PUBLIC
from tests.contract.test_seed_every_kind import TOP

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]
TOKEN = "shared-worker-token-1234567890"
START = {
    "bulk_upload": "bulk-tasks",
    "bulk_login": "bulk-login",
    "warmup": "warmup",
    "avatar": "avatar",
    "bio": "bio",
    "follow": "follow",
    "proxy_diag": "proxy-diagnostics",
    "media_uniq": "media-uniq",
}
"""The start paths, as the specification names them."""


@pytest.fixture
async def caller(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The seed-only ui's client of a worker that runs in this loop; its ui knows no leases."""
    import uvicorn

    @route("/{path:path}", http_method=["GET", "POST", "PUT"])
    async def unknown(request: Request[Any, Any, Any]) -> Response[Any]:
        """Nothing of ours exists there."""
        return Response({"detail": "Not found."}, status_code=404)

    ui = uvicorn.Server(uvicorn.Config(Litestar([unknown], openapi_config=None), port=0, log_config=None))
    serving = asyncio.create_task(ui.serve())
    while not ui.started:  # noqa: ASYNC110  # uvicorn has no event for it
        await asyncio.sleep(0.02)
    port = ui.servers[0].sockets[0].getsockname()[1]
    settings = load(
        WorkerSettings,
        UI_API_BASE=f"http://127.0.0.1:{port}",
        UI_API_TOKEN=TOKEN,
        IGFLEET_DATA_DIR=tmp_path,
        WORKER_NAME="w1",
    )
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    worker = asyncio.create_task(serve(settings, "127.0.0.1", 0, address.set_result))
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(
        base_url=await address, headers=headers, trust_env=False, verify=PUBLIC, timeout=30
    ) as client:
        yield client
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    ui.should_exit = True
    await serving


def test_each_kind_of_the_specification_is_started_at_its_path() -> None:
    assert {name: kind.start_path for name, kind in kinds(KINDS).items()} == START
    assert set(START) == set(TOP)


async def test_each_kind_is_accepted_once_and_can_be_asked_after(caller: httpx.AsyncClient) -> None:
    for number, (name, kind) in enumerate(kinds(KINDS).items(), 1):
        path = f"/api/v1/{kind.start_path}/start"
        body = {"mode": "pull", "task_id": number, "options": {"concurrency": 2, "batch_index": 0, "batch_count": 1}}
        by_query = name != "bulk_upload"
        call = {"params": {"task_id": number}} if by_query else {"json": body}

        begun = await caller.post(path, **call)
        again = await caller.post(path, **call)

        assert begun.status_code == 200, (name, begun.text)
        assert begun.json() == again.json() == {"job_id": begun.json()["job_id"], "accepted": True}
        told = (await caller.get(f"/api/v1/jobs/{begun.json()['job_id']}/status")).json()
        assert (told["kind"], told["task_id"]) == (name, number)
        assert told["status"] in {"PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED"}
        figures = ("successful_accounts", "failed_accounts", "total_uploaded", "total_failed_uploads")
        assert [told[figure] for figure in figures] == [0, 0, 0, 0]
        assert (await caller.post(path, json={**body, "options": {"speed": 9}})).status_code == 422

    listed = (await caller.get("/api/v1/jobs")).json()
    assert [job["kind"] for job in listed] == list(KINDS)
    stopped = (await caller.post(f"/api/v1/jobs/{listed[0]['job_id']}/stop")).json()
    assert stopped["status"] == "CANCELLED"


async def test_health_needs_no_token_and_everything_else_does(caller: httpx.AsyncClient) -> None:
    async with httpx.AsyncClient(base_url=caller.base_url, trust_env=False, verify=PUBLIC, timeout=30) as stranger:
        health = await stranger.get("/api/v1/health")
        refused = [
            (await stranger.get("/api/v1/jobs")).status_code,
            (await stranger.post("/api/v1/bulk-login/start?task_id=1")).status_code,
        ]

    assert health.json().items() >= {"ok": True, "running": 0}.items()
    assert refused == [401, 401]


async def test_a_path_without_a_kind_and_a_start_without_a_task_are_refused(caller: httpx.AsyncClient) -> None:
    assert (await caller.post("/api/v1/singing/start?task_id=1")).status_code == 404
    assert (await caller.post("/api/v1/bulk-login/start")).status_code == 422
