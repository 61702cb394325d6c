"""avatar: who gets which picture, and what a run does."""

from pathlib import Path

import pytest
from PIL import Image
from tests.runners.fakes import MemoryRun
from tests.runners.social import A_PICTURE, MemoryInstagram, a_run, an_order

from igfleet.contracts.tasks import Action
from igfleet.errors import GiveUp, NeedsPerson, NetworkTrouble
from igfleet.instagram.gateway import Profile
from igfleet.media.facts import NotMedia
from igfleet.media.square import square_picture
from igfleet.reasons import ReasonCode
from igfleet.runners.avatar import Avatar, AvatarOptions, Strategy
from igfleet.runners.shares import Done

pytestmark = pytest.mark.anyio
BEFORE = Profile("1", "nord_01", avatar_id="old", avatar_url="https://pictures.example.org/old.jpg")


def dealt(options: AvatarOptions, accounts: int = 4, pictures: int = 2, seed: int = 7) -> dict[str, int | None]:
    order = an_order(accounts, media=[f"{number}.png" for number in range(pictures)], seed=seed)
    return {share.title: share.media_ids[0] if share.media_ids else None for share in Avatar.plan(order, options)}


def picture(folder: Path, size: tuple[int, int] = (900, 600)) -> Path:
    path = folder / "sea.png"
    Image.new("RGB", size, "teal").save(path)
    return path


def avatar_run(folder: Path, driven: MemoryInstagram) -> MemoryRun:
    run = a_run(folder, driven, picture="sea.png")
    run.media = (A_PICTURE,)
    path = picture(folder)
    run.fetching = lambda _: path
    return run


def test_each_picture_goes_to_one_account_in_order() -> None:
    assert dealt(AvatarOptions()) == {"nord_01": 1, "nord_02": 2, "nord_03": None, "nord_04": None}


def test_too_few_pictures_begin_again_when_asked_to() -> None:
    assert dealt(AvatarOptions(wrap=True)) == {"nord_01": 1, "nord_02": 2, "nord_03": 1, "nord_04": 2}


def test_who_gets_none_is_left_out_and_told_so() -> None:
    left = [share for share in Avatar.plan(an_order(2, media=["a.png"]), AvatarOptions()) if share.is_left_out]

    assert [share.title for share in left] == ["nord_02"]
    assert "only 1 pictures" in left[0].note


def test_a_drawn_picture_depends_on_the_seed_alone() -> None:
    options = AvatarOptions(strategy=Strategy.RANDOM_REUSE)

    draws = [dealt(options, accounts=40, pictures=5, seed=seed) for seed in (1, 1, 2)]

    assert draws[0] == draws[1] != draws[2]
    assert set(draws[0].values()) == {1, 2, 3, 4, 5}


async def test_the_picture_changes_and_the_one_before_is_kept(tmp_path: Path) -> None:
    driven = MemoryInstagram(own=BEFORE, pictures={BEFORE.avatar_url: b"old bytes"})
    run = avatar_run(tmp_path, driven)

    await Avatar().run(run, AvatarOptions())

    assert driven.own.avatar_id == "picture-1"
    assert run.files == {"nord_01-before.jpg": b"old bytes"}
    assert (run.result["outcome"], run.result["previous_media_id"]) == ("changed", 100)
    assert (run.counters, run.spent) == ({"changed": 1}, [Action.PROFILE_EDIT])


async def test_the_square_of_the_middle_is_sent(tmp_path: Path) -> None:
    driven = MemoryInstagram()
    run = avatar_run(tmp_path, driven)

    await Avatar().run(run, AvatarOptions())

    sent = tmp_path / "sent.jpg"
    sent.write_bytes(driven.pictures[driven.own.avatar_url])
    with Image.open(sent) as opened:
        assert (opened.format, opened.size) == ("JPEG", (600, 600))


async def test_a_first_picture_has_none_before_it(tmp_path: Path) -> None:
    run = avatar_run(tmp_path, MemoryInstagram())

    await Avatar().run(run, AvatarOptions())

    assert (run.files, run.result["previous_media_id"], run.result.get("note")) == ({}, None, None)


async def test_a_picture_that_could_not_be_kept_is_told(tmp_path: Path) -> None:
    run = avatar_run(tmp_path, MemoryInstagram(own=BEFORE))

    await Avatar().run(run, AvatarOptions())

    assert run.counters == {"changed": 1}
    assert "cannot be undone" in str(run.result["note"])


async def test_a_yes_that_changed_nothing_goes_to_a_person(tmp_path: Path) -> None:
    run = avatar_run(tmp_path, MemoryInstagram(ignores_edits=True))

    with pytest.raises(NeedsPerson) as raised:
        await Avatar().run(run, AvatarOptions())

    assert raised.value.reason is ReasonCode.WRITE_NOT_APPLIED
    assert run.counters == {}


async def test_a_lost_answer_is_settled_by_reading_and_counted_once(tmp_path: Path) -> None:
    driven = MemoryInstagram(own=BEFORE, pictures={BEFORE.avatar_url: b"old bytes"}, losing={"edit"})
    first = avatar_run(tmp_path, driven)

    with pytest.raises(NetworkTrouble):
        await Avatar().run(first, AvatarOptions())
    second = first.again()
    await Avatar().run(second, AvatarOptions())

    assert driven.acts["set_avatar"] == 1
    assert second.counters == {"changed": 1}
    assert second.result["previous_media_id"] == 100


async def test_a_file_that_is_no_picture_is_given_up(tmp_path: Path) -> None:
    run = avatar_run(tmp_path, MemoryInstagram())
    (tmp_path / "sea.png").write_bytes(b"not a picture")

    with pytest.raises(GiveUp) as raised:
        await Avatar().run(run, AvatarOptions())

    assert raised.value.reason is ReasonCode.MEDIA_CORRUPT


def test_undoing_puts_kept_pictures_back_in_the_order_of_their_accounts() -> None:
    done = [
        Done(1, "nord_01", {}, {"previous_media_id": 31}),
        Done(2, "nord_02", {}, {"previous_media_id": None}),
        Done(3, "nord_03", {}, {"previous_media_id": 33}),
    ]

    undoing = Avatar.undo(done, AvatarOptions())

    assert undoing is not None
    assert (undoing.account_ids, undoing.media_ids) == ((1, 3), (31, 33))
    assert Avatar.undo(done[1:2], AvatarOptions()) is None


@pytest.mark.parametrize(
    ("size", "side"), [((100, 200), 320), ((4000, 2000), 1080), ((700, 700), 700)], ids=["small", "large", "fitting"]
)
def test_a_square_is_neither_too_small_nor_too_large(tmp_path: Path, size: tuple[int, int], side: int) -> None:
    square_picture(picture(tmp_path, size), tmp_path / "square.jpg")

    with Image.open(tmp_path / "square.jpg") as opened:
        assert opened.size == (side, side)


def test_a_picture_that_is_damaged_or_giant_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "damaged.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    Image.new("1", (9_000, 9_000)).save(tmp_path / "giant.png")

    for name, told in (("damaged.png", "no picture that can be read"), ("giant.png", "that is too many")):
        with pytest.raises(NotMedia, match=told):
            square_picture(tmp_path / name, tmp_path / "square.jpg")

    assert not (tmp_path / "square.jpg").exists()


def test_a_picture_is_turned_upright_and_clear_parts_become_white(tmp_path: Path) -> None:
    turned = Image.new("RGB", (400, 400), "teal")
    turned.paste("white", (0, 0, 400, 200))
    exif = Image.Exif()
    exif[0x0112] = 3
    turned.save(tmp_path / "turned.jpg", exif=exif)
    Image.new("RGBA", (400, 400), (0, 0, 0, 0)).save(tmp_path / "clear.png")

    square_picture(tmp_path / "turned.jpg", tmp_path / "turned-square.jpg")
    square_picture(tmp_path / "clear.png", tmp_path / "clear-square.jpg")

    with Image.open(tmp_path / "turned-square.jpg") as opened:
        assert sum(opened.getpixel((200, 380))) > 700  # type: ignore[arg-type]
        assert not opened.getexif()
    with Image.open(tmp_path / "clear-square.jpg") as opened:
        assert opened.getpixel((200, 200)) == (255, 255, 255)
