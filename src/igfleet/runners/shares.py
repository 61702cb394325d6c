"""Shares: what the plan of a kind gives to each account task. Pure values, so that a preview is what runs."""

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from pydantic import JsonValue


@dataclass(frozen=True, slots=True)
class PlanAccount:
    """An account that takes part."""

    id: int
    username: str
    proxy_id: int | None = None
    session_age: timedelta | None = None
    """Since its session by the order's method was stored; None without one."""


@dataclass(frozen=True, slots=True)
class PlanProxy:
    """A proxy of an account that takes part, or one that the order names."""

    name: str
    accounts: Sequence[str] = ()
    """The user names of all accounts that leave through it, chosen or not."""


@dataclass(frozen=True, slots=True)
class PlanMedium:
    """A file of the order."""

    id: int
    name: str
    kind: str
    """`video` or `image`."""
    duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class PlanTarget:
    """Somebody to follow, of a list that the options name."""

    id: int
    username: str
    """In lower case."""
    trouble: str = ""
    """Why nobody can follow them, by its reason code."""


@dataclass(frozen=True, slots=True)
class PlanInput:
    """An order as a kind plans it: who takes part, with which files, and the seed of all that is drawn."""

    accounts: Sequence[PlanAccount]
    media: Sequence[PlanMedium]
    seed: int
    proxies: Mapping[int, PlanProxy] = field(default_factory=dict)
    """By id, for kinds about proxies."""
    targets: Sequence[PlanTarget] = ()
    """Of kinds whose options name a list of them."""
    settled: Mapping[int, Collection[int]] = field(default_factory=dict)
    """By account: the targets that it follows already, has asked, or was refused by."""

    def draw(self, *place: object) -> random.Random:
        """Random numbers that depend on the seed and the place in the plan only."""
        return random.Random(":".join(map(str, (self.seed, *place))))  # repeatable choice, no secret


@dataclass(frozen=True, slots=True)
class Share:
    """One account task. It is about an account, or about a file or a proxy named in `facts`."""

    account_id: int | None
    title: str
    """What the preview and the result table call it."""
    facts: Mapping[str, JsonValue] = field(default_factory=dict)
    media_ids: tuple[int, ...] = ()
    proxy_id: int | None = None
    """The proxy that it is about; an account's own proxy needs no naming."""
    note: str = ""
    """Worth knowing about it, in a sentence. With `is_left_out` the reason why nothing is done."""
    is_left_out: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """One account task that completed, as `Runner.undo` reads it."""

    account_id: int | None
    title: str
    """The user name, or what else it was about."""
    share: Mapping[str, JsonValue]
    result: Mapping[str, JsonValue]
    """What the run told by `conclude`: the values of before are among it."""


@dataclass(frozen=True, slots=True)
class Undoing:
    """A new order of the same kind that sets things back. Everything else is taken over from the task it undoes."""

    options: Mapping[str, JsonValue]
    """The options that differ."""
    account_ids: tuple[int, ...]
    media_ids: tuple[int, ...] = ()
    """Files of the library, in the order in which the kind deals them out to the accounts."""


def for_each_account(order: PlanInput) -> Iterator[Share]:
    """One share for each account, with nothing in it."""
    for account in order.accounts:
        yield Share(account.id, account.username)
