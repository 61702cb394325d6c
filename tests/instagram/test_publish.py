"""Publishing by instagrapi: what `conformance` does not ask of every method."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from tests.instagram.conftest import Stage

from igfleet.contracts.posts import CommitKind
from igfleet.contracts.tasks import Place
from igfleet.errors import RetryLater
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


async def test_a_place_with_a_position_is_taken_as_it_stands(stage: Stage, reel: Reel) -> None:
    publisher = await stage.signed_in()

    await published(publisher, replace(reel, place=Place(name="My pier", lat=54.3, lng=10.1)))

    assert stage.sandbox.world.ledger.media[0].location == "My pier"
    assert stage.asked_for("location_search") == 0


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
    assert [medium.upload_id for medium in stage.sandbox.world.ledger.media] == [reel.upload_id]


async def test_bytes_that_are_wanted_again_are_sent_again(stage: Stage, reel: Reel) -> None:
    publisher = await stage.signed_in()
    stage.fault("refuse", CONFIGURE, "media_needs_reupload")

    outcome = await publisher.commit(await publisher.prepare(reel, unseen), WINDOW)
    again = await published(publisher, reel)

    assert (outcome.kind, outcome.evidence["reupload"]) == (CommitKind.NOT_READY, True)
    assert again is CommitKind.PUBLISHED
    assert stage.asked_for("POST /rupload_igvideo") == 2


DEFINITE = {
    "sentry_block": ReasonCode.ACTION_BLOCKED,
    "checkpoint_required": ReasonCode.CHECKPOINT_REQUIRED,
    "consent_required": ReasonCode.CONSENT_REQUIRED,
    "account_disabled": ReasonCode.ACCOUNT_DISABLED,
    "ip_block": ReasonCode.PROXY_BLOCKED,
    "needs_upgrade": ReasonCode.CLIENT_OUTDATED,
    "video_too_long": ReasonCode.MEDIA_REFUSED,
}
OPEN = (
    "please_wait", "rate_limit_error", "not_found", "masked_challenge", "bad_request",
    "unauthorized_401", "forbidden_403", "timeout_408", "server_500", "bad_gateway_502", "unavailable_503",
    "empty_200", "bad_json",
)  # fmt: skip


@pytest.mark.parametrize("refusal", [*DEFINITE, *OPEN])
async def test_each_answer_to_the_commit_has_one_meaning(stage: Stage, reel: Reel, refusal: str) -> None:
    publisher = await stage.signed_in()
    stage.fault("refuse", CONFIGURE, refusal)

    outcome = await publisher.commit(await publisher.prepare(reel, unseen), WINDOW)

    assert stage.asked_for(CONFIGURE) == 1
    if refusal in DEFINITE:
        assert (outcome.kind, outcome.reason) == (CommitKind.REFUSED, DEFINITE[refusal])
    else:
        assert (outcome.kind, outcome.reason) == (CommitKind.UNKNOWN, None)


async def test_a_refused_upload_says_why(stage: Stage, reel: Reel) -> None:
    publisher = await stage.signed_in()
    stage.fault("refuse", "POST /rupload_igvideo", "server_500")

    with pytest.raises(RetryLater) as raised:
        await publisher.prepare(reel, unseen)

    assert raised.value.reason is ReasonCode.SERVER_TROUBLE
