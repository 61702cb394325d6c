"""A worker in the test's own loop, its runs in real processes, its ui in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from igfleet.settings import WorkerSettings, load
from igfleet.worker.child import processes
from igfleet.worker.downloads import Downloads
from igfleet.worker.jobs import Jobs
from igfleet.worker.pull import Pull
from igfleet.worker.supervisor import Bench
from igfleet.worker.ui_client import UiClient
from tests.worker import memory_ui, plays
from tests.worker.memory_ui import TOKEN, MemoryUi

_LONGEST_S = 20.0


@dataclass
class Desk:
    """A ui and the means to run workers against it."""

    ui: MemoryUi
    folder: Path

    def settings(self, **given: object) -> WorkerSettings:
        defaults: dict[str, object] = {
            "UI_API_BASE": self.ui.base,
            "UI_API_TOKEN": TOKEN,
            "IGFLEET_DATA_DIR": self.folder,
            "WORKER_NAME": "w1",
            "DRAIN_TIMEOUT_SECS": "3",
            "DISK_RESERVE_BYTES": 0,
        }
        return load(WorkerSettings, **(defaults | given))

    @asynccontextmanager
    async def bench(self, **given: object) -> AsyncIterator[Bench]:
        settings = self.settings(**given)
        async with UiClient(settings) as ui:
            downloads = Downloads(ui.http, self.folder / "media", settings.media_cache_bytes)
            context = processes(plays.PRELOAD)
            yield Bench(settings, ui, downloads, context, self.folder, None, plays.KINDS, plays.ADAPTERS)

    @asynccontextmanager
    async def worker(self, **given: object) -> AsyncIterator[Pull]:
        """A worker that lives until the block ends."""
        async with self.bench(**given) as bench:
            pull = Pull(bench, "w1", None, Jobs(self.folder / "jobs.json"))
            task = asyncio.create_task(pull.run())
            try:
                yield pull
            finally:
                pull.stop()
                async with asyncio.timeout(_LONGEST_S):
                    await task

    async def until(self, done: Callable[[], object], seconds: float = _LONGEST_S) -> None:
        """Wait for a condition."""
        async with asyncio.timeout(seconds):
            while not done():  # noqa: ASYNC110  # any condition of a test
                await asyncio.sleep(0.02)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    ui = MemoryUi()
    async with AsyncExitStack() as stack:
        server, task = await memory_ui.serve(ui)

        async def end() -> None:
            server.should_exit = True
            await task

        stack.push_async_callback(end)
        yield Desk(ui, tmp_path)
