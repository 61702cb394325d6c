"""Media of the library on this worker: fetched once, checked by their sha256, kept while there is room."""

import asyncio
import contextlib
import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx

from igfleet import backoff, log
from igfleet.contracts.posts import LeasedMedia
from igfleet.errors import GiveUp, NetworkTrouble, RetryLater
from igfleet.reasons import ReasonCode

_log = log.get(__name__)
_TRIES = 3
"""Of damaged files."""
_CALLS = 6
"""Without a new byte between them."""
_FIRST_WAIT, _LONGEST_WAIT = timedelta(milliseconds=200), timedelta(seconds=5)
_CHUNK = 256 * 1024


class Downloads:
    """A folder of files named by their sha256. A file that a run holds is never removed."""

    def __init__(self, http: httpx.AsyncClient, folder: Path, most_bytes: int) -> None:
        self._http = http
        self._folder = folder
        self._most_bytes = most_bytes
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._held: Counter[str] = Counter()
        self._checked: set[str] = set()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextlib.asynccontextmanager
    async def holding(self) -> AsyncIterator["Hold"]:
        """What is fetched within the block stays until its end."""
        hold = Hold(self)
        try:
            yield hold
        finally:
            for sha256 in hold.names:
                self._held[sha256] -= 1

    async def fetch(self, media: LeasedMedia) -> Path:
        """The file, downloaded when it is not here yet.

        Raises `GiveUp` (media_corrupt, media_missing), `NetworkTrouble`, `RetryLater` (worker_disk).
        """
        path = self._folder / media.sha256
        async with self._locks[media.sha256]:
            try:
                if not await self._is_here(path):
                    await self._download(media, path)
                os.utime(path)
            except OSError as error:
                raise RetryLater(f"The worker's disk: {error.strerror}", ReasonCode.WORKER_DISK) from error
        return path

    def hold(self, sha256: str) -> None:
        self._held[sha256] += 1

    async def _is_here(self, path: Path) -> bool:
        """A file of an earlier process is read once before it is trusted."""
        if not path.exists():
            return False
        if path.name not in self._checked and await asyncio.to_thread(_sha256, path) != path.name:
            _log.warning("cached_media_corrupt", file=path.name)
            path.unlink()
            return False
        self._checked.add(path.name)
        return True

    async def _download(self, media: LeasedMedia, path: Path) -> None:
        self._make_room(media.size_bytes)
        part = path.with_suffix(".part")
        for number in range(1, _TRIES + 1):
            await self._complete(media, part)
            if await asyncio.to_thread(_sha256, part) == media.sha256:
                part.replace(path)
                self._checked.add(path.name)
                return
            _log.warning("media_corrupt", media=media.id, number=number)
            part.unlink()
        raise GiveUp(f"{media.name} arrived damaged {_TRIES} times.", ReasonCode.MEDIA_CORRUPT)

    async def _complete(self, media: LeasedMedia, part: Path) -> None:
        """Go on where it was cut, as often as it takes while something arrives."""
        number = 0
        while True:
            have = _size(part)
            try:
                await self._append(media, part, have)
                return
            except httpx.HTTPError as error:
                number = 1 if _size(part) > have else number + 1
                if number > _CALLS:
                    what = type(error).__name__
                    raise NetworkTrouble(f"{media.name} could not be fetched from the ui ({what}).") from error
                _log.info("download_cut", media=media.id, have=_size(part), error=type(error).__name__)
                await asyncio.sleep(backoff.delay(number, first=_FIRST_WAIT, most=_LONGEST_WAIT).total_seconds())

    async def _append(self, media: LeasedMedia, part: Path, have: int) -> None:
        if not media.path.startswith("/") or media.path.startswith("//"):
            raise GiveUp(f"{media.name}: its address is not one of the ui.", ReasonCode.MEDIA_MISSING)
        headers = {"Range": f"bytes={have}-", "If-Range": f'"{media.sha256}"'} if have else {}
        async with self._http.stream("GET", media.path, headers=headers) as response:
            if response.status_code == 416:
                return
            if response.status_code == 404:
                raise GiveUp(f"{media.name} is gone from the library.", ReasonCode.MEDIA_MISSING)
            response.raise_for_status()
            flags = os.O_APPEND if response.status_code == 206 else os.O_TRUNC
            left = media.size_bytes - (have if flags == os.O_APPEND else 0)
            file = os.open(part, os.O_WRONLY | os.O_CREAT | flags, 0o600)
            try:
                async for chunk in response.aiter_bytes(_CHUNK):
                    left -= len(chunk)
                    if left < 0:
                        raise GiveUp(f"{media.name} is larger than it is said to be.", ReasonCode.MEDIA_CORRUPT)
                    await asyncio.to_thread(_write_all, file, chunk)
            finally:
                os.close(file)

    def _make_room(self, needed: int) -> None:
        """Remove the least recently used files that no run holds."""
        files = sorted(self._folder.glob("[0-9a-f]*"), key=lambda path: path.stat().st_mtime)
        used = sum(map(_size, files))
        for path in files:
            if used + needed <= self._most_bytes:
                return
            if self._held[path.stem] <= 0:
                used -= _size(path)
                path.unlink(missing_ok=True)


class Hold:
    """The files of one run."""

    def __init__(self, downloads: Downloads) -> None:
        self._downloads = downloads
        self.names: list[str] = []

    async def fetch(self, media: LeasedMedia) -> Path:
        self._downloads.hold(media.sha256)
        self.names.append(media.sha256)
        return await self._downloads.fetch(media)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _write_all(file: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[os.write(file, view) :]


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
