"""Reading and changing the own profile, by the real library in the sandbox."""

from pathlib import Path

import pytest
from PIL import Image
from tests.instagram.conftest import Stage
from tests.pictures import distance

from igfleet.errors import GiveUp, NotSupported, RetryLater
from igfleet.reasons import ReasonCode

pytestmark = pytest.mark.anyio

LINK, OTHER_LINK = "https://example.org/one", "https://example.org/two"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.jpg"
    Image.radial_gradient("L").convert("RGB").rotate(30).resize((640, 640)).save(path)
    return path


async def test_the_profile_is_as_it_stands_now(stage: Stage) -> None:
    instagram = await stage.signed_in()
    account = stage.sandbox.world.accounts["nord_01"]

    stage.sandbox.world.furnish(account, biography="Sea", external_url=LINK, full_name="Nord One")
    first = await instagram.profile()
    stage.sandbox.world.furnish(account, biography="Sand")
    second = await instagram.profile()

    assert (first.username, first.user_id) == ("nord_01", str(account.pk))
    assert (first.full_name, first.biography, first.external_url) == ("Nord One", "Sea", LINK)
    assert (first.avatar_id, first.avatar_url) == ("", "")
    assert second.biography == "Sand"


async def test_link_and_text_are_set_and_taken_out(stage: Stage) -> None:
    instagram = await stage.signed_in()

    await instagram.set_bio(external_url=LINK, biography="Sea & sand 🌊\nsecond line")
    with_both = await instagram.profile()
    await instagram.set_bio(external_url="", biography="")
    without = await instagram.profile()

    assert (with_both.external_url, with_both.biography) == (LINK, "Sea & sand 🌊\nsecond line")
    assert (without.external_url, without.biography) == ("", "")


async def test_taking_out_a_link_that_is_not_there_changes_nothing(stage: Stage) -> None:
    instagram = await stage.signed_in()

    await instagram.set_bio(external_url="")

    assert stage.told("profile_edits") == []


async def test_a_change_names_its_own_field_only(stage: Stage) -> None:
    """Trap 11: what somebody else changed after our read is not undone by our write."""
    instagram = await stage.signed_in()
    account = stage.sandbox.world.accounts["nord_01"]
    await instagram.profile()

    stage.sandbox.world.furnish(account, full_name="Renamed meanwhile", biography="New text meanwhile")
    await instagram.set_bio(external_url=LINK)

    assert [edit["after"] for edit in stage.told("profile_edits")] == [{"external_url": LINK}]
    assert (account.full_name, account.biography) == ("Renamed meanwhile", "New text meanwhile")
    assert stage.asked_for("edit_profile") == 0


async def test_a_link_that_is_refused_is_given_up(stage: Stage) -> None:
    instagram = await stage.signed_in()
    stage.fault("refuse", "update_bio_links", "bad_request")

    with pytest.raises(GiveUp) as raised:
        await instagram.set_bio(external_url=OTHER_LINK)

    assert raised.value.reason is ReasonCode.PROFILE_REFUSED


async def test_a_new_picture_is_there_under_a_new_id(stage: Stage, picture: Path) -> None:
    instagram = await stage.signed_in()

    await instagram.set_avatar(picture)
    first = await instagram.profile()
    await instagram.set_avatar(picture)
    second = await instagram.profile()

    assert first.avatar_id
    assert first.avatar_id != second.avatar_id
    assert [one["is_applied"] for one in stage.told("avatars")] == [True, True]
    assert stage.asked_for("change_profile_picture") == 2


async def test_a_new_picture_whose_answer_is_lost_is_found_by_reading(stage: Stage, picture: Path) -> None:
    instagram = await stage.signed_in()
    stage.fault("refuse_after", "change_profile_picture", "server_500")

    with pytest.raises(RetryLater):
        await instagram.set_avatar(picture)

    assert (await instagram.profile()).avatar_id


async def test_the_picture_arrives_encoded_again_but_shows_the_same(
    stage: Stage, picture: Path, tmp_path: Path
) -> None:
    """Trap 12: the bytes of the file are not the bytes that arrive."""
    instagram = await stage.signed_in()

    await instagram.set_avatar(picture)
    arrived = tmp_path / "arrived.jpg"
    arrived.write_bytes(stage.sandbox.world.store.bytes_of(stage.told("avatars")[0]["sha256"]) or b"")

    assert arrived.read_bytes() != picture.read_bytes()
    assert distance(arrived, picture) <= 8


async def test_a_picture_is_fetched_through_the_proxy_and_without_the_session(stage: Stage, picture: Path) -> None:
    instagram = await stage.signed_in()
    await instagram.set_avatar(picture)
    [avatar] = stage.told("avatars")
    stage.sandbox.world.journal.clear()

    fetched = await instagram.picture((await instagram.profile()).avatar_url)

    asked = stage.sandbox.world.journal[-1]
    assert fetched == stage.sandbox.world.store.bytes_of(avatar["sha256"])
    assert (asked.host, asked.account) == ("scontent.cdninstagram.com", None)


@pytest.mark.parametrize("url", ["https://example.org/a.jpg", "http://www.instagram.com/a.jpg", "https://127.0.0.1/"])
async def test_a_picture_elsewhere_is_not_asked_for(stage: Stage, url: str) -> None:
    instagram = await stage.signed_in()

    with pytest.raises(NotSupported):
        await instagram.picture(url)

    assert stage.sandbox.world.ledger.leaks == {}


async def test_a_picture_that_is_gone_is_said_to_be(stage: Stage) -> None:
    instagram = await stage.signed_in()

    with pytest.raises(GiveUp) as raised:
        await instagram.picture("https://scontent.cdninstagram.com/avatars/" + "0" * 64 + ".jpg")

    assert raised.value.reason is ReasonCode.MEDIA_MISSING
