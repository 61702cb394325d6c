"""Faults 16 and 17: media that arrive damaged, in part, or are gone from the library meanwhile."""

import hashlib

import pytest

from igfleet.contracts.posts import LeasedMedia
from igfleet.errors import GiveUp
from igfleet.reasons import ReasonCode
from tests.worker.conftest import Desk

pytestmark = pytest.mark.anyio
_CLIP = bytes(range(256)) * 4000


async def test_f16_a_damaged_file_is_fetched_again_and_given_up_after_three_times(desk: Desk) -> None:
    media = _stored(desk)
    desk.ui.corrupt = 2
    async with desk.bench() as bench:
        path = await bench.downloads.fetch(media)
        assert path.read_bytes() == _CLIP
        path.write_bytes(b"x")
        desk.ui.corrupt = 3
    async with desk.bench() as later:
        with pytest.raises(GiveUp) as raised:
            await later.downloads.fetch(media)

    assert raised.value.reason is ReasonCode.MEDIA_CORRUPT
    assert desk.ui.downloads == [""] * 6


async def test_f17_a_download_that_is_cut_goes_on_where_it_was_and_is_fetched_once(desk: Desk) -> None:
    media = _stored(desk)
    desk.ui.cut_at = 300_000
    async with desk.bench() as bench:
        path = await bench.downloads.fetch(media)
        again = await bench.downloads.fetch(media)

    assert (path.read_bytes(), again) == (_CLIP, path)
    assert path.name == media.sha256
    first, *rest = desk.ui.downloads
    assert (first, len(rest)) == ("", 1)
    assert 0 < int(rest[0].removeprefix("bytes=").removesuffix("-")) <= 300_000


async def test_f17_a_file_that_is_gone_from_the_library_is_no_post(desk: Desk) -> None:
    async with desk.bench() as bench:
        with pytest.raises(GiveUp) as raised:
            await bench.downloads.fetch(_stored(desk).model_copy(update={"path": "/api/media/2/download"}))

    assert raised.value.reason is ReasonCode.MEDIA_MISSING


def _stored(desk: Desk) -> LeasedMedia:
    """A clip in the library."""
    desk.ui.media["1"] = _CLIP
    sha256 = hashlib.sha256(_CLIP).hexdigest()
    return LeasedMedia(id=1, name="clip.mp4", path="/api/media/1/download", sha256=sha256, size_bytes=len(_CLIP))
