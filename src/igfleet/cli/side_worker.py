"""The ui with one worker beside it: a process of its own, with a token of its own, ended before the ui."""

import asyncio
import socket
from collections.abc import Callable

from igfleet import processes
from igfleet.errors import SetupError
from igfleet.settings import UiSettings, WorkerSettings, load
from igfleet.ui import tokens
from igfleet.ui.app import serve
from igfleet.ui.db import Database

_KILL_AFTER_S = 10
"""Beyond the time that the worker itself gives its runs."""


async def serve_with_worker(
    settings: UiSettings, url: str, host: str, port: int, announce: Callable[[str], None]
) -> None:
    """Serve until a signal: then the worker finishes first, as it still reports to the ui.

    Raises `SetupError` when the worker ends by itself.
    """
    worker_settings = load(WorkerSettings)
    name = worker_settings.name or socket.gethostname()
    token = await _fresh_token(url, name)
    stop, address = asyncio.Event(), asyncio.get_running_loop().create_future()

    def announced(at: str) -> None:
        announce(at)
        address.set_result(at)

    ui = asyncio.create_task(serve(settings, url, host, port, announced, stop))
    await asyncio.wait([ui, address], return_when=asyncio.FIRST_COMPLETED)
    if not address.done():
        await ui
        return
    asked = processes.asked_to_stop()
    own = {"UI_API_BASE": await address, "UI_API_TOKEN": token, "WORKER_NAME": name}
    worker = await processes.start("serve", "--role", "worker", "--port", "0", environment=own)
    ended = asyncio.create_task(worker.wait())
    await asyncio.wait([ui, ended, asyncio.create_task(asked.wait())], return_when=asyncio.FIRST_COMPLETED)
    by_itself = ended.done()
    await processes.end(worker, worker_settings.drain_timeout.total_seconds() + _KILL_AFTER_S)
    stop.set()
    await ui
    if by_itself:
        raise SetupError(f"The worker ended with code {worker.returncode}; the reason stands above.")


async def _fresh_token(url: str, name: str) -> str:
    database = Database(url, pool_size=1)
    try:
        async with database.sessions.begin() as session:
            return await tokens.make(session, name, "system")
    finally:
        await database.close()
