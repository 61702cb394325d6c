from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from tests.domain import factories as make
from tests.domain.conftest import House

from igfleet.contracts.states import MediaState
from igfleet.errors import Conflict, NotFound, TooLarge
from igfleet.media import child
from igfleet.media.ffmpeg import locate_ffmpeg
from igfleet.settings import UiSettings, load
from igfleet.ui import library
from igfleet.ui.models import Media

pytestmark = pytest.mark.anyio


async def _added(house: House, path: Path, name: str | None = None) -> library.Added:
    stored = await library.receive_file(house, path)
    async with house.database.sessions.begin() as session:
        return await library.add(session, stored, name or path.name, "user:anna")


async def _found(house: House, media_id: int) -> Media:
    async with house.database.sessions() as session:
        return await library.find(session, media_id)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    source = "testsrc=duration=4:size=540x960:rate=30"
    sound = "sine=frequency=440:duration=4"
    ended = child.run(
        [
            str(locate_ffmpeg()),
            *("-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", source, "-f", "lavfi", "-i", sound),
            *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest", str(path)),
        ],
        60,
    )
    assert ended.code == 0, ended.err
    return path


async def test_a_video_becomes_ready_with_its_facts_and_a_thumbnail(house: House, clip: Path) -> None:
    added = await _added(house, clip)

    assert await library.probe(house, added.media.id) is MediaState.READY

    media = await _found(house, added.media.id)
    assert (media.kind, media.width, media.height, media.has_thumbnail) == ("video", 540, 960, True)
    assert media.duration_s == pytest.approx(4, abs=0.2)
    assert house.storage.thumbnail(media.sha256).read_bytes().startswith(b"\xff\xd8")


async def test_the_same_bytes_are_one_row(house: House, clip: Path) -> None:
    first = await _added(house, clip)
    second = await _added(house, clip, "another name.mp4")

    assert (first.is_new, second.is_new) == (True, False)
    assert first.media.id == second.media.id


async def test_a_text_named_mp4_is_broken_and_says_why(house: House, tmp_path: Path) -> None:
    text = tmp_path / "clip.mp4"
    text.write_text("no video at all")
    added = await _added(house, text)

    assert await library.probe(house, added.media.id) is MediaState.BROKEN

    media = await _found(house, added.media.id)
    assert media.problems[0]["sentence"] == "This is a text file, not a video or picture."


@pytest.mark.parametrize(
    ("given", "kept"),
    [("../../etc/passwd", "passwd"), ("C:\\clips\\a.mp4", "a.mp4"), ("\x00\n", "unnamed"), ("x" * 300, "x" * 200)],
)
async def test_a_name_is_never_a_path(house: House, tmp_path: Path, given: str, kept: str) -> None:
    file = tmp_path / "any"
    file.write_bytes(b"any")

    assert (await _added(house, file, given)).media.name == kept


async def test_the_library_has_a_quota(house: House, tmp_path: Path) -> None:
    tight = House(
        load(UiSettings, IGFLEET_DATA_DIR=str(tmp_path), MEDIA_QUOTA_BYTES="10"),
        house.database,
        house.storage,
        house.vault,
    )
    file = tmp_path / "any"
    file.write_bytes(b"eight...")
    await _added(tight, file)
    file.write_bytes(b"8 others")

    with pytest.raises(TooLarge, match="library is full"):
        await _added(tight, file)


async def test_a_medium_in_use_is_not_deleted(session: AsyncSession, settings: UiSettings) -> None:
    videos = await make.videos(session, 2)
    task = await make.draft(session, settings, await make.accounts(session, 1), videos[:1])

    with pytest.raises(Conflict, match=f"task {task.id}"):
        await library.delete(session, videos[0], "user:anna")
    await library.delete(session, videos[1], "user:anna")
    await session.flush()

    with pytest.raises(NotFound):
        await library.find(session, videos[1].id)


async def test_a_medium_is_found_by_id_or_by_a_name_that_only_one_has(session: AsyncSession) -> None:
    first, second = await make.videos(session, 2)
    await make.videos(session, 1, name="clip_2.mp4", sha256="f" * 64)

    assert (await library.find_named(session, "clip_1.mp4")).id == first.id
    assert (await library.find_named(session, str(second.id))).id == second.id
    with pytest.raises(Conflict):
        await library.find_named(session, "clip_2.mp4")
    with pytest.raises(NotFound):
        await library.find_named(session, "clip_9.mp4")
