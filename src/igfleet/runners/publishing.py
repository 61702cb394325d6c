"""The publish protocol for all posts of one account: doubts are settled first, then each post is sent at most once."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from igfleet import clock
from igfleet.contracts.posts import LeasedPost
from igfleet.contracts.states import PostState
from igfleet.contracts.tasks import Action
from igfleet.errors import GiveUp, OutsideWindow, UnsureIfPublished
from igfleet.reasons import ReasonCode
from igfleet.runners.acting import told_when_blocked
from igfleet.runners.base import RunContext
from igfleet.runners.bulk_upload import BulkUploadOptions
from igfleet.runners.publish_post import PublishPost
from igfleet.runners.settling import settle

_TO_SEND = frozenset({PostState.PLANNED, PostState.PREPARING})
_TO_SETTLE = frozenset({PostState.PUBLISHING, PostState.UNKNOWN, PostState.RECONCILING})


async def publish_all(run: RunContext, options: BulkUploadOptions) -> None:
    """Publish the account's posts in order.

    Returns when at least one is published (in a dry-run simulated) and none is in doubt. Raises `UnsureIfPublished`
    when a doubt is left, `GiveUp` (posts_failed) when none could be published, `OutsideWindow` when the rest is not due
    yet.
    """
    states = {post.id: post.state for post in run.posts}
    for post in run.posts:
        if post.state in _TO_SETTLE:
            states[post.id] = await settle(run, await run.publisher(), post)
            _count(run, states[post.id])
    waiting = [post for post in run.posts if states[post.id] in _TO_SEND]
    due = [post for post in waiting if _is_due(post)]
    for number, post in enumerate(due, start=1):
        if number > 1:
            await run.pause(options.delay_min_s, options.delay_max_s)
        run.stop_if_asked()
        publisher = await run.publisher()
        run.step(f"publishing {number} of {len(due)}")
        with told_when_blocked(run, Action.PUBLISH):
            states[post.id] = await PublishPost(run, publisher, options, post).run()
        _count(run, states[post.id])
    _conclude(run, Counter(states.values()), [post for post in waiting if post not in due])


def _is_due(post: LeasedPost) -> bool:
    return post.not_before is None or post.not_before <= clock.now()


def _count(run: RunContext, state: PostState) -> None:
    if state is PostState.PUBLISHED:
        run.count("success")
    elif state is PostState.FAILED:
        run.count("failed")


def _conclude(run: RunContext, states: Counter[PostState], later: Sequence[LeasedPost]) -> None:
    doubtful = sum(count for state, count in states.items() if state.is_doubtful)
    if doubtful:
        raise UnsureIfPublished(f"{run.account.username}: it is not known of {doubtful} post(s) whether they are live")
    if later:
        raise OutsideWindow(f"{run.account.username}: {len(later)} post(s) are not due yet", after=_until_first(later))
    if states[PostState.FAILED] and not states[PostState.PUBLISHED] + states[PostState.SIMULATED]:
        raise GiveUp(f"{run.account.username}: none of its posts could be published", ReasonCode.POSTS_FAILED)


def _until_first(later: Sequence[LeasedPost]) -> timedelta:
    first = min(post.not_before for post in later if post.not_before is not None)
    return max(first - clock.now(), timedelta(seconds=1))
