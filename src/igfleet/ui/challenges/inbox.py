"""What waits for a person: challenges of accounts, posts of which nobody knows whether they are live, incidents of
published posts, open breakers."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from igfleet import clock
from igfleet.contracts.challenges import ChallengeKind
from igfleet.contracts.states import AccountTaskState, ChallengeState, PostState
from igfleet.ui import breaker_list
from igfleet.ui.breaker_list import OpenBreaker
from igfleet.ui.models import AccountTask, Challenge, Post, PostIncident
from igfleet.ui.scope.breakers import SEEN
from igfleet.ui.scope.scope import scope_in
from igfleet.ui.verification import incidents

MOST = 100
_OPEN = Challenge.state == ChallengeState.OPEN
_DOUBTFUL = Post.state == PostState.NEEDS_PERSON


@dataclass(frozen=True, slots=True)
class Asked:
    """How a kind of challenge is put to a person."""

    label: str
    icon: str
    todo: str
    settled: str
    """What the button says by which a person answers without a code."""


_NEW_CODE = "New code"
ASKED: dict[ChallengeKind, Asked] = {
    ChallengeKind.EMAIL_CODE: Asked("Code by mail", "inbox", "Enter the code that Instagram has mailed.", _NEW_CODE),
    ChallengeKind.SMS_CODE: Asked("Code by SMS", "message", "Enter the code that came by SMS.", _NEW_CODE),
    ChallengeKind.TOTP_CODE: Asked(
        "Authenticator code",
        "key",
        "Enter the present code of the authenticator app, or import the TOTP secret and try again.",
        "Try again",
    ),
    ChallengeKind.APP_APPROVAL: Asked(
        "Approve in the app",
        "shield-check",
        "Open Instagram on the account's phone and say that it was you.",
        "I approved it in the app",
    ),
    ChallengeKind.CHECKPOINT: Asked(
        "Checkpoint", "lock", "Open the account in the app or on the site and answer what it asks.", "I answered it"
    ),
    ChallengeKind.CONSENT: Asked(
        "New terms", "file-text", "Open the account in the app and accept the terms.", "I accepted them"
    ),
}


@dataclass(frozen=True, slots=True)
class Question:
    """A challenge as the page shows it."""

    challenge: Challenge
    is_waited_for: bool
    """A run holds the dialogue open at this moment."""

    @property
    def asked(self) -> Asked:
        return ASKED[ChallengeKind(self.challenge.kind)]

    @property
    def wants_code(self) -> bool:
        return ChallengeKind(self.challenge.kind).wants_code

    @property
    def has_run_out(self) -> bool:
        expires_at = self.challenge.expires_at
        return expires_at is not None and expires_at <= clock.now()

    @property
    def takes_code(self) -> bool:
        """Whether a code that is entered now can still be handed in."""
        is_alive = self.challenge.has_resume or self.is_waited_for
        return self.wants_code and is_alive and not self.has_run_out

    @property
    def left_s(self) -> float | None:
        expires_at = self.challenge.expires_at
        return max((expires_at - clock.now()).total_seconds(), 0) if expires_at else None


@dataclass(frozen=True, slots=True)
class Inbox:
    """The oldest deadline first; what is being checked follows."""

    questions: Sequence[Question]
    checked: Sequence[Question]
    posts: Sequence[Post]
    incidents: Sequence[PostIncident]
    breakers: Sequence[OpenBreaker]
    count: int

    @property
    def first_code(self) -> int | None:
        """The challenge into whose field one types first."""
        return next((one.challenge.id for one in self.questions if one.takes_code), None)


def _counting(*breakers: ColumnElement[bool]) -> Select[int]:
    challenges = select(func.count()).select_from(Challenge).where(_OPEN)
    posts = select(func.count()).select_from(Post).where(_DOUBTFUL)
    counted = challenges, posts, incidents.counted(), breaker_list.counted(*breakers)
    return select(reduce(add, (one.scalar_subquery() for one in counted)))


_COUNT, _COUNT_OF_SEEN = _counting(), _counting(SEEN)


async def count(session: AsyncSession) -> int:
    """How many things wait for a person: one statement, as every page asks."""
    return await session.scalar(_COUNT_OF_SEEN if scope_in(session).is_limited else _COUNT) or 0


async def gather(session: AsyncSession) -> Inbox:
    """Read it: the first hundred of each sort."""
    found = [question(challenge) for challenge in await session.scalars(_live().limit(2 * MOST))]
    is_open = [one for one in found if one.challenge.state == ChallengeState.OPEN]
    posts = select(Post).where(_DOUBTFUL).order_by(Post.changed_at).limit(MOST)
    loaded = posts.options(joinedload(Post.account), joinedload(Post.file))
    return Inbox(
        questions=is_open[:MOST],
        checked=[one for one in found if one.challenge.state == ChallengeState.ANSWERED][:MOST],
        posts=list(await session.scalars(loaded)),
        incidents=await incidents.open_ones(session, MOST),
        breakers=await breaker_list.shown(session),
        count=await count(session),
    )


def _live() -> Select[Challenge]:
    states = [state.value for state in ChallengeState if state.is_live]
    return (
        select(Challenge)
        .where(Challenge.state.in_(states))
        .order_by(Challenge.expires_at.asc().nulls_last(), Challenge.id)
        .options(joinedload(Challenge.account), joinedload(Challenge.account_task).joinedload(AccountTask.task))
    )


def question(challenge: Challenge) -> Question:
    """As the page shows it; its account task must be loaded."""
    row = challenge.account_task
    waits = row is not None and row.state == AccountTaskState.RUNNING and row.lease_id == challenge.lease_id
    return Question(challenge, waits)
