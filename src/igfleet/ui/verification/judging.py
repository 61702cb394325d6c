"""What one look at an account's media says of a published post. A pure function.

Missing is only what would have been listed: the listing is whole, or it reaches past the post's own age. A duplicate is
a reel that no post has, made since the first leave to publish this one, with its length and caption.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from igfleet.contracts.posts import Reading, SeenMedia
from igfleet.contracts.states import CheckState
from igfleet.ui.reconcile import CLOCK_SLACK, LENGTH_SLACK_S, made_at, same_caption


@dataclass(frozen=True, slots=True)
class Asked:
    """What was published, as it was asked for."""

    pk: str
    caption: str
    duration_s: float | None
    permitted_at: datetime | None
    """The first leave to publish it; None when it was published without one."""


@dataclass(frozen=True, slots=True)
class Judged:
    state: CheckState
    why: str = ""
    duplicates: tuple[str, ...] = ()
    caption: str = ""
    """The one that is there."""


def judge(post: Asked, reading: Reading, known: Iterable[str], *, may_be_doubled: bool = True) -> Judged:
    """`known`: media of other posts. `may_be_doubled`: False while it is not known of another post which medium it is:
    that one's reel would look like a double of this one."""
    doubles = _doubles(post, reading, set(known)) if may_be_doubled else ()
    found = next((seen for seen in reading.media if seen.pk == post.pk), None)
    if found is None:
        if _would_be_listed(post, reading):
            return Judged(CheckState.MISSING, "it is not in the account's listing", doubles)
        return Judged(CheckState.UNVERIFIABLE, "the listing does not reach so far", doubles)
    if not same_caption(found.caption, post.caption):
        return Judged(CheckState.CHANGED, "its caption is another one", doubles, found.caption)
    return Judged(CheckState.VERIFIED, "", doubles)


def _would_be_listed(post: Asked, reading: Reading) -> bool:
    """The listing is newest first; what is pinned stands before that."""
    if reading.media_count is not None and len(reading.media) >= reading.media_count:
        return True
    return bool(reading.media) and made_at(reading.media[-1].pk) < made_at(post.pk)


def _doubles(post: Asked, reading: Reading, known: set[str]) -> tuple[str, ...]:
    others = (seen for seen in reading.media if seen.pk != post.pk and seen.pk not in known)
    return tuple(sorted(seen.pk for seen in others if _is_the_same(seen, post)))


def _is_the_same(seen: SeenMedia, post: Asked) -> bool:
    if post.permitted_at is None or post.duration_s is None or seen.duration_s is None:
        return False
    is_new = made_at(seen.pk) >= post.permitted_at - CLOCK_SLACK
    is_reel = seen.product_type in ("clips", "")
    is_as_long = abs(seen.duration_s - post.duration_s) <= LENGTH_SLACK_S
    return is_new and is_reel and is_as_long and same_caption(seen.caption, post.caption)
