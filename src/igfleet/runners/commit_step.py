"""From the intent to the outcome: the part of publishing that must not happen twice."""

from datetime import timedelta
from hashlib import sha256

from igfleet import clock
from igfleet.contracts.posts import CommitKind, Intent, LeasedPost, Permit, PostOutcome, Snapshot
from igfleet.contracts.states import PostState
from igfleet.faultpoints import reach
from igfleet.instagram.gateway import Prepared, Publisher
from igfleet.reasons import ReasonCode
from igfleet.runners.base import RunContext
from igfleet.runners.post_files import PostFiles
from igfleet.runners.refused import is_of_the_post

_SHORTEST_WINDOW = timedelta(seconds=1)
"""With less time left the commit is not begun."""
_TOO_LATE = PostOutcome(
    kind=CommitKind.NOT_SENT, reason=ReasonCode.DEADLINE_PASSED, message="The permit ran out before the call"
)


async def commit_once(
    run: RunContext, publisher: Publisher, post: LeasedPost, files: PostFiles, prepared: Prepared, snapshot: Snapshot
) -> PostOutcome:
    """Intent, permit, one request, outcome. Raises what the ledger raises when the permit is refused.

    The window is counted on the boot-time clock from before the permit was asked for: a run that was frozen in
    between sees that it is over and sends nothing.
    """
    reach("prepared")
    await run.ledger.intent(post, intent_of(post, files, snapshot))
    reach("intended")
    run.stop_if_asked()
    asked_at = clock.boot_seconds()
    permit = await run.ledger.permit(post)
    reach("permitted")
    if _left(permit, asked_at) >= _SHORTEST_WINDOW:
        await run.ledger.sending(post)
    left = _left(permit, asked_at)
    reach("checked")
    outcome = await publisher.commit(prepared, left) if left >= _SHORTEST_WINDOW else _TOO_LATE
    reach("answered")
    outcome = outcome.model_copy(update={"post_state": _state_asked_for(outcome)})
    await run.ledger.outcome(post, outcome)
    reach("reported")
    return outcome


def _left(permit: Permit, asked_at: float) -> timedelta:
    return timedelta(milliseconds=permit.window_ms, seconds=asked_at - clock.boot_seconds())


def intent_of(post: LeasedPost, files: PostFiles, snapshot: Snapshot) -> Intent:
    """What is about to be published, in enough detail to recognise it."""
    return Intent(
        upload_id=post.upload_id,
        media_sha256=post.media.sha256,
        caption_sha256=sha256(post.caption.encode()).hexdigest(),
        duration_s=files.reel.duration_s,
        size_bytes=files.size_bytes,
        cover_hash=files.cover_hash,
        snapshot=snapshot,
    )


async def snapshot_of(publisher: Publisher) -> Snapshot:
    """What the account shows before the commit."""
    listing = await publisher.recent_media()
    return Snapshot(
        pks=tuple(media.pk for media in listing.media),
        media_count=listing.media_count,
        taken_at=clock.now(),
        site_time=listing.site_time,
    )


def _state_asked_for(outcome: PostOutcome) -> PostState | None:
    """A refusal that lies in the account leaves the post to be sent another time."""
    if outcome.kind is not CommitKind.REFUSED:
        return None
    return PostState.FAILED if is_of_the_post(outcome.reason) else PostState.PLANNED
