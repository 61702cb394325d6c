"""What a campaign came to: the ui's tables beside the sandbox's ledger, which cannot be talked into anything."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import asyncpg

from igfleet.chaos.recovery import Hit, Recovery, recoveries
from igfleet.chaos.times import Times
from igfleet.contracts.states import POST_MOVES, PostState
from igfleet.sandbox.by_hand import DEVICE

_POSTS = """
SELECT p.id, o.username AS account, p.upload_id, p.media_sha256, p.state, p.media_pk, p.reason_code
FROM posts p JOIN accounts o ON o.id = p.account_id WHERE p.task_id = $1
"""
_HISTORY = """
SELECT h.post_id, h.at, h.was, h.became, h.actor FROM post_history h JOIN posts p ON p.id = h.post_id
WHERE p.task_id = $1 ORDER BY h.post_id, h.id
"""
_QUARANTINED = "SELECT count(*) FROM account_tasks WHERE task_id = $1 AND reason_code = 'quarantined'"
_SHOWN = 20


@dataclass(frozen=True)
class Verdict:
    """`lost`, `duplicated`, `unexpected`, `recovered` and what stands behind them."""

    posts: int
    published: int
    lost: int
    """Said to be published and not there, or there and not said to be."""
    duplicated: int
    unexpected: int
    """Anything else that must not happen: a wrong media id, overlaps, leaks, posts that failed without a refusal."""
    recovered: int
    """Posts that went through a fault and ended published."""
    unresolved: int
    """Neither over nor waiting for a person when the time was up."""
    needs_person: int
    false_quarantines: int
    unknowns: int
    """How often it was not known whether a post was published."""
    settled_by_reading: int
    taken_up_again: Times
    """From the end of a run before the permit until another prepares the post."""
    doubts: Times
    """From the doubt to its verdict."""
    recovery: Mapping[str, Recovery] = field(default_factory=dict)
    """By what went wrong."""
    moves: Mapping[str, int] = field(default_factory=dict)
    """Transitions of posts that happened, and how often."""
    unexercised: Sequence[str] = ()
    """Transitions that the state table allows and that did not happen."""
    examples: Sequence[str] = ()

    @property
    def is_good(self) -> bool:
        return not (self.lost or self.duplicated or self.unexpected or self.unresolved or self.false_quarantines)

    def facts(self) -> dict[str, Any]:
        return {**asdict(self), "is_good": self.is_good}


async def judge(url: str, task_id: int, ledger: Mapping[str, Any], hits: Sequence[Hit] = ()) -> Verdict:
    """Compare. `ledger` is the sandbox's answer to `GET /v1/ledger`."""
    connection = await asyncpg.connect(url)
    try:
        posts = await connection.fetch(_POSTS, task_id)
        history = await connection.fetch(_HISTORY, task_id)
        quarantined = await connection.fetchval(_QUARANTINED, task_id)
    finally:
        await connection.close()
    ours = [medium for medium in ledger["media"] if medium["device"] != DEVICE]
    by_upload = {(medium["account"], medium["upload_id"]): str(medium["pk"]) for medium in ours}
    lost = [_named(post) for post in posts if _is_lost(post, by_upload)]
    doubled = _doubled(ours)
    odd = [*_odd(posts, by_upload), *_breaches(ledger)]
    states = Counter(post["state"] for post in posts)
    hurt = _hurt(history)
    moves = dict(sorted(Counter(f"{row['was']} → {row['became']}" for row in history).items()))
    return Verdict(
        posts=len(posts),
        published=states[PostState.PUBLISHED],
        lost=len(lost),
        duplicated=len(doubled),
        unexpected=len(odd),
        recovered=sum(post["id"] in hurt and post["state"] == PostState.PUBLISHED for post in posts),
        unresolved=sum(not _is_at_rest(PostState(post["state"])) for post in posts),
        needs_person=states[PostState.NEEDS_PERSON],
        false_quarantines=quarantined,
        unknowns=sum(row["became"] == PostState.UNKNOWN and row["was"] == PostState.PUBLISHING for row in history),
        settled_by_reading=sum(row["was"] == PostState.RECONCILING and row["became"] in _SETTLED for row in history),
        taken_up_again=Times.of(_spans(history, (PostState.PREPARING, PostState.PLANNED), PostState.PREPARING)),
        doubts=Times.of(_doubts(history)),
        recovery=recoveries(hits, history),
        moves=moves,
        unexercised=[move for move in _ALLOWED if move not in moves],
        examples=[*lost, *doubled, *odd][:_SHOWN],
    )


_SETTLED = (PostState.PUBLISHED, PostState.PLANNED)
_ALLOWED = [f"{was} → {became}" for was in PostState for became in PostState if became in POST_MOVES[was]]


def _is_lost(post: Any, by_upload: Mapping[tuple[str, str], str]) -> bool:
    is_there = (post["account"], post["upload_id"]) in by_upload
    if post["state"] == PostState.PUBLISHED:
        return not is_there
    return is_there and PostState(post["state"]).is_final


def _doubled(ours: Sequence[Mapping[str, Any]]) -> list[str]:
    counts = Counter((medium["account"], medium["sha256"]) for medium in ours)
    return [f"{account}: {sha256[:12]} {count} times" for (account, sha256), count in counts.items() if count > 1]


def _odd(posts: Sequence[Any], by_upload: Mapping[tuple[str, str], str]) -> list[str]:
    odd = []
    for post in posts:
        pk = by_upload.get((post["account"], post["upload_id"]))
        if post["state"] == PostState.PUBLISHED and pk is not None and post["media_pk"] != pk:
            odd.append(f"{_named(post)}: media {post['media_pk']} instead of {pk}")
        if post["state"] == PostState.FAILED:
            odd.append(f"{_named(post)}: {post['reason_code']}")
    return odd


def _breaches(ledger: Mapping[str, Any]) -> list[str]:
    overlaps = [f"overlap on {one['account']}: {one['path']}" for one in ledger["overlaps"]]
    return [*overlaps, *(f"leak to {host}" for host in ledger["leaks"])]


def _is_at_rest(state: PostState) -> bool:
    return state.is_final or state is PostState.NEEDS_PERSON


def _hurt(history: Sequence[Any]) -> set[int]:
    """Posts that something went wrong with."""
    back = (PostState.PLANNED, PostState.UNKNOWN)
    return {row["post_id"] for row in history if row["became"] in back}


def _spans(history: Sequence[Any], begins: tuple[str, str], ends: str) -> list[float]:
    """From one move of a post to its next that ends in a state."""
    found, since = [], dict[int, datetime]()
    for row in history:
        if (row["was"], row["became"]) == begins:
            since[row["post_id"]] = row["at"]
        elif row["became"] == ends and row["post_id"] in since:
            found.append((row["at"] - since.pop(row["post_id"])).total_seconds())
    return found


def _doubts(history: Sequence[Any]) -> list[float]:
    """From a post's becoming unknown until it is published, planned or a person's."""
    found, since = [], dict[int, datetime]()
    for row in history:
        if row["became"] == PostState.UNKNOWN:
            since.setdefault(row["post_id"], row["at"])
        elif row["became"] != PostState.RECONCILING and row["post_id"] in since:
            found.append((row["at"] - since.pop(row["post_id"])).total_seconds())
    return found


def _named(post: Any) -> str:
    return f"post {post['id']} of {post['account']} ({post['state']})"
