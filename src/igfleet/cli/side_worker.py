"""The ui with one worker beside it: a process of its own, with a token of its own, ended before the ui."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress

from igfleet import log
from igfleet.errors import SetupError
from igfleet.settings import UiSettings, WorkerSettings, load
from igfleet.ui import tokens
from igfleet.ui.app import serve
from igfleet.ui.db import Database

_log = log.get(__name__)
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
    asked = _asked_to_stop()
    worker = await _start(await address, name, token)
    ended = asyncio.create_task(worker.wait())
    await asyncio.wait([ui, ended, asyncio.create_task(asked.wait())], return_when=asyncio.FIRST_COMPLETED)
    by_itself = ended.done()
    await _end(worker, worker_settings.drain_timeout.total_seconds() + _KILL_AFTER_S)
    stop.set()
    await ui
    if by_itself:
        raise SetupError(f"The worker ended with code {worker.returncode}; the reason stands above.")


def _asked_to_stop() -> asyncio.Event:
    """Set by SIGTERM and Ctrl-C. Takes the signals over from the ui's server, which would stop too early."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    return asked


async def _fresh_token(url: str, name: str) -> str:
    database = Database(url, pool_size=1)
    try:
        async with database.sessions.begin() as session:
            return await tokens.make(session, name, "system")
    finally:
        await database.close()


async def _start(address: str, name: str, token: str) -> asyncio.subprocess.Process:
    command = [
        sys.executable,
        "-m",
        "igfleet",
        "serve",
        "--role",
        "worker",
        "--port",
        "0",
        "--parent",
        str(os.getpid()),
    ]
    environment = {**os.environ, "UI_API_BASE": address, "UI_API_TOKEN": token, "WORKER_NAME": name}
    for secret in ("DATABASE_URL", "MASTER_KEY", "SECRET_KEY"):
        environment.pop(secret, None)
    return await asyncio.create_subprocess_exec(
        *command, env=environment, stdin=asyncio.subprocess.DEVNULL, start_new_session=True
    )


async def _end(worker: asyncio.subprocess.Process, patience_s: float) -> None:
    with suppress(ProcessLookupError):
        worker.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(worker.wait(), patience_s)
    except TimeoutError:
        _log.warning("worker_killed", after_s=patience_s)
        with suppress(ProcessLookupError):
            worker.kill()
        await worker.wait()
