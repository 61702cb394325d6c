"""What springs when a hostile file has its way: a listener, a file that nobody may open, processes that stay."""

import ctypes
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Self

import psutil

_OPENED = 0x20
CANARY = "canary-of-the-hostile-media"


class Trap:
    """`with Trap(folder) as trap: …; trap.sprung()`."""

    def __init__(self, folder: Path) -> None:
        self.canary = folder / "canary.txt"
        self.canary.write_text(CANARY * 10)
        self._watch = ctypes.CDLL(None, use_errno=True).inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        assert ctypes.CDLL(None).inotify_add_watch(self._watch, os.fsencode(self.canary), _OPENED) > 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self._listener.setblocking(False)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._before = set(psutil.Process().children(recursive=True))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        os.close(self._watch)

    def sprung(self) -> list[str]:
        """What happened since it was asked last."""
        found = []
        with suppress(BlockingIOError):
            self._listener.accept()[0].close()
            found.append("a connection was made")
        with suppress(BlockingIOError):
            os.read(self._watch, 4096)
            found.append("the canary was opened")
        left = set(psutil.Process().children(recursive=True)) - self._before
        return found + [f"{process.pid} was left" for process in left if _reads_media(process)]


def _reads_media(process: psutil.Process) -> bool:
    """The database's and the browser's processes come and go beside the test."""
    with suppress(psutil.NoSuchProcess):
        line = " ".join(process.cmdline())
        return any(word in line for word in ("ffmpeg", "igfleet.media", "igfleet/media"))
    return False
