"""The square cut out of a picture's middle: how it looks as a profile picture."""

import base64
from pathlib import Path

import anyio.to_thread

from igfleet.media.child import Limits
from igfleet.media.reader import read

_TIMEOUT_S = 30.0
_LIMITS = Limits(memory_bytes=2 * 1024**3, cpu_s=20, file_bytes=0)


def square_picture(source: Path, out: Path) -> None:
    """Write the square as a JPEG, upright, without any of the file's own notes. Raises `NotMedia`."""
    found = read("igfleet.media.square_child", [str(source.absolute())], _TIMEOUT_S, _LIMITS)
    out.write_bytes(base64.b64decode(str(found["jpeg"])))


async def squared(source: Path, out: Path) -> None:
    """`square_picture` for the event loop."""
    await anyio.to_thread.run_sync(square_picture, source, out)
