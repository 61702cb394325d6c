"""What accounts did besides publishing: likes, seen stories, follows, edits of the profile, new pictures."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum

from pydantic import JsonValue

from igfleet import clock
from igfleet.sandbox.messages import Request
from igfleet.sandbox.store import Store


class ActKind(StrEnum):
    LIKE = "like"
    UNLIKE = "unlike"
    STORY = "story"
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"
    EDIT = "profile_edit"
    AVATAR = "avatar"


_OPPOSITE = {ActKind.UNLIKE: ActKind.LIKE, ActKind.UNFOLLOW: ActKind.FOLLOW}
_STANDS = {ActKind.LIKE, ActKind.STORY, ActKind.FOLLOW}
"""What can be done only once, until it is taken back."""
_LISTS = {
    ActKind.LIKE: "likes",
    ActKind.UNLIKE: "unlikes",
    ActKind.STORY: "seen_stories",
    ActKind.FOLLOW: "follows",
    ActKind.UNFOLLOW: "unfollows",
    ActKind.EDIT: "profile_edits",
    ActKind.AVATAR: "avatars",
}


@dataclass
class Act:
    """One act, with the proof of how it came about."""

    number: int
    kind: str
    account: str
    target: str
    """The id of a medium, a user name, or the name of what was edited."""
    at: str
    """ISO 8601, UTC."""
    device: str
    proxy: str
    is_repeat: bool
    """It was done already: nothing changed."""
    facts: dict[str, JsonValue]

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.at)


@dataclass
class Acts:
    """All acts in order, kept in the store, and what stands because of them."""

    store: Store
    all: list[Act] = field(default_factory=list)
    _standing: dict[tuple[str, str, str], Act] = field(default_factory=dict)

    def load(self) -> None:
        """Read back what an earlier process recorded."""
        rows = (Act(**row) for row in self.store.all("act"))  # type: ignore[arg-type]  # written by `note`
        for act in sorted(rows, key=lambda act: act.number):
            self._take(act)

    def note(self, kind: ActKind, request: Request, target: str, **facts: JsonValue) -> Act:
        """Record an act of the account that asks."""
        account = request.account or ""
        act = Act(
            number=len(self.all) + 1,
            kind=kind,
            account=account,
            target=target,
            at=clock.now().isoformat(),
            device=request.headers.get("x-ig-device-id", ""),
            proxy=request.proxy,
            is_repeat=kind in _STANDS and self.standing(kind, account, target) is not None,
            facts=facts,
        )
        self._take(act)
        self.store.put("act", str(act.number), asdict(act))
        return act

    def standing(self, kind: ActKind, account: str, target: str) -> Act | None:
        """The act that holds now: the account likes it, has seen it, follows them."""
        return self._standing.get((kind, account, target))

    def of(self, account: str, *kinds: ActKind) -> Iterator[Act]:
        """The account's acts of these kinds, newest first."""
        return (act for act in reversed(self.all) if act.account == account and act.kind in kinds)

    def count(self, kind: ActKind, target: str) -> int:
        """How many accounts' act upon this target holds."""
        return sum(key[0] == kind and key[2] == target for key in self._standing)

    def clear(self) -> None:
        self.all.clear()
        self._standing.clear()

    def shown(self) -> dict[str, JsonValue]:
        """For the control API: a list for each kind, and the repeats once more by themselves."""
        lists: dict[str, list[JsonValue]] = {name: [] for name in (*_LISTS.values(), "repeats")}
        for act in self.all:
            lists[_LISTS[ActKind(act.kind)]].append(_row(act))
            if act.is_repeat:
                lists["repeats"].append(_row(act))
        return {**lists}

    def _take(self, act: Act) -> None:
        self.all.append(act)
        kind = ActKind(act.kind)
        if kind in _STANDS:
            self._standing.setdefault((kind, act.account, act.target), act)
        elif kind in _OPPOSITE:
            self._standing.pop((_OPPOSITE[kind], act.account, act.target), None)


def _row(act: Act) -> dict[str, JsonValue]:
    told: dict[str, JsonValue] = asdict(act)
    facts = told.pop("facts")
    return {**told, **(facts if isinstance(facts, dict) else {})}
