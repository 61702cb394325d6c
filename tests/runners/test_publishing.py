from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from tests.runners.fakes import CHECKPOINT, MemoryRun, a_post, outcome

from igfleet import clock
from igfleet.contracts.posts import CommitKind
from igfleet.contracts.states import PostState
from igfleet.contracts.tasks import Place
from igfleet.errors import (
    Cancelled,
    GiveUp,
    NeedsPerson,
    NetworkTrouble,
    OutsideWindow,
    RetryLater,
    SessionOver,
    UnsureIfPublished,
    WorkerStopping,
)
from igfleet.reasons import ReasonCode
from igfleet.runners.bulk_upload import BulkUploadOptions, WhenNotFound
from igfleet.runners.publishing import publish_all

pytestmark = pytest.mark.anyio
OPTIONS = BulkUploadOptions()
type RunOf = Callable[..., MemoryRun]


async def test_posts_are_published_in_order_with_a_pause_between(run_of: RunOf) -> None:
    run = run_of(a_post(1), a_post(2))

    await publish_all(run, OPTIONS)

    assert run.ledger.events == [
        *("intent 1", "permit 1", "sending 1", "published 1"),
        *("intent 2", "permit 2", "sending 2", "published 2"),
    ]
    assert run.counters == {"success": 2}
    assert run.pauses == [(OPTIONS.delay_min_s, OPTIONS.delay_max_s)]
    assert run.steps == ["publishing 1 of 2", "publishing 2 of 2"]


async def test_the_intent_tells_what_is_about_to_be_published(run_of: RunOf) -> None:
    run = run_of(a_post(1), a_post(2))

    await publish_all(run, OPTIONS)
    second = run.ledger.intents[1]

    assert second.upload_id == a_post(2).upload_id
    assert second.caption_sha256 == sha256(b"Caption 2").hexdigest()
    assert second.size_bytes == run.clip.stat().st_size
    assert second.duration_s == pytest.approx(1, abs=0.1)
    assert second.cover_hash is not None
    assert second.snapshot.pks == (run.driven.media[1].pk,)


async def test_the_commit_gets_no_more_time_than_the_permit(run_of: RunOf) -> None:
    run = run_of(a_post(1))

    await publish_all(run, OPTIONS)

    assert timedelta(seconds=15) < run.driven.windows[0] <= run.ledger.window


async def test_a_window_that_is_over_sends_nothing_and_asks_for_another(run_of: RunOf) -> None:
    run = run_of(a_post(1))
    run.ledger.window = timedelta(milliseconds=1)

    with pytest.raises(RetryLater) as raised:
        await publish_all(run, OPTIONS)

    assert raised.value.reason is ReasonCode.DEADLINE_PASSED
    assert run.ledger.events[:6] == ["intent 1", "permit 1", "not_sent 1"] * 2
    assert run.driven.commits == []


async def test_media_that_is_not_ready_gets_a_new_permit_after_a_wait(run_of: RunOf) -> None:
    run = run_of(a_post(1))
    run.driven.answers = [outcome(CommitKind.NOT_READY), outcome(CommitKind.NOT_READY)]

    await publish_all(run, OPTIONS)

    assert run.ledger.events.count("permit 1") == 3
    assert run.pauses == [(2, 2), (4, 4)]
    assert len(run.driven.prepared) == 1


async def test_media_that_never_gets_ready_fails_the_post(run_of: RunOf) -> None:
    run = run_of(a_post(1))
    run.driven.answers = [outcome(CommitKind.NOT_READY)] * 20

    with pytest.raises(GiveUp, match="none") as raised:
        await publish_all(run, OPTIONS)

    assert raised.value.reason is ReasonCode.POSTS_FAILED
    assert run.ledger.events.count("permit 1") == 10
    assert run.counters == {"failed": 1}


async def test_wanted_again_the_bytes_are_uploaded_again_under_the_same_id(run_of: RunOf) -> None:
    run = run_of(a_post(1))
    run.driven.answers = [outcome(CommitKind.NOT_READY, reupload=True)]

    await publish_all(run, OPTIONS)

    assert [reel.upload_id for reel in run.driven.prepared] == [a_post(1).upload_id] * 2


async def test_a_lost_answer_is_settled_by_reading_and_never_sent_again(run_of: RunOf) -> None:
    run = run_of(a_post(1))
    run.driven.answers = [outcome(CommitKind.UNKNOWN)]
    run.driven.publishes_anyway = True

    await publish_all(run, OPTIONS)

    assert len(run.driven.commits) == len(run.driven.media) == 1
    assert [reading.seq for reading in run.ledger.readings] == [1, 2, 3]
    assert run.pauses == [(20, 20), (20, 20)]
    assert run.counters == {"success": 1}


async def test_confirmed_absent_it_is_sent_once_more_under_the_same_id(run_of: RunOf) -> None:
    run = run_of(a_post(1))
    run.driven.answers = [outcome(CommitKind.UNKNOWN)]

    await publish_all(run, OPTIONS)

    assert run.driven.commits == [a_post(1).upload_id] * 2
    assert len(run.driven.media) == 1


@pytest.mark.parametrize("state", [PostState.UNKNOWN, PostState.RECONCILING, PostState.PUBLISHING])
async def test_doubts_of_an_earlier_attempt_are_settled_first(run_of: RunOf, state: PostState) -> None:
    run = run_of(a_post(1), a_post(2, state=state))

    await publish_all(run, OPTIONS)

    assert len(run.ledger.readings) == 3
    assert run.driven.commits == [a_post(1).upload_id, a_post(2).upload_id]


async def test_readings_are_numbered_through_all_attempts(run_of: RunOf) -> None:
    run = run_of(a_post(1, state=PostState.UNKNOWN))
    run.memory = {"readings_of_1": 4}

    await publish_all(run, OPTIONS)

    assert [reading.seq for reading in run.ledger.readings] == [5, 6, 7]


async def test_a_listing_that_fails_is_no_sign_of_absence(run_of: RunOf) -> None:
    run = run_of(a_post(1, state=PostState.UNKNOWN))
    run.driven.failing = {"recent_media": [NetworkTrouble("broken"), NetworkTrouble("broken")]}

    await publish_all(run, OPTIONS)

    assert [reading.is_good for reading in run.ledger.readings] == [False, False, True, True, True]


@pytest.mark.parametrize(("trouble", "tries"), [(NetworkTrouble("broken"), 3), (CHECKPOINT, 1)])
async def test_an_account_that_cannot_be_read_leaves_the_doubt(run_of: RunOf, trouble: RetryLater, tries: int) -> None:
    run = run_of(a_post(1, state=PostState.UNKNOWN))
    run.driven.failing = {"recent_media": [trouble] * 9}

    with pytest.raises(type(trouble)):
        await publish_all(run, OPTIONS)

    assert len(run.ledger.readings) == tries
    assert run.driven.commits == []


async def test_a_doubt_that_is_left_needs_a_person_and_the_others_go_on(run_of: RunOf) -> None:
    run = run_of(a_post(1, state=PostState.NEEDS_PERSON), a_post(2))

    with pytest.raises(UnsureIfPublished, match="1 post"):
        await publish_all(run, OPTIONS)

    assert run.driven.commits == [a_post(2).upload_id]
    assert run.ledger.readings == []


async def test_refused_media_fails_its_post_only(run_of: RunOf) -> None:
    run = run_of(a_post(1), a_post(2))
    run.driven.answers = [outcome(CommitKind.REFUSED, ReasonCode.MEDIA_REFUSED)]

    await publish_all(run, OPTIONS)

    assert run.ledger.outcomes[0].post_state is PostState.FAILED
    assert run.counters == {"failed": 1, "success": 1}


@pytest.mark.parametrize(
    ("reason", "error"),
    [
        (ReasonCode.CHALLENGE_REQUIRED, NeedsPerson),
        (ReasonCode.SESSION_OVER, RetryLater),
        (ReasonCode.ACTION_BLOCKED, RetryLater),
        (ReasonCode.ACCOUNT_DISABLED, GiveUp),
    ],
)
async def test_a_refusal_of_the_account_ends_the_run_and_keeps_the_post(
    run_of: RunOf, reason: ReasonCode, error: type[Exception]
) -> None:
    run = run_of(a_post(1), a_post(2))
    run.driven.answers = [outcome(CommitKind.REFUSED, reason)]

    with pytest.raises(error) as raised:
        await publish_all(run, OPTIONS)

    assert getattr(raised.value, "reason", None) is reason
    assert run.ledger.states == {1: PostState.PLANNED, 2: PostState.PLANNED}
    assert run.counters == {}


async def test_a_blocked_publish_names_the_action_that_rests(run_of: RunOf) -> None:
    run = run_of(a_post())
    run.driven.answers = [outcome(CommitKind.REFUSED, ReasonCode.ACTION_BLOCKED)]

    with pytest.raises(RetryLater) as raised:
        await publish_all(run, OPTIONS)

    assert raised.value.reason is ReasonCode.ACTION_BLOCKED
    assert run.result == {"blocked": ["publish"]}
    assert len(run.driven.commits) == 1


async def test_what_was_provably_not_sent_is_tried_in_another_attempt(run_of: RunOf) -> None:
    run = run_of(a_post(1))
    run.driven.answers = [outcome(CommitKind.NOT_SENT, ReasonCode.PROXY_UNREACHABLE)]

    with pytest.raises(RetryLater) as raised:
        await publish_all(run, OPTIONS)

    assert raised.value.reason is ReasonCode.PROXY_UNREACHABLE
    assert run.ledger.states == {1: PostState.PLANNED}


async def test_a_corrupt_file_fails_its_post_before_the_permit(run_of: RunOf, tmp_path: Path) -> None:
    run = run_of(a_post(1), a_post(2))
    broken = tmp_path / "broken.mp4"
    broken.write_text("no video")
    run.fetching = lambda media: broken if media.id == 1 else run.clip

    await publish_all(run, OPTIONS)

    assert run.ledger.events[0] == "refused 1"
    assert run.ledger.outcomes[0].reason is ReasonCode.MEDIA_CORRUPT
    assert run.counters == {"failed": 1, "success": 1}


@pytest.mark.parametrize("reason", [ReasonCode.LOCATION_NOT_FOUND, ReasonCode.MENTION_NOT_FOUND])
async def test_what_is_not_found_fails_the_post_or_is_left_out(run_of: RunOf, reason: ReasonCode) -> None:
    post = a_post(1, place=Place(name="Nowhere"), mentions=("nobody",))
    failing, going = run_of(post), run_of(post)
    failing.driven.failing = {"prepare": [GiveUp("not found", reason)]}
    going.driven.failing = {"prepare": [GiveUp("not found", reason)]}

    with pytest.raises(GiveUp):
        await publish_all(failing, OPTIONS)
    await publish_all(going, BulkUploadOptions(when_not_found=WhenNotFound.GO_WITHOUT))

    assert failing.ledger.outcomes[0].reason is reason
    reel = going.driven.prepared[0]
    assert (reel.place is None) == (reason is ReasonCode.LOCATION_NOT_FOUND)
    assert (reel.mentions == ()) == (reason is ReasonCode.MENTION_NOT_FOUND)


async def test_a_session_that_ends_before_the_permit_is_mended_once(run_of: RunOf) -> None:
    run = run_of(a_post(1))
    run.driven.failing = {"prepare": [SessionOver("over")]}

    await publish_all(run, OPTIONS)

    assert run.driven.sign_ins == 1
    assert run.counters == {"success": 1}


@pytest.mark.parametrize("stop", [Cancelled("stop"), WorkerStopping("stop")])
async def test_asked_to_stop_nothing_more_is_sent(run_of: RunOf, stop: Cancelled) -> None:
    run = run_of(a_post(1))
    run.stopping = stop

    with pytest.raises(type(stop)):
        await publish_all(run, OPTIONS)

    assert run.driven.commits == []


async def test_without_a_permit_nothing_is_sent(run_of: RunOf) -> None:
    run = run_of(a_post(1))
    run.ledger.refusal = Cancelled("cancelled by a person")

    with pytest.raises(Cancelled):
        await publish_all(run, OPTIONS)

    assert run.driven.commits == []


async def test_posts_that_are_not_due_wait_for_their_time(run_of: RunOf) -> None:
    run = run_of(a_post(1), a_post(2, not_before=clock.now() + timedelta(hours=1)))

    with pytest.raises(OutsideWindow) as raised:
        await publish_all(run, OPTIONS)

    assert raised.value.after is not None
    assert timedelta(minutes=59) < raised.value.after < timedelta(hours=1)
    assert run.driven.commits == [a_post(1).upload_id]


async def test_published_posts_are_left_alone(run_of: RunOf) -> None:
    run = run_of(a_post(1, state=PostState.PUBLISHED), a_post(2, state=PostState.FAILED))

    await publish_all(run, OPTIONS)

    assert run.ledger.events == []
