"""How long posts that were under way took to recover, by what went wrong."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from igfleet.chaos.times import Times
from igfleet.contracts.states import PostState

_SETTLED = (PostState.PUBLISHED, PostState.PLANNED, PostState.FAILED, PostState.NEEDS_PERSON)
_AFTER_PERMIT = (PostState.PUBLISHING, PostState.UNKNOWN, PostState.RECONCILING)


@dataclass(frozen=True, slots=True)
class Hit:
    """A fault and the leases that were running where it struck."""

    event: str
    at: datetime
    leases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recovery:
    """Of the posts that a lease held when it was hit."""

    before_permit: Times
    """Until the post is planned again."""
    after_permit: Times
    """Until it is settled: published, planned, failed, or a person's."""


def recoveries(hits: Sequence[Hit], history: Iterable[Any]) -> Mapping[str, Recovery]:
    """By event. `history` holds each post's moves in their order."""
    moves = defaultdict[int, list[Any]](list)
    posts_of = defaultdict[str, set[int]](set)
    for row in history:
        moves[row["post_id"]].append(row)
        posts_of[row["actor"].rpartition("lease:")[2]].add(row["post_id"])
    before, after = defaultdict[str, list[float]](list), defaultdict[str, list[float]](list)
    for hit in hits:
        for lease in hit.leases:
            for post in posts_of[lease]:
                _add(hit, lease, moves[post], before[hit.event], after[hit.event])
    return {name: Recovery(Times.of(before[name]), Times.of(after[name])) for name in sorted(before)}


def _add(hit: Hit, lease: str, moves: Sequence[Any], before: list[float], after: list[float]) -> None:
    """What the fault cost this post, if it was under way under that lease."""
    past = [row for row in moves if row["at"] <= hit.at]
    if not past or not past[-1]["actor"].endswith(lease):
        return
    later = moves[len(past) :]
    if past[-1]["became"] == PostState.PREPARING:
        if later and later[0]["became"] == PostState.PLANNED:  # else it was not hurt
            before.append((later[0]["at"] - hit.at).total_seconds())
    elif past[-1]["became"] in _AFTER_PERMIT:
        settled = next((row["at"] for row in later if row["became"] in _SETTLED), None)
        if settled is not None:
            after.append((settled - hit.at).total_seconds())
