"""Settling a doubt by reading: the run only looks, the ui concludes. Nothing is sent again here."""

from igfleet.contracts.posts import LeasedPost, Reading, Verdict
from igfleet.contracts.states import PostState
from igfleet.errors import RetryLater, RunError
from igfleet.instagram.gateway import Publisher
from igfleet.runners.base import RunContext

_MOST_READINGS = 60
_MOST_BAD_IN_A_ROW = 3


async def settle(run: RunContext, publisher: Publisher, post: LeasedPost) -> PostState:
    """Read until the verdict is final: published, planned (confirmed absent), needs_person, or unknown for now.

    Raises the `RunError` of a reading that no further reading can mend.
    """
    run.log("settling", f"Looking whether {post.media.name} was published", post=post.id)
    bad_in_a_row = 0
    for _ in range(_MOST_READINGS):
        run.stop_if_asked()
        verdict, trouble = await _look(run, publisher, post)
        if verdict.state is not PostState.RECONCILING:
            return _told(run, post, verdict)
        bad_in_a_row = bad_in_a_row + 1 if trouble else 0
        if trouble and (bad_in_a_row == _MOST_BAD_IN_A_ROW or not isinstance(trouble, RetryLater)):
            raise trouble
        wait_s = verdict.look_again_after_s or run.reconcile_pause.total_seconds()
        await run.pause(wait_s, wait_s)
    return PostState.UNKNOWN


async def _look(run: RunContext, publisher: Publisher, post: LeasedPost) -> tuple[Verdict, RunError | None]:
    """One look and what the ui makes of it. A listing that could not be read is reported as such."""
    seq = _next_seq(run, post)
    try:
        listing = await publisher.recent_media(post.look_back)
    except RunError as error:
        reading = Reading(seq=seq, media=(), is_good=False, message=str(error))
        return await run.ledger.reading(post, reading), error
    reading = Reading(seq=seq, media=listing.media, media_count=listing.media_count, site_time=listing.site_time)
    return await run.ledger.reading(post, reading), None


def _next_seq(run: RunContext, post: LeasedPost) -> int:
    """Readings are numbered through all attempts."""
    name = f"readings_of_{post.id}"
    before = run.recall(name)
    seq = before + 1 if isinstance(before, int) else 1
    run.remember(name, seq)
    return seq


def _told(run: RunContext, post: LeasedPost, verdict: Verdict) -> PostState:
    words = {
        PostState.PUBLISHED: f"{post.media.name} was published",
        PostState.PLANNED: f"{post.media.name} was not published: it will be sent again",
        PostState.NEEDS_PERSON: f"It cannot be told whether {post.media.name} was published: a person has to look",
    }
    text = words.get(verdict.state, f"It is not known yet whether {post.media.name} was published")
    run.log("settled", text, post=post.id, state=verdict.state.value, why=verdict.why)
    return verdict.state
