"""A run's process and the pipe to it, from the supervisor's side."""

import asyncio
import multiprocessing
import os
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Any

from igfleet import log
from igfleet.worker.execution import main
from igfleet.worker.messages import Setup, receive, send

_log = log.get(__name__)
PRELOAD = (
    "igfleet.worker.execution",
    "igfleet.runners",
    "igfleet.runners.publishing",
    "igfleet.instagram.adapters.instagrapi_client",
    "igfleet.instagram.adapters.playwright_client",
)
_LAST = "igfleet.worker.preloaded"
_REAP_S = 7.0
_SEND_S = 2
_SECRETS = (
    "UI_API_TOKEN",
    "WORKER_API_TOKEN",
    "DOLPHIN_API_TOKEN",
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "METRICS_TOKEN",
    "MASTER_KEY",
    "SECRET_KEY",
)
_starting = threading.Lock()

type Hear = Callable[[dict[str, Any] | None], None]
"""Called with each message of the run, and at last with None."""


def processes(preload: Sequence[str] = PRELOAD) -> ForkServerContext:
    """Processes come from one that has imported everything, so that runs share its memory.

    That one is started here, without the worker's own secrets in its environment.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*preload, _LAST])
    with _without_secrets():
        forkserver.ensure_running()
    return context


class Child:
    """One process. `hear` is called in the event loop that the child was started from."""

    def __init__(self, context: ForkServerContext, setup: Setup, hear: Hear) -> None:
        self._pipe, self._theirs = multiprocessing.Pipe()
        _limit_sending(self._pipe)
        self._process: BaseProcess = context.Process(target=main, args=(self._theirs, setup), daemon=True)
        self._hear = hear
        self._listener: threading.Thread | None = None
        self.exit_code: int | None = None

    async def start(self) -> None:
        """Returns when the process exists. Raises `OSError`."""
        loop = asyncio.get_running_loop()
        try:
            await asyncio.to_thread(self._start)
        finally:
            self._theirs.close()
        self._listener = threading.Thread(target=self._listen, args=(loop,), name="run", daemon=True)
        self._listener.start()

    def send(self, message: dict[str, Any]) -> None:
        """A run that does not read is not waited for: it is ended."""
        try:
            send(self._pipe, message)
        except (OSError, ValueError):
            self.kill()

    def kill(self) -> None:
        """End the process and all it has started: its guard sees the pipe end. Safe to repeat."""
        with suppress(OSError, ValueError):
            end = socket.socket(fileno=os.dup(self._pipe.fileno()))
            with end:
                end.shutdown(socket.SHUT_RDWR)

    async def reap(self) -> None:
        """End it, wait until it is gone, and let go of the pipe."""
        self.kill()
        await asyncio.to_thread(self._join)

    def _start(self) -> None:
        with _starting, _without_secrets(), _without_main():
            self._process.start()

    def _join(self) -> None:
        if self._process.pid is not None:
            self._process.join(_REAP_S)
            if self._process.exitcode is None:
                _log.warning("run_did_not_end", pid=self._process.pid)
                self._process.kill()
                self._process.join(_REAP_S)
            self.exit_code = self._process.exitcode
        if self._listener is not None:
            self._listener.join(_REAP_S)
        self._pipe.close()

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """A thread's work: hand on each message."""
        while True:
            try:
                message: dict[str, Any] | None = receive(self._pipe)
            except (EOFError, OSError, ValueError):
                message = None
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._hear, message)
            if message is None:
                return


@contextmanager
def _without_secrets() -> Any:
    """What is started within the block does not inherit the worker's secrets."""
    kept = {name: os.environ.pop(name) for name in _SECRETS if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


@contextmanager
def _without_main() -> Iterator[None]:
    """What is started within the block does not run the worker's main module again to know its names.

    It needs none of them, and would import the whole worker each time.
    """
    kept = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = kept


def _limit_sending(pipe: Connection) -> None:
    """A stopped process must not stop the supervisor too."""
    with socket.socket(fileno=os.dup(pipe.fileno())) as end:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", _SEND_S, 0))
