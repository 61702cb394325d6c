"""How long posts that were under way took to recover, by what went wrong."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from igfleet.chaos.times import Times
from igfleet.contracts.states import PostState

_SETTLED = (PostState.PUBLISHED, PostState.PLANNED, PostState.FAILED, PostState.NEEDS_PERSON)
_AFTER_PERMIT = (PostState.PUBLISHING, PostState.UNKNOWN, PostState.RECONCILING)


@dataclass(slots=True)
class Hit:
    """A fault and the leases that were running where it struck."""

    event: str
    at: datetime
    leases: tuple[str, ...]
    workers: frozenset[int] | None
    """Whom it struck; None: all, as the ui or the database was away."""
    until: datetime | None = None
    """When it was over; None: still going on."""

    def meets(self, other: "Hit", end: datetime) -> bool:
        """Whether this fault struck the same place while `other` was being recovered from, which ended at `end`."""
        in_time = self.at <= end and (self.until is None or self.until >= other.at)
        return in_time and (self.workers is None or other.workers is None or bool(self.workers & other.workers))


@dataclass(frozen=True, slots=True)
class Recovery:
    """Of the posts that a lease held when it was hit."""

    before_permit: Times
    """Until the post is planned again, while no other fault struck the same worker, the ui or the database."""
    before_permit_beset: Times
    """The same, where another did."""
    after_permit: Times
    """Until it is settled: published, planned, failed, or a person's; whatever else struck."""


def recoveries(hits: Sequence[Hit], history: Iterable[Any]) -> Mapping[str, Recovery]:
    """By event. `history` holds each post's moves in their order."""
    moves = defaultdict[int, list[Any]](list)
    posts_of = defaultdict[str, set[int]](set)
    for row in history:
        moves[row["post_id"]].append(row)
        posts_of[row["actor"].rpartition("lease:")[2]].add(row["post_id"])
    found = {hit.event: _Found() for hit in hits}
    for hit in hits:
        others = [one for one in hits if one is not hit]
        for lease in hit.leases:
            for post in posts_of[lease]:
                _add(hit, lease, moves[post], others, found[hit.event])
    return {name: found[name].counted() for name in sorted(found)}


@dataclass(slots=True)
class _Found:
    """Seconds of each recovery."""

    alone: list[float] = field(default_factory=list)
    beset: list[float] = field(default_factory=list)
    after: list[float] = field(default_factory=list)

    def counted(self) -> Recovery:
        return Recovery(Times.of(self.alone), Times.of(self.beset), Times.of(self.after))


def _add(hit: Hit, lease: str, moves: Sequence[Any], others: Sequence[Hit], found: _Found) -> None:
    """What the fault cost this post, if it was under way under that lease."""
    past = [row for row in moves if row["at"] <= hit.at]
    if not past or not past[-1]["actor"].endswith(lease):
        return
    later = moves[len(past) :]
    if past[-1]["became"] == PostState.PREPARING:
        if later and later[0]["became"] == PostState.PLANNED:  # else it was not hurt
            end = later[0]["at"]
            is_beset = any(one.meets(hit, end) for one in others)
            (found.beset if is_beset else found.alone).append((end - hit.at).total_seconds())
    elif past[-1]["became"] in _AFTER_PERMIT:
        settled = next((row["at"] for row in later if row["became"] in _SETTLED), None)
        if settled is not None:
            found.after.append((settled - hit.at).total_seconds())
