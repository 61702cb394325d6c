"""A run whose ledger and account live in memory. They work: posts change state, media appear."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self, cast

from pydantic import JsonValue

from igfleet.contracts.files import Purpose
from igfleet.contracts.leases import LeasedAccount, LeasedProxy
from igfleet.contracts.posts import (
    CommitKind,
    Intent,
    LeasedMedia,
    LeasedPost,
    Permit,
    PostOutcome,
    Reading,
    SeenMedia,
    Verdict,
)
from igfleet.contracts.states import PostState
from igfleet.contracts.tasks import Action
from igfleet.errors import NeedsPerson, NotNow, RunError
from igfleet.instagram.gateway import Instagram, Listing, Person, Prepared, Progress, Reel, SignIn
from igfleet.reasons import ReasonCode
from igfleet.runners.base import FindPerson

FIRST_PK = 3_400_000_000_000_000_000


def a_post(number: int = 1, **given: object) -> LeasedPost:
    media = LeasedMedia(id=number, name=f"clip_{number}.mp4", path=f"/media/{number}", sha256="a" * 64, size_bytes=1)
    fields: dict[str, object] = {
        "id": number,
        "position": number,
        "state": PostState.PLANNED,
        "media": media,
        "caption": f"Caption {number}",
        "upload_id": str(1_700_000_000_000 + number),
    }
    return LeasedPost.model_validate(fields | given)


def outcome(kind: CommitKind, reason: ReasonCode | None = None, **evidence: JsonValue) -> PostOutcome:
    return PostOutcome(kind=kind, reason=reason, message=f"{kind.value} {reason or ''}".strip(), evidence=evidence)


@dataclass(frozen=True)
class Uploaded:
    reel: Reel

    @property
    def upload_id(self) -> str:
        return self.reel.upload_id


@dataclass
class MemoryAccount:
    """A `Publisher` that publishes into a list. `answers` and `failing` script what comes next."""

    answers: list[PostOutcome] = field(default_factory=list)
    failing: dict[str, list[RunError]] = field(default_factory=dict)
    publishes_anyway: bool = False
    """The scripted answer is a lie: the reel is there nevertheless."""
    media: list[SeenMedia] = field(default_factory=list)
    prepared: list[Reel] = field(default_factory=list)
    commits: list[str] = field(default_factory=list)
    windows: list[timedelta] = field(default_factory=list)
    sign_ins: int = 0

    async def sign_in(self) -> SignIn:
        self.sign_ins += 1
        return SignIn.SIGNED_IN

    async def recent_media(self, count: int = 12) -> Listing:
        self._fail("recent_media")
        return Listing(tuple(self.media[:count]), len(self.media))

    async def prepare(self, reel: Reel, progress: Progress) -> Prepared:
        self._fail("prepare")
        assert reel.cover.read_bytes().startswith(b"\xff\xd8")
        self.prepared.append(reel)
        progress(1, 1)
        return Uploaded(reel)

    async def commit(self, prepared: Prepared, window: timedelta) -> PostOutcome:
        assert isinstance(prepared, Uploaded)
        self.commits.append(prepared.upload_id)
        self.windows.append(window)
        scripted = self.answers.pop(0) if self.answers else None
        if scripted is not None and not self.publishes_anyway:
            return scripted
        self.media.insert(0, self._new(prepared.reel))
        return scripted or PostOutcome(kind=CommitKind.PUBLISHED, media=self.media[0])

    async def close(self) -> None:
        """Nothing is open."""

    def _new(self, reel: Reel) -> SeenMedia:
        pk = str(FIRST_PK + len(self.media))
        return SeenMedia(pk=pk, code=f"C{pk}", taken_at=datetime.now(UTC), caption=reel.caption)

    def _fail(self, call: str) -> None:
        if self.failing.get(call):
            raise self.failing[call].pop(0)


@dataclass
class MemoryLedger:
    """A ledger that concludes after `readings_needed` good readings: published when something new is there."""

    states: dict[int, PostState]
    readings_needed: int = 3
    window: timedelta = timedelta(seconds=20)
    refusal: RunError | None = None
    events: list[str] = field(default_factory=list)
    intents: list[Intent] = field(default_factory=list)
    outcomes: list[PostOutcome] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)

    async def intent(self, post: LeasedPost, intent: Intent) -> None:
        self.events.append(f"intent {post.id}")
        self.intents.append(intent)

    async def permit(self, post: LeasedPost) -> Permit:
        if self.refusal:
            raise self.refusal
        assert self.states[post.id] is PostState.PLANNED, "a permit for a post in doubt"
        self.events.append(f"permit {post.id}")
        self.states[post.id] = PostState.PUBLISHING
        return Permit(post_id=post.id, window_ms=int(self.window.total_seconds() * 1000))

    async def sending(self, post: LeasedPost) -> None:
        self.events.append(f"sending {post.id}")

    async def outcome(self, post: LeasedPost, outcome: PostOutcome) -> None:
        self.events.append(f"{outcome.kind.value} {post.id}")
        self.outcomes.append(outcome)
        after = {
            CommitKind.PUBLISHED: PostState.PUBLISHED,
            CommitKind.UNKNOWN: PostState.UNKNOWN,
            CommitKind.SIMULATED: PostState.SIMULATED,
            CommitKind.REFUSED: outcome.post_state or PostState.FAILED,
        }
        self.states[post.id] = after.get(outcome.kind, PostState.PLANNED)

    async def reading(self, post: LeasedPost, reading: Reading) -> Verdict:
        self.readings.append(reading)
        good = sum(each.is_good for each in self.readings)
        if good < self.readings_needed:
            return Verdict(state=PostState.RECONCILING)
        known = self.intents[-1].snapshot.pks if self.intents else ()
        new = [media for media in reading.media if media.pk not in known]
        self.states[post.id] = PostState.PUBLISHED if new else PostState.PLANNED
        return Verdict(state=self.states[post.id], media_pk=new[0].pk if new else None)


@dataclass
class MemoryRun:
    """A `RunContext` in memory. Pauses are noted, not slept."""

    posts: tuple[LeasedPost, ...]
    clip: Path
    folder: Path
    account: LeasedAccount = field(default_factory=lambda: LeasedAccount(id=1, username="nord_01"))
    driven: MemoryAccount = field(default_factory=MemoryAccount)
    share: dict[str, JsonValue] = field(default_factory=dict)
    media: tuple[LeasedMedia, ...] = ()
    proxy: LeasedProxy | None = None
    is_dry: bool = False
    attempt: int = 1
    draw: random.Random = field(default_factory=lambda: random.Random(1))
    reconcile_pause: timedelta = timedelta(seconds=20)
    fetching: Callable[[LeasedMedia], Path] | None = None
    stopping: RunError | None = None
    counters: dict[str, int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    pauses: list[tuple[float, float]] = field(default_factory=list)
    memory: dict[str, JsonValue] = field(default_factory=dict)
    result: dict[str, JsonValue] = field(default_factory=dict)
    spent: list[Action] = field(default_factory=list)
    refusals: dict[Action, NotNow] = field(default_factory=dict)
    """What the ui answers when such an act is to be paid for."""
    files: dict[str, bytes] = field(default_factory=dict)
    """What was stored, by name."""
    being_looked_up: set[str] = field(default_factory=set)
    """Names that another account takes too long to find."""

    @property
    def shelf(self) -> Path:
        return self.folder

    def __post_init__(self) -> None:
        self.ledger = MemoryLedger({post.id: post.state for post in self.posts})

    async def publisher(self) -> MemoryAccount:
        return self.driven

    async def instagram(self) -> Instagram:
        return cast(Instagram, self.driven)

    async def spend(self, action: Action) -> None:
        assert not self.is_dry, "an act in a dry-run"
        if action in self.refusals:
            raise self.refusals[action]
        self.spent.append(action)

    async def store(self, path: Path, name: str, *, purpose: Purpose, **_: object) -> LeasedMedia:
        assert purpose is Purpose.PICTURE
        self.files[name] = path.read_bytes()
        stored = self.stored(name)
        assert stored is not None
        return stored

    def stored(self, name: str) -> LeasedMedia | None:
        if name not in self.files:
            return None
        key = 100 + list(self.files).index(name)
        return LeasedMedia(id=key, name=name, path=f"/media/{key}", sha256="b" * 64, size_bytes=1)

    async def look_up(self, username: str, find: FindPerson) -> Person | None:
        return None if username in self.being_looked_up else await find()

    async def fetch(self, media: LeasedMedia) -> Path:
        return self.fetching(media) if self.fetching else self.clip

    def log(self, event: str, text: str, *, level: str = "info", **fields: JsonValue) -> None:
        self.lines.append(event)

    def count(self, name: str, amount: int = 1) -> None:
        self.counters[name] = self.counters.get(name, 0) + amount

    def step(self, text: str) -> None:
        self.steps.append(text)

    async def pause(self, low_s: float, high_s: float) -> None:
        self.pauses.append((low_s, high_s))
        self.stop_if_asked()

    def remember(self, name: str, value: JsonValue) -> None:
        self.memory[name] = value

    def recall(self, name: str) -> JsonValue:
        return self.memory.get(name)

    def conclude(self, **facts: JsonValue) -> None:
        self.result |= facts

    def again(self) -> Self:
        """The next attempt of the same account task: only what was remembered is left of this one."""
        kept = {"memory": self.memory, "files": self.files, "counters": self.counters}
        return replace(self, attempt=self.attempt + 1, result={}, draw=random.Random(1), **kept)

    def stop_if_asked(self) -> None:
        if self.stopping:
            raise self.stopping


CHECKPOINT = NeedsPerson("locked", ReasonCode.CHECKPOINT_REQUIRED)
