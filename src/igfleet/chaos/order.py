"""What a campaign is to do: how many posts, and what goes wrong meanwhile. The seed fixes which, in which order."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from igfleet.chaos.worker import Client, Without


class Event(StrEnum):
    """Something that goes wrong."""

    RUNNER_KILLED = "runner killed"
    WORKER_KILLED = "worker killed"
    WORKER_FROZEN = "worker frozen"
    WORKER_FROZEN_TWICE = "worker frozen twice"
    UI_KILLED = "ui killed"
    DATABASE_CRASHED = "database crashed"
    PARTITION = "partition"
    SLOW_LINE = "slow line"
    ANSWER_LOST = "answer lost"
    NEVER_ARRIVED = "never arrived"
    ODD_ANSWER = "odd answer"
    SEEN_LATE = "seen late"
    BY_HAND = "posted by hand"


_WORKER_SHARE = 20
"""One kill in so many is of a whole worker."""
_TWICE_SHARE = 4
_LAST = 0.95
"""No fault begins later: the rest of the campaign shows that everything comes to rest."""


@dataclass(frozen=True, slots=True)
class Order:
    """`faults` of the platform: lost, late and odd answers."""

    posts: int
    seed: int
    kills: int = 0
    freezes: int = 0
    ui_kills: int = 0
    db_crashes: int = 0
    partitions: int = 0
    faults: int = 0
    by_hand: int = 0
    workers: int = 3
    slots: int = 6
    lease_s: float = 4.0
    client: Client = Client.LEAN
    without: Without = Without.NOTHING
    linger_s: float = 0
    """How long each commit waits between the look at the clock and its first byte, so that freezes hit it there."""
    timeout_s: float = 900
    stops_at_duplicate: bool = False
    """The first duplicate is enough: what is left is not waited for."""

    @property
    def per_account(self) -> int:
        """Posts of one account: as many as there are different videos."""
        return min(10, self.posts)

    @property
    def accounts(self) -> int:
        return -(-self.posts // self.per_account)

    def script(self) -> Sequence[tuple[float, Event]]:
        """When each event begins, as a share of the posts that are done. The same seed gives the same script."""
        draw = random.Random(self.seed)
        workers = self.kills // _WORKER_SHARE
        twice = self.freezes // _TWICE_SHARE
        platform = (Event.ANSWER_LOST, Event.NEVER_ARRIVED, Event.ODD_ANSWER, Event.SEEN_LATE)
        events = [
            *[Event.WORKER_KILLED] * workers,
            *[Event.RUNNER_KILLED] * (self.kills - workers),
            *[Event.WORKER_FROZEN_TWICE] * twice,
            *[Event.WORKER_FROZEN] * (self.freezes - twice),
            *[Event.UI_KILLED] * self.ui_kills,
            *[Event.DATABASE_CRASHED] * self.db_crashes,
            *[Event.SLOW_LINE] * (self.partitions // 2),
            *[Event.PARTITION] * (self.partitions - self.partitions // 2),
            *(draw.choice(platform) for _ in range(self.faults)),
            *[Event.BY_HAND] * self.by_hand,
        ]
        return sorted((draw.uniform(0, _LAST), event) for event in events)
