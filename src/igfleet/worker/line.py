"""The run's end of the pipe: asks and waits, tells without waiting, hears when it is to stop."""

import asyncio
import itertools
import os
import signal
import threading
from multiprocessing.connection import Connection
from typing import Any

from igfleet.worker.messages import Ask, Stop, Tell, receive, send, unpacked


class Line:
    """One per run's process. When the supervisor is gone, the whole process group dies at once."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._writing = threading.Lock()
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._loop = asyncio.get_running_loop()
        self.stop: Stop | None = None
        self.stopped = asyncio.Event()
        threading.Thread(target=self._listen, name="line", daemon=True).start()

    async def ask(self, what: Ask, **body: Any) -> Any:
        """Ask and wait for the answer. Raises the `RunError` that the answer stands for."""
        number = next(self._numbers)
        answer = self._answers[number] = self._loop.create_future()
        self._send({"ask": what.value, "number": number, "body": body})
        return await answer

    def tell(self, what: Tell, **body: Any) -> None:
        self._send({"tell": what.value, "body": body})

    def _send(self, message: dict[str, Any]) -> None:
        with self._writing:
            send(self._pipe, message)

    def _listen(self) -> None:
        while True:
            try:
                message = receive(self._pipe)
            except (EOFError, OSError, ValueError):
                die()
            self._loop.call_soon_threadsafe(self._hear, message)

    def _hear(self, message: dict[str, Any]) -> None:
        if "stop" in message:
            self.stop = Stop(message["stop"])
            self.stopped.set()
            return
        answer = self._answers.pop(message["number"], None)
        if answer is None or answer.done():
            return
        if "error" in message:
            answer.set_exception(unpacked(message["error"]))
        else:
            answer.set_result(message["body"])


def die() -> None:
    """End this process and everything it started."""
    os.killpg(os.getpgrp(), signal.SIGKILL)
