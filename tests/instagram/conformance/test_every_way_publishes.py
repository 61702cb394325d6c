"""Publishing: at most once, and known or in doubt, by every method."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from tests.instagram.conformance.conftest import Way
from tests.instagram.conftest import Stage
from tests.runners.fakes import MemoryRun, a_post

from igfleet import clock
from igfleet.contracts.posts import CommitKind, PostOutcome
from igfleet.contracts.states import PostState
from igfleet.contracts.tasks import Place
from igfleet.errors import GiveUp, NetworkTrouble
from igfleet.instagram.gateway import Publisher, Reel
from igfleet.reasons import ReasonCode
from igfleet.runners.bulk_upload import BulkUploadOptions
from igfleet.runners.publishing import publish_all
from igfleet.sandbox.exits import ExitMode

pytestmark = pytest.mark.anyio
WINDOW = timedelta(seconds=20)
CONFIGURE = "configure_to_clips"
OPTIONS = BulkUploadOptions()


def unseen(_sent: int, _size: int) -> None:
    pass


async def published(publisher: Publisher, reel: Reel, window: timedelta = WINDOW) -> PostOutcome:
    return await publisher.commit(await publisher.prepare(reel, unseen), window)


async def test_a_reel_arrives_as_it_was_given(way: Way, stage: Stage, reel: Reel) -> None:
    outcome = await published(await way.signed_in(), reel)
    (medium,) = stage.sandbox.world.ledger.media

    assert outcome.kind is CommitKind.PUBLISHED
    assert outcome.media is not None
    assert (outcome.media.pk, outcome.permalink) == (
        str(medium.pk),
        f"https://www.instagram.com/reel/{medium.code}/",
    )
    assert medium.sha256 == sha256(reel.video.read_bytes()).hexdigest()
    assert medium.caption == reel.caption
    assert (medium.width, medium.height, medium.duration_s) == (270, 480, 2.0)
    assert (stage.sandbox.world.ledger.leaks, stage.sandbox.world.ledger.overlaps) == ({}, [])


async def test_place_and_mentions_are_found_and_attached(way: Way, stage: Stage, reel: Reel) -> None:
    friend = stage.sandbox.world.add_account("nord_02", "secret 12")
    stage.sandbox.world.add_account("nord_020", "secret 12")

    await published(await way.signed_in(), replace(reel, place=Place(name="Berlin"), mentions=("nord_02",)))
    (medium,) = stage.sandbox.world.ledger.media

    assert medium.location == "Berlin, Germany"
    assert medium.usertags + medium.collaborators == [str(friend.pk)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"place": Place(name="Nowhere at all")}, ReasonCode.LOCATION_NOT_FOUND),
        ({"mentions": ("nobody_here",)}, ReasonCode.MENTION_NOT_FOUND),
    ],
)
async def test_what_is_not_found_is_said_before_anything_is_uploaded(
    way: Way, stage: Stage, reel: Reel, change: dict[str, object], reason: ReasonCode
) -> None:
    publisher = await way.signed_in()

    with pytest.raises(GiveUp) as raised:
        await publisher.prepare(replace(reel, **change), unseen)  # type: ignore[arg-type]

    assert raised.value.reason is reason
    assert stage.asked_for("rupload") == 0


async def test_preparing_again_publishes_what_was_prepared_last(way: Way, stage: Stage, reel: Reel) -> None:
    publisher = await way.signed_in()
    await publisher.prepare(replace(reel, caption="first"), unseen)
    await publisher.recent_media()

    outcome = await published(publisher, replace(reel, caption="second"))

    assert outcome.kind is CommitKind.PUBLISHED
    assert [medium.caption for medium in stage.sandbox.world.ledger.media] == ["second"]


@pytest.mark.parametrize("act", ["drop_after", "cut_after", "refuse_after"])
async def test_a_lost_answer_is_unknown_and_the_reel_is_there_once(
    way: Way, stage: Stage, reel: Reel, act: str
) -> None:
    publisher = await way.signed_in()
    stage.fault(act, CONFIGURE, count=3)

    outcome = await published(publisher, reel)
    listing = await publisher.recent_media()

    assert outcome.kind is CommitKind.UNKNOWN
    assert stage.asked_for(CONFIGURE) == len(stage.sandbox.world.ledger.media) == 1
    assert [media.caption for media in listing.media] == [reel.caption]


async def test_a_silent_server_is_left_when_the_window_is_over(way: Way, stage: Stage, reel: Reel) -> None:
    publisher = await way.signed_in()
    stage.fault("hang_after", CONFIGURE)

    outcome = await published(publisher, reel, timedelta(seconds=3))

    assert (outcome.kind, outcome.evidence["is_late"]) == (CommitKind.UNKNOWN, True)
    assert len(stage.sandbox.world.ledger.media) == 1


async def test_a_connection_that_cannot_be_made_has_sent_nothing(way: Way, stage: Stage, reel: Reel) -> None:
    stage.sandbox.proxy.exits.register("via_1", "right")
    publisher = way.open(proxy_url=stage.sandbox.proxy_url.replace("://", "://via_1:right@"))
    await publisher.sign_in()
    prepared = await publisher.prepare(reel, unseen)
    stage.sandbox.proxy.exits.register("via_1", "right", ExitMode.REFUSE)

    outcome = await publisher.commit(prepared, WINDOW)

    assert (outcome.kind, outcome.reason) == (CommitKind.NOT_SENT, ReasonCode.PROXY_UNREACHABLE)
    assert stage.asked_for(CONFIGURE) == 0


@pytest.mark.parametrize(
    ("refusal", "kind", "reason"),
    [
        ("feedback_required", CommitKind.REFUSED, ReasonCode.ACTION_BLOCKED),
        ("login_required", CommitKind.REFUSED, ReasonCode.SESSION_OVER),
        ("challenge_native", CommitKind.REFUSED, ReasonCode.CHALLENGE_REQUIRED),
        ("suspended", CommitKind.REFUSED, ReasonCode.ACCOUNT_SUSPENDED),
        ("other_message", CommitKind.REFUSED, ReasonCode.MEDIA_REFUSED),
        ("throttled_429", CommitKind.UNKNOWN, None),
        ("html_200", CommitKind.UNKNOWN, None),
        ("transcode_pending", CommitKind.NOT_READY, None),
        ("media_needs_reupload", CommitKind.NOT_READY, None),
    ],
)
async def test_f19_each_answer_to_the_commit_has_one_meaning(
    way: Way, stage: Stage, reel: Reel, refusal: str, kind: CommitKind, reason: ReasonCode | None
) -> None:
    publisher = await way.signed_in()
    stage.fault("refuse", CONFIGURE, refusal)

    outcome = await published(publisher, reel)

    assert (outcome.kind, outcome.reason) == (kind, reason)
    assert stage.asked_for(CONFIGURE) == 1


async def test_a_listing_that_cannot_be_read_is_an_error_never_an_empty_one(way: Way, stage: Stage) -> None:
    publisher = await way.signed_in()
    stage.fault("drop_before", "feed/user", count=3)

    with pytest.raises(NetworkTrouble):
        await publisher.recent_media()


async def test_a_listing_tells_the_newest_first_how_many_there_are_and_instagrams_time(
    way: Way, stage: Stage, reel: Reel
) -> None:
    ledger = stage.sandbox.world.ledger
    ledger.shows_upload_ids = True
    publisher = await way.signed_in()
    for number in range(2):
        await published(publisher, replace(reel, upload_id=f"170000000000{number}", caption=f"Number {number}"))

    listing = await publisher.recent_media(1)

    assert [media.caption for media in listing.media] == ["Number 1"]
    assert (listing.media_count, listing.media[0].product_type, listing.media[0].duration_s) == (2, "clips", 2.0)
    assert listing.media[0].upload_id == ledger.media[-1].upload_id
    assert listing.site_time is not None
    assert timedelta(0) <= clock.now() - listing.site_time < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("act", "kinds"),
    [
        ("drop_after", [CommitKind.UNKNOWN]),
        ("drop_before", [CommitKind.UNKNOWN, CommitKind.PUBLISHED]),
    ],
    ids=["lost answer", "never done"],
)
async def test_the_protocol_ends_with_the_reel_there_once(
    way: Way, stage: Stage, reel: Reel, tmp_path: Path, act: str, kinds: list[CommitKind]
) -> None:
    run = MemoryRun((a_post(1),), reel.video, tmp_path)
    run.driven = await way.signed_in()  # type: ignore[assignment]
    stage.fault(act, CONFIGURE)

    try:
        await publish_all(run, OPTIONS)
    finally:
        states = run.ledger.states

    assert states == {1: PostState.PUBLISHED}
    assert [outcome.kind for outcome in run.ledger.outcomes] == kinds
    assert [medium.caption for medium in stage.sandbox.world.ledger.media] == ["Caption 1"]


async def test_a_reel_that_is_not_ready_is_prepared_again_and_published_once(
    way: Way, stage: Stage, reel: Reel, tmp_path: Path
) -> None:
    run = MemoryRun((a_post(1),), reel.video, tmp_path)
    run.driven = await way.signed_in()  # type: ignore[assignment]
    stage.fault("refuse", CONFIGURE, "transcode_pending", count=2)

    await publish_all(run, OPTIONS)

    assert run.ledger.states == {1: PostState.PUBLISHED}
    assert stage.asked_for(CONFIGURE) == 3
    assert len(stage.sandbox.world.ledger.media) == 1
