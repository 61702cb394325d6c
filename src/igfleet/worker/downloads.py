"""Media of the library on this worker: fetched once, checked by their sha256, kept while there is room."""

import asyncio
import contextlib
import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from pathlib import Path

import anyio.to_thread
import httpx

from igfleet import log
from igfleet.contracts.posts import LeasedMedia
from igfleet.errors import GiveUp, NetworkTrouble, RetryLater
from igfleet.reasons import ReasonCode

_log = log.get(__name__)
_TRIES = 3
_CHUNK = 256 * 1024


class Downloads:
    """A folder of files named by their sha256. A file that a run holds is never removed."""

    def __init__(self, http: httpx.AsyncClient, folder: Path, most_bytes: int) -> None:
        self._http = http
        self._folder = folder
        self._most_bytes = most_bytes
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._held: Counter[str] = Counter()
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
        """The file, downloaded when it is not here yet. Raises `GiveUp` (media_corrupt, media_missing), `RetryLater`."""
        path = self._folder / media.sha256
        async with self._locks[media.sha256]:
            if not path.exists():
                await self._download(media, path)
        os.utime(path)
        return path

    def hold(self, sha256: str) -> None:
        self._held[sha256] += 1

    async def _download(self, media: LeasedMedia, path: Path) -> None:
        self._make_room(media.size_bytes)
        part = path.with_suffix(".part")
        for number in range(1, _TRIES + 1):
            await self._append(media, part)
            if await anyio.to_thread.run_sync(_sha256, part) == media.sha256:
                part.replace(path)
                return
            _log.warning("media_corrupt", media=media.id, number=number)
            part.unlink()
        raise GiveUp(f"{media.name} arrived damaged {_TRIES} times.", ReasonCode.MEDIA_CORRUPT)

    async def _append(self, media: LeasedMedia, part: Path) -> None:
        """Go on where an earlier try stopped."""
        have = part.stat().st_size if part.exists() else 0
        headers = {"Range": f"bytes={have}-", "If-Range": f'"{media.sha256}"'} if have else {}
        try:
            async with self._http.stream("GET", media.path, headers=headers) as response:
                if response.status_code == 416:
                    return
                if response.status_code == 404:
                    raise GiveUp(f"{media.name} is gone from the library.", ReasonCode.MEDIA_MISSING)
                response.raise_for_status()
                mode = "ab" if response.status_code == 206 else "wb"
                with open(part, mode) as file:
                    async for chunk in response.aiter_bytes(_CHUNK):
                        await anyio.to_thread.run_sync(file.write, chunk)
        except httpx.HTTPError as error:
            raise NetworkTrouble(f"{media.name} could not be fetched from the ui ({type(error).__name__}).") from error
        except OSError as error:
            raise RetryLater(f"The worker's disk: {error.strerror}", ReasonCode.WORKER_DISK) from error

    def _make_room(self, needed: int) -> None:
        """Remove the least recently used files that no run holds."""
        files = sorted(self._folder.glob("[0-9a-f]*"), key=lambda path: path.stat().st_mtime)
        used = sum(path.stat().st_size for path in files)
        for path in files:
            if used + needed <= self._most_bytes:
                return
            if self._held[path.name] <= 0 and path.suffix != ".part":
                used -= path.stat().st_size
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


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
