"""The states of account tasks, tasks, posts, challenges and accounts: one table each, and who may become what."""

from collections.abc import Mapping
from enum import StrEnum


class AccountTaskState(StrEnum):
    """Where one account's share of a task stands."""

    SCHEDULED = "scheduled"
    """Waits for a time."""
    AVAILABLE = "available"
    """May be claimed as soon as it is the first of its account."""
    RUNNING = "running"
    """Leased to a worker."""
    RETRYABLE = "retryable"
    """Failed in a way that another attempt may mend; waits for its time."""
    SUSPENDED = "suspended"
    """Waits for a person."""
    COMPLETED = "completed"
    DISCARDED = "discarded"
    """Given up."""
    CANCELLED = "cancelled"

    def may_become(self, state: "AccountTaskState") -> bool:
        return state in ACCOUNT_TASK_MOVES[self]

    @property
    def is_final(self) -> bool:
        """Final states are left only by a person's verb."""
        return self in FINAL_ACCOUNT_TASK_STATES


_A = AccountTaskState
ACCOUNT_TASK_MOVES: Mapping[AccountTaskState, frozenset[AccountTaskState]] = {
    _A.SCHEDULED: frozenset({_A.AVAILABLE, _A.CANCELLED}),
    _A.AVAILABLE: frozenset({_A.RUNNING, _A.CANCELLED, _A.SUSPENDED}),
    _A.RUNNING: frozenset(
        {_A.COMPLETED, _A.RETRYABLE, _A.SCHEDULED, _A.SUSPENDED, _A.AVAILABLE, _A.DISCARDED, _A.CANCELLED}
    ),
    _A.RETRYABLE: frozenset({_A.AVAILABLE, _A.CANCELLED, _A.SUSPENDED}),
    _A.SUSPENDED: frozenset({_A.AVAILABLE, _A.CANCELLED, _A.COMPLETED, _A.DISCARDED}),
    _A.COMPLETED: frozenset(),
    _A.DISCARDED: frozenset({_A.AVAILABLE}),
    _A.CANCELLED: frozenset(),
}
FINAL_ACCOUNT_TASK_STATES = frozenset({_A.COMPLETED, _A.DISCARDED, _A.CANCELLED})


class TaskState(StrEnum):
    """Where one order stands. Derived from its account tasks, never posted."""

    DRAFT = "draft"
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    PARTIALLY_COMPLETED = "partially_completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self in {self.COMPLETED, self.PARTIALLY_COMPLETED, self.FAILED, self.CANCELLED}


class PostState(StrEnum):
    """Where one post stands (one video on one account at one time)."""

    PLANNED = "planned"
    PREPARING = "preparing"
    """A worker uploads its bytes. Nothing is visible yet."""
    PUBLISHING = "publishing"
    """The permit for the one irreversible call is given."""
    PUBLISHED = "published"
    UNKNOWN = "unknown"
    """The call may have been sent and no answer settles whether it worked."""
    RECONCILING = "reconciling"
    """A worker reads the account's own media to settle it."""
    NEEDS_PERSON = "needs_person"
    SIMULATED = "simulated"
    """Of a dry-run: everything was done but the irreversible call."""
    FAILED = "failed"
    CANCELLED = "cancelled"

    def may_become(self, state: "PostState") -> bool:
        return state in POST_MOVES[self]

    @property
    def is_final(self) -> bool:
        return self in {self.PUBLISHED, self.SIMULATED, self.FAILED, self.CANCELLED}

    @property
    def is_doubtful(self) -> bool:
        """The post may be live. It is never sent again in these states."""
        return self in {self.PUBLISHING, self.UNKNOWN, self.RECONCILING, self.NEEDS_PERSON}


_P = PostState
POST_MOVES: Mapping[PostState, frozenset[PostState]] = {
    _P.PLANNED: frozenset({_P.PREPARING, _P.CANCELLED, _P.FAILED, _P.UNKNOWN}),
    _P.PREPARING: frozenset({_P.PLANNED, _P.PUBLISHING, _P.SIMULATED, _P.FAILED, _P.CANCELLED}),
    _P.PUBLISHING: frozenset({_P.PUBLISHED, _P.UNKNOWN, _P.PLANNED, _P.FAILED}),
    _P.PUBLISHED: frozenset(),
    _P.SIMULATED: frozenset(),
    _P.UNKNOWN: frozenset({_P.RECONCILING, _P.NEEDS_PERSON, _P.PUBLISHED}),
    _P.RECONCILING: frozenset({_P.PUBLISHED, _P.PLANNED, _P.UNKNOWN, _P.NEEDS_PERSON}),
    _P.NEEDS_PERSON: frozenset({_P.PUBLISHED, _P.PLANNED, _P.FAILED}),
    _P.FAILED: frozenset({_P.PLANNED}),
    _P.CANCELLED: frozenset(),
}


class ChallengeState(StrEnum):
    """Where a challenge of an account stands. At most one of an account is open or answered."""

    OPEN = "open"
    """Waits for a person."""
    ANSWERED = "answered"
    """A code was entered, or a person says that it is settled; a run has still to see whether that holds."""
    VERIFIED = "verified"
    """A run has signed in after it."""
    REFUSED = "refused"
    """Instagram took neither the codes nor the person's word."""
    SKIPPED = "skipped"
    EXPIRED = "expired"
    """Overtaken by another one."""

    def may_become(self, state: "ChallengeState") -> bool:
        return state in CHALLENGE_MOVES[self]

    @property
    def is_live(self) -> bool:
        return self in {self.OPEN, self.ANSWERED}


_C = ChallengeState
CHALLENGE_MOVES: Mapping[ChallengeState, frozenset[ChallengeState]] = {
    _C.OPEN: frozenset({_C.ANSWERED, _C.VERIFIED, _C.REFUSED, _C.SKIPPED, _C.EXPIRED}),
    _C.ANSWERED: frozenset({_C.OPEN, _C.VERIFIED, _C.REFUSED, _C.SKIPPED, _C.EXPIRED}),
    _C.VERIFIED: frozenset(),
    _C.REFUSED: frozenset(),
    _C.SKIPPED: frozenset(),
    _C.EXPIRED: frozenset(),
}


class AccountStatus(StrEnum):
    """What igfleet knows of an account. A network or proxy fault never changes it."""

    ACTIVE = "active"
    LIMITED = "limited"
    BLOCKED = "blocked"
    SUSPENDED = "suspended"
    PHONE_VERIFICATION_REQUIRED = "phone_verification_required"
    HUMAN_VERIFICATION_REQUIRED = "human_verification_required"
    INACTIVE = "inactive"

    @property
    def may_run(self) -> bool:
        return self in {self.ACTIVE, self.LIMITED}


class ProxyState(StrEnum):
    """What the last check or run said of a proxy."""

    UNCHECKED = "unchecked"
    OK = "ok"
    FAILING = "failing"
    DISABLED = "disabled"


class WorkerState(StrEnum):
    """Derived from a worker's last heartbeat (15 s: late, 60 s: lost) and its drain flag."""

    ONLINE = "online"
    LATE = "late"
    LOST = "lost"
    DRAINING = "draining"
    STOPPED = "stopped"


class MediaState(StrEnum):
    PROBING = "probing"
    READY = "ready"
    """Publishable as it is."""
    UNPUBLISHABLE = "unpublishable"
    """Readable, but outside the target's limits; its problems say how."""
    BROKEN = "broken"
    """Not a video or picture that can be read."""


class CheckState(StrEnum):
    """Where one look at a published post stands: is it still there, as it was asked for?"""

    DUE = "due"
    """Its time has not come, or no look succeeded yet."""
    VERIFIED = "verified"
    CHANGED = "changed"
    """It is there, with another caption."""
    MISSING = "missing"
    """Two looks in a row did not find it."""
    UNVERIFIABLE = "unverifiable"
    """Nobody could look, or the look does not reach so far; the reason says why."""


class PostIncidentKind(StrEnum):
    """What was found wrong with a published post."""

    VANISHED = "vanished"
    DUPLICATE_DETECTED = "duplicate_detected"
    CAPTION_CHANGED = "caption_changed"


class ConversionState(StrEnum):
    """Where the conversion of a file to a publishable one stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        return self in {self.DONE, self.FAILED}


def summarise(counts: Mapping[AccountTaskState, int], with_failures: int = 0) -> TaskState:
    """The state of a started task, from the counts of its account tasks by state.

    `with_failures` is how many of the completed ones did only a part of their share.
    """
    total = sum(counts.values())
    final = sum(counts.get(state, 0) for state in FINAL_ACCOUNT_TASK_STATES)
    if total and final == total:
        return _finished(counts, total, with_failures)
    started = total - counts.get(_A.AVAILABLE, 0) - counts.get(_A.SCHEDULED, 0)
    return TaskState.RUNNING if started else TaskState.QUEUED


def _finished(counts: Mapping[AccountTaskState, int], total: int, with_failures: int) -> TaskState:
    completed = counts.get(_A.COMPLETED, 0)
    if completed == total and not with_failures:
        return TaskState.COMPLETED
    if completed:
        return TaskState.PARTIALLY_COMPLETED
    if counts.get(_A.CANCELLED, 0) == total:
        return TaskState.CANCELLED
    return TaskState.FAILED
