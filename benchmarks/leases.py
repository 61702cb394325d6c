"""Lease → renew → complete cycles per second over HTTP, beside a no-op ceiling of the same server."""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import delete

from benchmarks.ui_process import TOKEN, UiProcess
from igfleet.contracts.states import MediaState
from igfleet.embedded import EmbeddedPostgres
from igfleet.settings import UiSettings, load
from igfleet.ui import migrating
from igfleet.ui.context import UiContext, opened
from igfleet.ui.imports.accounts import apply_accounts
from igfleet.ui.models import Media, Post
from igfleet.ui.planning import draft as drafts
from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.start import start

_CALLS_PER_CYCLE = 3


@dataclass
class Measured:
    """One timed stretch."""

    units: int = 0
    """Account tasks, or for the ceiling calls divided by the calls of a cycle."""
    seconds: float = 0.0
    waits_ms: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.units / self.seconds if self.seconds else 0.0

    def quantile(self, number: int) -> float:
        return statistics.quantiles(self.waits_ms, n=100)[number - 1] if len(self.waits_ms) > 1 else 0.0


def main() -> None:
    given = _arguments()
    with tempfile.TemporaryDirectory(prefix="igfleet-bench-") as name:
        folder = Path(name)
        with EmbeddedPostgres(folder).running() as server:
            url = server.dsn()
            migrating.upgrade(url)
            asyncio.run(_fill(folder, url, given.queued))
            with UiProcess(folder, url) as ui:
                found = asyncio.run(_measure(ui.address, given))
    print(json.dumps(found, indent=2) if given.json else _told(found))


async def _fill(folder: Path, url: str, queued: int) -> None:
    """So many accounts with sealed secrets, and one started task with an account task for each.

    Their posts are taken away: publishing has calls of its own, which are not measured here.
    """
    settings = load(UiSettings, IGFLEET_DATA_DIR=folder, DATABASE_URL=url, REQUIRE_PROXY="false")
    lines = "\n".join(f"bench_{number:05d},pw-{number:05d}-bench" for number in range(queued))
    async with opened(settings, url) as ui, ui.database.sessions.begin() as session:
        done = await apply_accounts(
            session, ui.vault, f"username,password\n{lines}", authorised_by="benchmark", actor="benchmark"
        )
        await _start(session, ui, done.ids)


async def _start(session: Any, ui: UiContext, accounts: tuple[int, ...]) -> None:
    media = Media(name="bench.mp4", sha256="0" * 64, size_bytes=1, state=MediaState.READY, kind="video")
    session.add(media)
    await session.flush()
    order = drafts.Draft(
        name="benchmark",
        options={"distribution": "every_video_to_every_account", "confirm_many": True, "concurrency": 100},
        account_ids=accounts,
        media=(drafts.DraftMedia(media_id=media.id),),
    )
    task = await drafts.create(session, ui.settings, order, "benchmark")
    await plan(session, ui.settings, task.id)
    await start(session, ui.settings, task.id, plan_hash=None, actor="benchmark")
    await session.execute(delete(Post).where(Post.task_id == task.id))


async def _measure(address: str, given: argparse.Namespace) -> dict[str, Any]:
    limits = httpx.Limits(max_connections=given.connections)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(base_url=address, headers=headers, limits=limits, trust_env=False, timeout=60) as http:
        workers = [await _registered(http, number) for number in range(given.connections)]
        before = await _timed(given.seconds / 2, [lambda: _nothing(http)] * given.connections)
        cycles = await _timed(given.seconds, [_cycle(http, worker, given.batch) for worker in workers])
        after = await _timed(given.seconds / 2, [lambda: _nothing(http)] * given.connections)
    ceiling = (before.rate + after.rate) / 2
    return {
        "queued": given.queued,
        "connections": given.connections,
        "account_tasks_per_call": given.batch,
        "cycles_per_s": round(cycles.rate, 1),
        "cycle_ms_p50": round(cycles.quantile(50), 2),
        "cycle_ms_p95": round(cycles.quantile(95), 2),
        "ceiling_cycles_per_s": round(ceiling, 1),
        "share_of_the_ceiling": round(cycles.rate / ceiling, 3),
    }


async def _registered(http: httpx.AsyncClient, number: int) -> int:
    body = {
        "name": f"bench-{number}",
        "version": "0",
        "kinds": ["bulk_upload"],
        "methods": ["instagrapi"],
        "slots": 100,
    }
    answer = await http.post("/api/workers/register", json=body | {"slots": 100})
    answer.raise_for_status()
    return int(answer.json()["worker_id"])


async def _timed(seconds: float, lanes: list[Callable[[], Awaitable[int]]]) -> Measured:
    """Every lane again and again until the time is up."""
    measured = Measured()
    begun = time.perf_counter()

    async def run(lane: Callable[[], Awaitable[int]]) -> None:
        while time.perf_counter() - begun < seconds:
            at = time.perf_counter()
            units = await lane()
            if not units:
                return
            measured.units += units
            measured.waits_ms.append((time.perf_counter() - at) * 1000)

    await asyncio.gather(*(run(lane) for lane in lanes))
    measured.seconds = time.perf_counter() - begun
    return measured


async def _nothing(http: httpx.AsyncClient) -> int:
    for _ in range(_CALLS_PER_CYCLE):
        (await http.get("/health/live")).raise_for_status()
    return 1


def _cycle(http: httpx.AsyncClient, worker: int, batch: int) -> Callable[[], Awaitable[int]]:
    async def run() -> int:
        asked = {"worker_id": worker, "kinds": ["bulk_upload"], "limit": batch, "request_id": str(uuid.uuid4())}
        answer = await http.post("/api/leases", json=asked)
        answer.raise_for_status()
        ids = [lease["id"] for lease in answer.json()]
        if not ids:
            return 0
        (await http.post("/api/leases/renew", json={"worker_id": worker, "leases": ids})).raise_for_status()
        for lease in ids:
            (await http.put(f"/api/leases/{lease}/outcome", json={"outcome": "completed"})).raise_for_status()
        return len(ids)

    return run


def _told(found: dict[str, Any]) -> str:
    width = max(map(len, found))
    return "\n".join(f"{name.replace('_', ' '):<{width}}  {value}" for name, value in found.items())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queued", type=int, default=10_000, help="account tasks waiting at the start")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of the measured stretch")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--batch", type=int, default=1, help="account tasks leased by one call")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
