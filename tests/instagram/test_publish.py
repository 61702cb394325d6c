from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from tests.instagram.conftest import Stage

from igfleet.contracts.posts import CommitKind
from igfleet.contracts.tasks import Place
from igfleet.errors import GiveUp, NetworkTrouble, RetryLater
from igfleet.instagram.adapters.upload import upload_name
from igfleet.instagram.gateway import Publisher, Reel
from igfleet.reasons import ReasonCode
from igfleet.sandbox.uploads import Upload

pytestmark = pytest.mark.anyio
WINDOW = timedelta(seconds=10)
CONFIGURE = "configure_to_clips"


def unseen(_sent: int, _size: int) -> None:
    pass


async def published(publisher: Publisher, reel: Reel, progress: Callable[[int, int], None] = unseen) -> CommitKind:
    return (await publisher.commit(await publisher.prepare(reel, progress), WINDOW)).kind


async def test_a_reel_arrives_as_it_was_given(stage: Stage, reel: Reel) -> None:
    publisher = await stage.signed_in()
    outcome = await publisher.commit(await publisher.prepare(reel, unseen), WINDOW)
    (medium,) = stage.sandbox.world.ledger.media

    assert outcome.kind is CommitKind.PUBLISHED
    assert outcome.media is not None
    assert outcome.media.pk == str(medium.pk)
    assert outcome.permalink == f"https://www.instagram.com/reel/{medium.code}/"
    assert medium.sha256 == sha256(reel.video.read_bytes()).hexdigest()
    assert (medium.caption, medium.upload_id) == (reel.caption, reel.upload_id)
    assert (medium.width, medium.height, medium.duration_s) == (270, 480, 2.0)
    assert stage.sandbox.world.ledger.leaks == {}
    assert stage.sandbox.world.ledger.overlaps == []


async def test_place_and_mentions_are_found_and_attached(stage: Stage, reel: Reel) -> None:
    friend = stage.sandbox.world.add_account("nord_02", "secret 12")
    publisher = await stage.signed_in()

    await published(publisher, replace(reel, place=Place(name="Berlin"), mentions=("nord_02",)))
    (medium,) = stage.sandbox.world.ledger.media

    assert medium.location == "Berlin, Germany"
    assert medium.usertags == [str(friend.pk)]


async def test_a_place_with_a_position_is_taken_as_it_stands(stage: Stage, reel: Reel) -> None:
    publisher = await stage.signed_in()

    await published(publisher, replace(reel, place=Place(name="My pier", lat=54.3, lng=10.1)))

    assert stage.sandbox.world.ledger.media[0].location == "My pier"
    assert stage.asked_for("location_search") == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"place": Place(name="Nowhere at all")}, ReasonCode.LOCATION_NOT_FOUND),
        ({"mentions": ("nobody_here",)}, ReasonCode.MENTION_NOT_FOUND),
    ],
)
async def test_what_is_not_found_is_said_before_anything_is_uploaded(
    stage: Stage, reel: Reel, change: dict[str, object], reason: ReasonCode
) -> None:
    publisher = await stage.signed_in()

    with pytest.raises(GiveUp) as raised:
        await publisher.prepare(replace(reel, **change), unseen)  # type: ignore[arg-type]

    assert raised.value.reason is reason
    assert stage.asked_for("rupload") == 0


async def test_an_upload_that_was_cut_goes_on_where_it_stopped(stage: Stage, reel: Reel) -> None:
    whole = reel.video.read_bytes()
    name = upload_name(reel.upload_id, len(whole))
    half = Upload(reel.upload_id, len(whole), bytearray(whole[:50_000]))
    stage.sandbox.world.uploads.by_name["nord_01", name] = half
    seen: list[tuple[int, int]] = []
    publisher = await stage.signed_in()

    await published(publisher, reel, lambda sent, size: seen.append((sent, size)))

    assert seen[0] == (50_000, len(whole))
    assert seen[-1] == (len(whole), len(whole))
    assert stage.sandbox.world.ledger.media[0].sha256 == sha256(whole).hexdigest()


async def test_preparing_twice_sends_the_bytes_once(stage: Stage, reel: Reel) -> None:
    publisher = await stage.signed_in()

    await publisher.prepare(reel, unseen)
    await published(publisher, reel)

    assert stage.asked_for("POST /rupload_igvideo") == 1
    assert len(stage.sandbox.world.ledger.media) == 1


async def test_bytes_that_are_wanted_again_are_sent_again(stage: Stage, reel: Reel) -> None:
    publisher = await stage.signed_in()
    stage.fault("refuse", CONFIGURE, "media_needs_reupload")

    outcome = await publisher.commit(await publisher.prepare(reel, unseen), WINDOW)
    again = await published(publisher, reel)

    assert (outcome.kind, outcome.evidence["reupload"]) == (CommitKind.NOT_READY, True)
    assert again is CommitKind.PUBLISHED
    assert stage.asked_for("POST /rupload_igvideo") == 2


@pytest.mark.parametrize("act", ["drop_after", "cut_after", "refuse_after"])
async def test_a_lost_answer_is_unknown_and_the_reel_is_there_once(stage: Stage, reel: Reel, act: str) -> None:
    publisher = await stage.signed_in()
    stage.fault(act, CONFIGURE)

    kind = await published(publisher, reel)
    listing = await publisher.recent_media()

    assert kind is CommitKind.UNKNOWN
    assert stage.asked_for(CONFIGURE) == 1
    assert [media.caption for media in listing.media] == [reel.caption]


async def test_a_silent_server_is_left_when_the_window_is_over(stage: Stage, reel: Reel) -> None:
    publisher = await stage.signed_in()
    stage.fault("hang_after", CONFIGURE)
    prepared = await publisher.prepare(reel, unseen)

    outcome = await publisher.commit(prepared, timedelta(seconds=0.7))

    assert (outcome.kind, outcome.evidence["is_late"]) == (CommitKind.UNKNOWN, True)
    assert len(stage.sandbox.world.ledger.media) == 1


DEFINITE = {
    "feedback_required": ReasonCode.ACTION_BLOCKED,
    "sentry_block": ReasonCode.ACTION_BLOCKED,
    "login_required": ReasonCode.SESSION_OVER,
    "challenge_native": ReasonCode.CHALLENGE_REQUIRED,
    "suspended": ReasonCode.ACCOUNT_SUSPENDED,
    "checkpoint_required": ReasonCode.CHECKPOINT_REQUIRED,
    "consent_required": ReasonCode.CONSENT_REQUIRED,
    "account_disabled": ReasonCode.ACCOUNT_DISABLED,
    "ip_block": ReasonCode.PROXY_BLOCKED,
    "needs_upgrade": ReasonCode.CLIENT_OUTDATED,
    "video_too_long": ReasonCode.MEDIA_REFUSED,
    "other_message": ReasonCode.MEDIA_REFUSED,
}
OPEN = (
    "throttled_429", "please_wait", "rate_limit_error", "not_found", "masked_challenge", "bad_request",
    "unauthorized_401", "forbidden_403", "timeout_408", "server_500", "bad_gateway_502", "unavailable_503",
    "html_200", "empty_200", "bad_json",
)  # fmt: skip


@pytest.mark.parametrize("refusal", [*DEFINITE, *OPEN, "transcode_pending"])
async def test_each_answer_to_the_commit_has_one_meaning(stage: Stage, reel: Reel, refusal: str) -> None:
    publisher = await stage.signed_in()
    stage.fault("refuse", CONFIGURE, refusal)

    outcome = await publisher.commit(await publisher.prepare(reel, unseen), WINDOW)

    assert stage.asked_for(CONFIGURE) == 1
    if refusal in DEFINITE:
        assert (outcome.kind, outcome.reason) == (CommitKind.REFUSED, DEFINITE[refusal])
    elif refusal in OPEN:
        assert (outcome.kind, outcome.reason) == (CommitKind.UNKNOWN, None)
    else:
        assert outcome.kind is CommitKind.NOT_READY


async def test_a_refused_upload_says_why(stage: Stage, reel: Reel) -> None:
    publisher = await stage.signed_in()
    stage.fault("refuse", "POST /rupload_igvideo", "server_500")

    with pytest.raises(RetryLater) as raised:
        await publisher.prepare(reel, unseen)

    assert raised.value.reason is ReasonCode.SERVER_TROUBLE


async def test_a_listing_that_cannot_be_read_is_an_error_never_an_empty_one(stage: Stage) -> None:
    publisher = await stage.signed_in()
    stage.fault("drop_before", "feed/user")

    with pytest.raises(NetworkTrouble):
        await publisher.recent_media()


async def test_a_listing_tells_the_newest_first_and_how_many_there_are(stage: Stage, reel: Reel) -> None:
    publisher = await stage.signed_in()
    for number in range(3):
        await published(publisher, replace(reel, upload_id=f"170000000000{number}", caption=f"Number {number}"))

    listing = await publisher.recent_media(2)

    assert [media.caption for media in listing.media] == ["Number 2", "Number 1"]
    assert listing.media_count == 3
    assert listing.media[0].product_type == "clips"
    assert listing.media[0].duration_s == 2.0
