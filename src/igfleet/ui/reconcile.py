"""What to conclude from looking at an account's media: was the post published or not? A pure function.

Never "the newest one", and never from one look: something alike may be seen before the post itself is. After several
good looks, over a time after the last moment at which the commit could arrive, published means exactly one new medium
that fits in time, length and caption; absent means nothing new that could be it, and a count that nothing else has
moved. What a person published meanwhile is left aside only when no fault can have made it of our post. Where Instagram
shows again what we called the upload, one look is enough: nothing else has that name. Everything else is looked at
again, and at last given to a person.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from igfleet.contracts.posts import Intent, Reading, SeenMedia, Verdict
from igfleet.contracts.states import PostState

_EPOCH_MS = 1314220021721
"""Media ids count milliseconds from here, shifted left by 23 bits."""
CLOCK_SLACK = timedelta(seconds=10)
_SITE_SLACK = timedelta(seconds=2)
"""Between two of Instagram's own clocks, one of which is told in whole seconds."""
_LISTING_LAG = timedelta(minutes=10)
"""What is older is in the count of a snapshot that shows nothing."""
LENGTH_SLACK_S = 0.5
_OTHER_LENGTH_S = 2.0
"""No encoding changes the length of a video by more. What lies between the two is neither ours nor another's."""
_GOOD_LOOKS = 3
_SPAN_PAUSES = 3
_BAD_LOOKS = 6
_MOST_LOOKS = 20
_MOST_REPUBLISHED = 2
_PINNED = 3
"""So many old media a listing may show before the newest."""
LONGEST_DOUBT = timedelta(hours=24)
_P = PostState


class Look(Reading):
    """A reading with the time at which the database received it."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Alike:
    """Another post of the account of which it is not known either if it is live."""

    caption: str
    duration_s: float


@dataclass(frozen=True, slots=True)
class Doubt:
    """All that is known of a post that may or may not be live."""

    intent: Intent
    caption: str
    permitted_at: datetime
    settle_until: datetime
    now: datetime
    claimed: frozenset[str]
    """Media that are other posts'."""
    readings: tuple[Look, ...]
    pause: timedelta
    republished: int
    is_restored: bool = False
    """It came out of a backup: whatever was published since `permitted_at` may be it, or any other of its account."""
    others: tuple[Alike, ...] = ()
    """Of a restored one: what else may have been published since."""


def conclude(doubt: Doubt) -> Verdict:
    """The verdict of all looks so far."""
    candidates = _candidates(doubt)
    own = _named(doubt)
    if own is not None:
        return Verdict(state=_P.PUBLISHED, media_pk=own, why="upload_id_shown")
    certain = {pk for pk, seen in candidates.items() if _fits(seen, doubt)}
    good = [look for look in doubt.readings if look.is_good and look.at >= doubt.settle_until]
    if len(certain) > 1 or any(_is_of_others(candidates[pk], doubt) for pk in certain):
        return Verdict(state=_P.NEEDS_PERSON, why="several_fit")
    if certain and _looked_enough(good, doubt.pause):
        return Verdict(state=_P.PUBLISHED, media_pk=certain.pop(), why="found")
    if doubt.now - _began(doubt) > LONGEST_DOUBT:
        return Verdict(state=_P.NEEDS_PERSON, why="too_old")
    if _looked_enough(good, doubt.pause) and (candidates or _is_sure_of_others(doubt, good)):
        return _after_enough(doubt, good, candidates)
    if sum(not look.is_good for look in doubt.readings) >= _BAD_LOOKS:
        return Verdict(state=_P.UNKNOWN, why="unreadable")
    return Verdict(state=_P.RECONCILING, look_again_after_s=_next_look(doubt), why="look_again")


def made_at(pk: str) -> datetime:
    """When a medium was created, from its id."""
    return datetime.fromtimestamp(((int(pk) >> 23) + _EPOCH_MS) / 1000, UTC)


def same_caption(one: str, other: str) -> bool:
    """Equal after what Instagram may change: Unicode form, line ends, blanks at the ends of lines."""
    return _normal(one) == _normal(other)


def _after_enough(doubt: Doubt, good: list[Look], candidates: dict[str, SeenMedia]) -> Verdict:
    if not candidates and _is_unmoved(doubt, good):
        if doubt.republished >= _MOST_REPUBLISHED:
            return Verdict(state=_P.NEEDS_PERSON, why="absent_again")
        return Verdict(state=_P.PLANNED, why="absent")
    if len(doubt.readings) >= _MOST_LOOKS or candidates:
        return Verdict(state=_P.NEEDS_PERSON, why="something_new")
    if doubt.is_restored:
        return Verdict(state=_P.NEEDS_PERSON, why="too_long_ago")
    return Verdict(state=_P.RECONCILING, look_again_after_s=_next_look(doubt), why="count_moved")


def _candidates(doubt: Doubt) -> dict[str, SeenMedia]:
    """New media, in any look, that are no other post's and may be it."""
    return {pk: seen for look in doubt.readings for pk, seen in _new(doubt, look) if not _is_anothers(seen, doubt)}


def _named(doubt: Doubt) -> str | None:
    """The new medium that Instagram shows under the name of our upload. That it shows none proves nothing."""
    new = (found for look in doubt.readings for found in _new(doubt, look))
    return next((pk for pk, seen in new if seen.upload_id == doubt.intent.upload_id), None)


def _began(doubt: Doubt) -> datetime:
    """A restored post is looked for when its turn comes, which may be long after the backup."""
    return max(doubt.settle_until, doubt.readings[0].at) if doubt.is_restored else doubt.settle_until


def _new(doubt: Doubt, look: Look) -> list[tuple[str, SeenMedia]]:
    """New media of one look that are no other post's."""
    known = set(doubt.intent.snapshot.pks) | doubt.claimed
    return [(seen.pk, seen) for seen in look.media if seen.pk not in known and _is_new(seen, doubt)]


def _is_new(seen: SeenMedia, doubt: Doubt) -> bool:
    """Not older than the snapshot: a listing may show more than the snapshot held."""
    return made_at(seen.pk) >= doubt.permitted_at - CLOCK_SLACK


def _is_anothers(seen: SeenMedia, doubt: Doubt) -> bool:
    """Surely not ours: made when no commit of ours could arrive any more, of quite another length, or no video; or
    another post of ours to the letter, and not this one."""
    if made_at(seen.pk) > doubt.settle_until + CLOCK_SLACK:
        return True
    if _is_of_others(seen, doubt) and not _fits(seen, doubt):
        return True
    if seen.duration_s is None:
        return seen.product_type not in ("clips", "")
    return abs(seen.duration_s - doubt.intent.duration_s) > _OTHER_LENGTH_S


def _fits(seen: SeenMedia, doubt: Doubt) -> bool:
    latest = doubt.settle_until + _site_lead(doubt) + CLOCK_SLACK
    return made_at(seen.pk) <= latest and _looks_like(seen, doubt.caption, doubt.intent.duration_s)


def _site_lead(doubt: Doubt) -> timedelta:
    """How far Instagram's clock is ahead of ours, at least: a look that arrived late shows less than there is."""
    told = [look.site_time - look.at for look in doubt.readings if look.site_time is not None]
    return max(told, default=timedelta())


def _is_of_others(seen: SeenMedia, doubt: Doubt) -> bool:
    return any(_looks_like(seen, other.caption, other.duration_s) for other in doubt.others)


def _looks_like(seen: SeenMedia, caption: str, duration_s: float) -> bool:
    right_length = seen.duration_s is not None and abs(seen.duration_s - duration_s) <= LENGTH_SLACK_S
    is_reel = seen.product_type in ("clips", "")
    return right_length and is_reel and same_caption(seen.caption, caption)


def _looked_enough(good: list[Look], pause: timedelta, times: int = 1) -> bool:
    span = pause * _SPAN_PAUSES * 0.9 * times
    return len(good) >= _GOOD_LOOKS * times and good[-1].at - good[0].at >= span


def _is_sure_of_others(doubt: Doubt, good: list[Look]) -> bool:
    """Beside what a person published meanwhile, absence needs twice the looks."""
    return _looked_enough(good, doubt.pause, 2) or not any(_new(doubt, look) for look in doubt.readings)


def _is_unmoved(doubt: Doubt, good: list[Look]) -> bool:
    """Beside what a person published meanwhile only a count that is known proves anything. Of a restored post no count
    is known: the looks must show all that was published since the backup."""
    if doubt.is_restored:
        return all(_reaches_back(doubt, look) for look in good)
    before = doubt.intent.snapshot.media_count
    has_others = any(_new(doubt, look) for look in doubt.readings)
    if before is None:
        return not has_others
    return all(
        not has_others
        if look.media_count is None
        else look.media_count <= before + _ours_since(doubt, look) + _others_since(doubt, look)
        for look in good
    )


def _reaches_back(doubt: Doubt, look: Look) -> bool:
    if len(look.media) == look.media_count:
        return True
    return sum(made_at(seen.pk) < doubt.permitted_at - CLOCK_SLACK for seen in look.media) > _PINNED


def _others_since(doubt: Doubt, look: Look) -> int:
    """Media of a person's hand that the snapshot has not counted.

    It may have counted one that it did not show, unless it shows all it counts, or Instagram's own clock says that the
    medium came later: then the count might hide the post.
    """
    snapshot = doubt.intent.snapshot
    is_whole = len(snapshot.pks) == snapshot.media_count
    counted_at = doubt.permitted_at + CLOCK_SLACK
    if snapshot.site_time is not None:
        counted_at = snapshot.site_time + _SITE_SLACK
    return sum(is_whole or made_at(pk) > counted_at for pk, _ in _new(doubt, look))


def _ours_since(doubt: Doubt, look: Look) -> int:
    """Other posts of ours that the snapshot neither showed nor counted: they were published a moment before it.

    Only of a snapshot that shows all it counts: else the count may be ahead of the listing, and hide the post itself.
    """
    shown = doubt.intent.snapshot.pks
    if len(shown) != doubt.intent.snapshot.media_count:
        return 0
    newest = max(map(made_at, shown), default=doubt.permitted_at - _LISTING_LAG)
    pks = {seen.pk for seen in look.media} & doubt.claimed - set(shown)
    return sum(made_at(pk) > newest for pk in pks)


def _next_look(doubt: Doubt) -> float:
    until_settled = (doubt.settle_until - doubt.now).total_seconds()
    return max(until_settled, doubt.pause.total_seconds()) if until_settled > 0 else doubt.pause.total_seconds()


def _normal(caption: str) -> str:
    text = unicodedata.normalize("NFC", caption).replace("\r\n", "\n")
    return re.sub(r"[ \t]+(?=\n|$)", "", text).strip()
