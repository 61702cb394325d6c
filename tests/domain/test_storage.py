import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from igfleet.errors import NotFound, TooLarge
from igfleet.ui.storage import Storage

pytestmark = pytest.mark.anyio


async def _stream(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "media", max_bytes=1000)


async def test_a_file_is_found_by_the_sha256_of_its_bytes(storage: Storage) -> None:
    stored = await storage.store(_stream(b"one ", b"two"))

    assert stored.sha256 == hashlib.sha256(b"one two").hexdigest()
    assert stored.size_bytes == 7
    assert storage.path(stored.sha256).read_bytes() == b"one two"


async def test_a_range_of_the_bytes_is_read(storage: Storage) -> None:
    stored = await storage.store(_stream(b"0123456789"))

    assert b"".join([chunk async for chunk in storage.read(stored.sha256, 2, 5)]) == b"234"
    assert b"".join([chunk async for chunk in storage.read(stored.sha256, 7)]) == b"789"


async def test_the_same_bytes_twice_are_one_file(storage: Storage, tmp_path: Path) -> None:
    first = await storage.store(_stream(b"same"))
    second = await storage.store(_stream(b"sa", b"me"))

    assert first == second
    assert len([path for path in (tmp_path / "media").rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize("room", [None, 500])
async def test_too_much_is_refused_and_leaves_nothing(storage: Storage, tmp_path: Path, room: int | None) -> None:
    with pytest.raises(TooLarge):
        await storage.store(_stream(b"x" * 400, b"x" * 700), room)

    assert not [path for path in (tmp_path / "media").rglob("*") if path.is_file()]


async def test_an_upload_that_breaks_off_leaves_nothing(storage: Storage, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await storage.store(broken())

    assert not [path for path in (tmp_path / "media").rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "/..", "0" * 64])
def test_nothing_but_a_stored_sha256_is_a_path(storage: Storage, name: str) -> None:
    with pytest.raises(NotFound):
        storage.path(name)


async def test_what_is_removed_is_gone(storage: Storage) -> None:
    stored = await storage.store(_stream(b"gone"))

    storage.remove(stored.sha256)
    storage.remove(stored.sha256)

    with pytest.raises(NotFound):
        storage.path(stored.sha256)
