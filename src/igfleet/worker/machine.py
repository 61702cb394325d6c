"""How busy the machine is, for heartbeats."""

from importlib import metadata
from pathlib import Path

import psutil

from igfleet.contracts.tasks import Method
from igfleet.contracts.worker_api import Heartbeat

_LIBRARIES = {Method.INSTAGRAPI: "instagrapi", Method.PLAYWRIGHT: "playwright", Method.DOLPHIN: "playwright"}


def libraries() -> dict[Method, str]:
    """By method: the library that drives it here, with its version."""
    return {method: f"{name} {metadata.version(name)}" for method, name in _LIBRARIES.items()}


def measure(running: int, folder: Path, standstill: int | None = None) -> Heartbeat:
    """Load since the last call, memory of this process and its children, free disk below `folder`."""
    return Heartbeat(
        standstill=standstill,
        running=running,
        cpu_percent=psutil.cpu_percent(interval=None),
        memory_bytes=_memory(),
        disk_free_bytes=free_bytes(folder),
    )


def free_bytes(folder: Path) -> int:
    """Free space of the disk that holds the folder."""
    return psutil.disk_usage(str(folder)).free


def _memory() -> int:
    own = psutil.Process()
    total: int = 0
    for process in [own, *own.children(recursive=True)]:
        try:
            total += process.memory_info().rss
        except psutil.Error:
            continue
    return total
