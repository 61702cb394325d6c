"""A file that arrives in parts: what has arrived is on disk, and its size is where the next part begins."""

import os
from collections.abc import AsyncIterable
from pathlib import Path

import anyio.to_thread

from igfleet.errors import Conflict, TooLarge


class WrongOffset(Conflict):
    """A part begins where the file does not end."""

    reason_code = "wrong_offset"


class Part:
    """Bytes of one file, in order. Two senders of the same file do no harm: each byte has its place."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def size(self) -> int:
        """How many bytes are there."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    async def append(self, offset: int, chunks: AsyncIterable[bytes], total: int) -> int:
        """Write on from `offset`; what has come stays when the stream breaks off. Returns the new size.

        Raises `WrongOffset`, and `TooLarge` for more than `total` bytes.
        """
        if offset != self.size:
            raise WrongOffset(
                f"{self.size} bytes of the file are here, so the next part begins there, not at {offset}."
            )
        file = await anyio.to_thread.run_sync(os.open, self.path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            async for chunk in chunks:
                if offset + len(chunk) > total:
                    raise TooLarge(f"More bytes came than the {total:,} that were announced.")
                offset = await anyio.to_thread.run_sync(_write_at, file, chunk, offset)
            await anyio.to_thread.run_sync(os.fsync, file)
        finally:
            os.close(file)
        return offset

    def remove(self) -> None:
        """Forget what has arrived. Safe to repeat."""
        self.path.unlink(missing_ok=True)


def _write_at(file: int, chunk: bytes, offset: int) -> int:
    view = memoryview(chunk)
    while view:
        written = os.pwrite(file, view, offset)
        view, offset = view[written:], offset + written
    return offset
