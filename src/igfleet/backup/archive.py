"""The archive: a tar file with the database, every file of the library, and behind them the manifest of both.

Whoever finds the manifest knows that everything before it was written. The master key is never in it.
"""

import hashlib
import io
import os
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Protocol

from pydantic import Field, ValidationError

from igfleet.contracts.base import Strict
from igfleet.errors import Invalid, SetupError
from igfleet.renaming import settle

DATABASE, MANIFEST = "database.dump", "manifest.json"
_FORMAT = 1
_MANIFEST_MOST_BYTES = 512 * 1024**2
_NAME = re.compile(r"media/[0-9a-f]{64}(\.jpg)?")
_CHUNK = 1024**2


class Entry(Strict):
    """One file of the archive."""

    sha256: str
    size_bytes: int


class Manifest(Strict):
    """What an archive holds, and what it takes to bring it back."""

    format: int = _FORMAT
    igfleet: str
    taken_at: datetime
    """By the database's clock; nothing that was committed later is in it."""
    postgres: int
    """Major version of the server."""
    migration: str
    master_keys: tuple[str, ...]
    """Ids of the keys without which no secret opens."""
    audit_head: str
    files: dict[str, Entry] = Field(repr=False)
    """By name: the database, media, thumbnails."""
    absent: tuple[str, ...] = ()
    """Media that the library names and whose bytes were gone, or not theirs, already then."""


class _Reads(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class _Hashing:
    """Reads a file and hashes what was read."""

    def __init__(self, file: _Reads) -> None:
        self._file, self._digest, self.size_bytes = file, hashlib.sha256(), 0

    def read(self, size: int = -1, /) -> bytes:
        chunk = self._file.read(size)
        self._digest.update(chunk)
        self.size_bytes += len(chunk)
        return chunk

    @property
    def entry(self) -> Entry:
        return Entry(sha256=self._digest.hexdigest(), size_bytes=self.size_bytes)


class Writer:
    """Adds files, each hashed on its way."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.files: dict[str, Entry] = {}

    def add(self, name: str, path: Path) -> Entry:
        """Raises `FileNotFoundError`."""
        with path.open("rb") as file:
            hashing = _Hashing(file)
            self._tar.addfile(_header(name, os.fstat(file.fileno()).st_size), hashing)
        self.files[name] = hashing.entry
        return hashing.entry

    def close(self, manifest: Manifest) -> None:
        text = manifest.model_dump_json(indent=1).encode()
        self._tar.addfile(_header(MANIFEST, len(text)), io.BytesIO(text))


@contextmanager
def written(out: Path) -> Iterator[Writer]:
    """A new archive, there as a whole at the end of the block or not at all. Raises `SetupError`."""
    draft = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
                yield Writer(tar)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(out)
        settle(out.parent)
    except OSError as error:
        raise SetupError(f"--out: cannot write {out}: {error.strerror or error}.") from error
    finally:
        draft.unlink(missing_ok=True)


def manifest_of(path: Path) -> Manifest:
    """Raises `Invalid` for what is no archive, or was cut short."""
    with _opened(path) as tar:
        member = next((one for one in tar if one.name == MANIFEST and one.isreg()), None)
        file = tar.extractfile(member) if member is not None and member.size <= _MANIFEST_MOST_BYTES else None
        if file is None:
            raise Invalid(f"{path} has no manifest: it was cut short, or is no backup of igfleet.")
        try:
            manifest = Manifest.model_validate_json(file.read())
        except ValidationError as error:
            raise Invalid(f"{path}: this igfleet does not understand its manifest. Use a newer one.") from error
    if manifest.format != _FORMAT or DATABASE not in manifest.files:
        raise Invalid(f"{path}: this igfleet does not understand its manifest. Use a newer one.")
    return manifest


def wrong_files(path: Path, manifest: Manifest) -> list[str]:
    """What is not as it was written: every byte is read."""
    left, wrong = dict(manifest.files), []
    for name, file in contents(path):
        hashing = _Hashing(file)
        while hashing.read(_CHUNK):
            pass
        if left.pop(name, None) != hashing.entry:
            wrong.append(f"{name} is not what was written")
    return wrong + [f"{name} is missing" for name in left]


def contents(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Every file but the manifest, in order. Names are ours alone: nothing else is given out. Raises `Invalid`."""
    with _opened(path) as tar:
        for member in tar:
            file = tar.extractfile(member) if member.isreg() else None
            if file is None or not (member.name in (DATABASE, MANIFEST) or _NAME.fullmatch(member.name)):
                raise Invalid(f"{path} holds {member.name!r}, which no backup of igfleet has.")
            if member.name != MANIFEST:
                yield member.name, file


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(path, "r:") as tar:
            yield tar
    except FileNotFoundError:
        raise Invalid(f"There is no file {path}.") from None
    except (tarfile.TarError, EOFError) as error:
        raise Invalid(f"{path} is no backup of igfleet, or is damaged ({error}).") from error
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror or error}.") from error


def _header(name: str, size_bytes: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.size, header.mode = size_bytes, 0o600
    return header
