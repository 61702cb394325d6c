"""A dry-run of each kind: everything is looked at, nothing is done. The run in memory refuses every paid act."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from tests.runners.fakes import MemoryRun, a_post
from tests.runners.social import A_PICTURE, MemoryInstagram, a_run

from igfleet.contracts.states import PostState
from igfleet.errors import GiveUp
from igfleet.instagram.gateway import Person, Profile
from igfleet.reasons import ReasonCode
from igfleet.runners.avatar import Avatar, AvatarOptions
from igfleet.runners.bio import Bio, BioOptions
from igfleet.runners.bulk_upload import BulkUploadOptions
from igfleet.runners.follow import Follow, FollowOptions
from igfleet.runners.publishing import publish_all
from igfleet.runners.warmup import Warmup, WarmupOptions

pytestmark = pytest.mark.anyio
_WRITES = ("set_bio", "set_avatar", "like", "mark_seen", "follow")


def _dry(run: MemoryRun) -> MemoryRun:
    run.is_dry = True
    return run


def _wrote(driven: MemoryInstagram) -> list[str]:
    return [name for name in _WRITES if driven.acts[name]]


async def test_a_post_ends_before_its_bytes_are_brought_over(run_of: Callable[..., MemoryRun]) -> None:
    run = _dry(run_of(a_post(1), a_post(2)))

    await publish_all(run, BulkUploadOptions())

    assert run.ledger.events == ["intent 1", "simulated 1", "intent 2", "simulated 2"]
    assert set(run.ledger.states.values()) == {PostState.SIMULATED}
    assert (run.driven.prepared, run.driven.commits, run.counters) == ([], [], {})


async def test_a_file_that_cannot_be_read_fails_the_dry_run_too(run_of: Callable[..., MemoryRun]) -> None:
    run = _dry(run_of(a_post(1)))
    run.clip = run.folder / "broken.mp4"
    run.clip.write_bytes(b"no video")

    with pytest.raises(GiveUp) as ended:
        await publish_all(run, BulkUploadOptions())

    assert ended.value.reason is ReasonCode.POSTS_FAILED


async def test_a_picture_is_cut_and_not_set(tmp_path: Path) -> None:
    driven = MemoryInstagram(own=Profile("1", "nord_01", avatar_id="old"))
    run = _dry(a_run(tmp_path, driven, picture="sea.png"))
    run.clip, run.media = tmp_path / "sea.png", (A_PICTURE,)
    Image.new("RGB", (300, 200)).save(run.clip)

    await Avatar().run(run, AvatarOptions())

    assert run.result == {"outcome": "simulated", "picture": "sea.png", "previous_id": "old"}
    assert (_wrote(driven), run.counters) == ([], {})


async def test_a_profile_is_compared_and_not_written(tmp_path: Path) -> None:
    driven = MemoryInstagram(own=Profile("1", "nord_01", biography="Sand"))
    run = _dry(a_run(tmp_path, driven, biography="Sea"))

    await Bio().run(run, BioOptions(biography="Sea"))

    assert run.result == {"outcome": "simulated", "biography_before": "Sand", "biography_after": "Sea"}
    assert (_wrote(driven), run.counters) == ([], {})


async def test_whom_it_would_follow_is_told_and_remembered_of_nobody(tmp_path: Path) -> None:
    people = {f"bar_0{number}": Person(f"9{number}", f"bar_0{number}") for number in (1, 2, 3)}
    driven = MemoryInstagram(people=people, following={"91"})
    targets = [{"id": int(one.user_id), "username": name, "user_id": one.user_id} for name, one in people.items()]
    run = _dry(a_run(tmp_path, driven, wanted=1, targets=targets))

    await Follow().run(run, FollowOptions(targets=tuple(people)))

    assert (run.result["outcome"], run.result["would_follow"]) == ("simulated", ["bar_02"])
    assert (_wrote(driven), run.result["followed"], run.result["already"]) == ([], [], ["bar_01"])


async def test_a_warm_up_reads_and_touches_nothing(tmp_path: Path) -> None:
    pages, people = [["11_7", "12_7"]], {"bar_01": Person("91", "bar_01")}
    driven = MemoryInstagram(pages=pages, tray=["51_7"], people=people)
    targets = [{"id": 1, "username": "bar_01", "user_id": "91"}]
    run = _dry(a_run(tmp_path, driven, feed=1, likes=5, stories=2, follows=1, targets=targets))

    await Warmup().run(run, WarmupOptions(follow_max_count=2, targets=("bar_01",)))

    assert run.result["outcome"] == "simulated"
    assert run.result["note"] == "Would like 2, look at 1 stories, follow 1"
    assert _wrote(driven) == []
