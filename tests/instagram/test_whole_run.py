"""The publish protocol and the adapter together, over the sandbox."""

from pathlib import Path

import pytest
from tests.instagram.conftest import Stage
from tests.runners.fakes import MemoryRun, a_post

from igfleet.contracts.posts import CommitKind
from igfleet.contracts.states import PostState
from igfleet.errors import NeedsPerson
from igfleet.instagram.gateway import Reel
from igfleet.reasons import ReasonCode
from igfleet.runners.bulk_upload import BulkUploadOptions
from igfleet.runners.publishing import publish_all

pytestmark = pytest.mark.anyio
OPTIONS = BulkUploadOptions()
CONFIGURE = "configure_to_clips"


async def a_run(stage: Stage, reel: Reel, folder: Path, posts: int = 2) -> MemoryRun:
    run = MemoryRun(tuple(a_post(number) for number in range(1, posts + 1)), reel.video, folder)
    run.driven = await stage.signed_in()  # type: ignore[assignment]
    return run


async def test_each_post_is_published_once_with_its_caption(stage: Stage, reel: Reel, tmp_path: Path) -> None:
    run = await a_run(stage, reel, tmp_path)

    await publish_all(run, OPTIONS)
    ledger = stage.sandbox.world.ledger

    assert [medium.caption for medium in ledger.media] == ["Caption 1", "Caption 2"]
    assert all(medium.acknowledged for medium in ledger.media)
    assert (ledger.overlaps, ledger.leaks) == ([], {})


@pytest.mark.parametrize("act", ["drop_after", "cut_after", "refuse_after"])
async def test_a_lost_answer_ends_published_without_a_second_commit(
    stage: Stage, reel: Reel, tmp_path: Path, act: str
) -> None:
    run = await a_run(stage, reel, tmp_path, posts=1)
    stage.fault(act, CONFIGURE)

    await publish_all(run, OPTIONS)

    assert [outcome.kind for outcome in run.ledger.outcomes] == [CommitKind.UNKNOWN]
    assert run.ledger.states == {1: PostState.PUBLISHED}
    assert stage.asked_for(CONFIGURE) == len(stage.sandbox.world.ledger.media) == 1


@pytest.mark.parametrize("act", ["drop_before", "refuse"])
async def test_a_commit_that_was_never_done_is_sent_again_after_it_is_read_absent(
    stage: Stage, reel: Reel, tmp_path: Path, act: str
) -> None:
    run = await a_run(stage, reel, tmp_path, posts=1)
    stage.fault(act, CONFIGURE, "server_500")

    await publish_all(run, OPTIONS)

    assert [outcome.kind for outcome in run.ledger.outcomes] == [CommitKind.UNKNOWN, CommitKind.PUBLISHED]
    assert len(stage.sandbox.world.ledger.media) == 1


async def test_a_session_that_ends_between_two_posts_is_mended(stage: Stage, reel: Reel, tmp_path: Path) -> None:
    run = await a_run(stage, reel, tmp_path)
    stage.fault("refuse", "upload_settings", "login_required", skip=1)

    await publish_all(run, OPTIONS)

    assert "signing_in_again" in run.lines
    assert len(stage.sandbox.world.ledger.media) == 2


async def test_f20_a_challenge_on_the_commit_stops_the_account_and_keeps_the_post(
    stage: Stage, reel: Reel, tmp_path: Path
) -> None:
    run = await a_run(stage, reel, tmp_path)
    stage.fault("refuse", CONFIGURE, "challenge_native")

    with pytest.raises(NeedsPerson) as raised:
        await publish_all(run, OPTIONS)

    assert raised.value.reason is ReasonCode.CHALLENGE_REQUIRED
    assert stage.asked_for(CONFIGURE) == 1
    assert run.ledger.states == {1: PostState.PLANNED, 2: PostState.PLANNED}


async def test_media_in_work_is_waited_for(stage: Stage, reel: Reel, tmp_path: Path) -> None:
    run = await a_run(stage, reel, tmp_path, posts=1)
    stage.fault("refuse", CONFIGURE, "transcode_pending", count=2)

    await publish_all(run, OPTIONS)

    assert stage.asked_for(CONFIGURE) == 3
    assert len(stage.sandbox.world.ledger.media) == 1
