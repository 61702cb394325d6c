"""Files by their content: the name of a file is the sha256 of its bytes, so no name given from outside is a path."""

import errno
import hashlib
import os
import re
import shutil
import uuid
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import anyio.to_thread

from igfleet import clock
from igfleet.errors import Conflict, Damaged, NotFound, TooLarge, Unavailable
from igfleet.renaming import settle
from igfleet.ui.parts import Part

_SHA256 = re.compile(r"[0-9a-f]{64}")
_CHUNK = 1024 * 1024
_RESERVE_BYTES = 64 * 1024**2
_STALE_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that is safely on disk."""

    sha256: str
    size_bytes: int


class Storage:
    """A folder of files, `ab/abcdef…`, with thumbnails beside them. Written whole or not at all."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._incoming = folder / "incoming"
        self._max_bytes = max_bytes

    async def store(self, chunks: AsyncIterable[bytes], room_bytes: int | None = None) -> Stored:
        """Write a stream to disk under its sha256. Never more than the cap and `room_bytes` are written.

        Raises `TooLarge` beyond either, `Unavailable` when the disk is full; neither leaves anything behind.
        """
        await anyio.to_thread.run_sync(self._make_room)
        draft = _Draft(self._incoming / uuid.uuid4().hex, self._max_bytes, room_bytes)
        try:
            with _told_when_full():
                async for chunk in chunks:
                    await anyio.to_thread.run_sync(draft.write, chunk)
                return await anyio.to_thread.run_sync(self._keep, draft)
        finally:
            draft.discard()

    async def store_file(self, path: Path, room_bytes: int | None = None) -> Stored:
        """Copy a file of this machine into the storage."""
        return await self.store(_chunks_of(path, 0, path.stat().st_size), room_bytes)

    def part(self, key: str) -> Part:
        """What has arrived of a file that comes in parts. `key` is ours, never a name given from outside."""
        return Part(self._incoming / f"part-{key}")

    async def append(self, part: Part, offset: int, chunks: AsyncIterable[bytes], total: int) -> int:
        """`Part.append` while there is room on the disk. Raises `Unavailable` when it is full."""
        await anyio.to_thread.run_sync(self._make_room)
        with _told_when_full():
            return await part.append(offset, chunks, total)

    async def adopt(self, part: Part, expected: str | None = None) -> Stored:
        """Take over a file all of whose parts have come. Raises `Damaged` when its sha256 is not the expected one."""
        return await anyio.to_thread.run_sync(self._adopt, part, expected)

    def has(self, sha256: str) -> bool:
        return self._place(sha256).is_file()

    def path(self, sha256: str) -> Path:
        """Where the bytes lie. Raises `NotFound` for anything that is no sha256 of a stored file."""
        path = self._place(sha256)
        if not path.is_file():
            raise NotFound("The file is gone from the library. Upload it again.")
        return path

    def thumbnail(self, sha256: str) -> Path:
        """Where the thumbnail lies, or would lie."""
        return self._place(sha256).with_suffix(".jpg")

    def size(self, sha256: str) -> int:
        return self.path(sha256).stat().st_size

    def read(self, sha256: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to, not including, `end`. Raises `NotFound` at once."""
        path = self.path(sha256)
        return _chunks_of(path, start, path.stat().st_size if end is None else end)

    def remove(self, sha256: str) -> None:
        """Forget the file and its thumbnail. Safe to repeat."""
        self._place(sha256).unlink(missing_ok=True)
        self.thumbnail(sha256).unlink(missing_ok=True)

    def sweep(self) -> int:
        """Remove what uploads that broke off a day ago left behind. Returns how many."""
        oldest = clock.now().timestamp() - _STALE_S
        stale = [path for path in self._incoming.glob("*") if path.stat().st_mtime < oldest]
        for path in stale:
            path.unlink(missing_ok=True)
        return len(stale)

    def _place(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise NotFound("That is no file of the library.")
        return self._folder / sha256[:2] / sha256

    def _make_room(self) -> None:
        self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        if shutil.disk_usage(self._folder).free < _RESERVE_BYTES:
            raise Unavailable("The disk of the library is full: free some space, then upload again.")

    def _keep(self, draft: "_Draft") -> Stored:
        stored = draft.finish()
        self._settle(draft.path, stored.sha256)
        return stored

    def _adopt(self, part: Part, expected: str | None) -> Stored:
        try:
            with part.path.open("rb") as file:
                os.fsync(file.fileno())
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            raise Conflict("Somebody else finishes this file just now. Ask again.") from None
        if expected is not None and sha256 != expected:
            part.remove()
            raise Damaged("The file arrived damaged. Send it again from the beginning.")
        stored = Stored(sha256, part.size)
        self._settle(part.path, sha256)
        return stored

    def _settle(self, path: Path, sha256: str) -> None:
        place = self._place(sha256)
        place.parent.mkdir(mode=0o700, exist_ok=True)
        path.replace(place)
        settle(place.parent)


class _Draft:
    """A file being written, not yet under its name."""

    def __init__(self, path: Path, max_bytes: int, room_bytes: int | None) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._room_bytes = room_bytes
        self._digest = hashlib.sha256()
        self._size = 0
        self._file: BinaryIO = open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")  # noqa: SIM115  # closed by discard

    def write(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._size > self._max_bytes:
            raise TooLarge(f"The file is larger than {_shown(self._max_bytes)}, the most that MEDIA_MAX_BYTES allows.")
        if self._room_bytes is not None and self._size > self._room_bytes:
            raise TooLarge("The library is full: delete what is no longer needed, or raise MEDIA_QUOTA_BYTES.")
        self._digest.update(chunk)
        self._file.write(chunk)

    def finish(self) -> Stored:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return Stored(self._digest.hexdigest(), self._size)

    def discard(self) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)


async def _chunks_of(path: Path, start: int, end: int) -> AsyncIterator[bytes]:
    file = await anyio.to_thread.run_sync(path.open, "rb")
    try:
        file.seek(start)
        left = end - start
        while left > 0:
            chunk = await anyio.to_thread.run_sync(file.read, min(_CHUNK, left))
            if not chunk:
                return
            left -= len(chunk)
            yield chunk
    finally:
        file.close()


@contextmanager
def _told_when_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Unavailable("The disk of the library is full: free some space, then upload again.") from error
        raise


def _shown(size_bytes: int) -> str:
    return f"{size_bytes / 1024**2:,.0f} MB" if size_bytes >= 1024**2 else f"{size_bytes:,} bytes"
