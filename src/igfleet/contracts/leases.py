"""Leases: permission to run one account task until a time, and all that the run needs."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, JsonValue

from igfleet.contracts.base import MOST, Contract, Facts, Id, Text, WireSecret, Word
from igfleet.contracts.challenges import LeasedChallenge
from igfleet.contracts.posts import LeasedMedia, LeasedPost
from igfleet.contracts.proxies import address_of
from igfleet.contracts.tasks import Action, Counters, LogLine, Method, Mode
from igfleet.reasons import ReasonCode


class LeasedProxy(Contract):
    id: Id
    scheme: Annotated[str, Field(pattern=r"^(http|https|socks5|socks5h)$")]
    host: str
    port: Annotated[int, Field(ge=1, le=65535)]
    username: str | None = None
    password: WireSecret | None = None

    @property
    def label(self) -> str:
        """How the proxy is named on screens and in logs: never with its password."""
        return address_of(self.scheme, self.host, self.port)


class SessionKind(StrEnum):
    """Mobile sessions and browser cookies are kept apart."""

    MOBILE = "mobile"
    WEB = "web"


class SessionMaterial(Contract):
    """What keeps an account signed in: session and device settings, or cookies. A bearer credential."""

    kind: SessionKind
    settings: WireSecret
    """A JSON text; its shape belongs to the adapter that wrote it."""
    version: Annotated[int, Field(ge=0, le=MOST)] = 0
    """Grows with each stored one; 0 when the worker made it."""
    is_signed_in: bool = True
    """False for a device that has no session (yet)."""
    is_refused: bool = False
    """Instagram has ended the session: its device goes on, it is not tried again."""


class RefusedSession(Contract):
    """A stored session that Instagram does not take any more."""

    kind: SessionKind
    version: Annotated[int, Field(ge=0, le=MOST)] = 0
    """0 is the one stored last."""


class LeasedAccount(Contract):
    """The account with its opened secrets. The TOTP seed never leaves the ui: ask for the present code."""

    id: Id
    username: Word
    password: WireSecret | None = None
    has_totp: bool = False
    email: str | None = None
    email_password: WireSecret | None = None
    phone: str | None = None
    locale: str = "en_US"
    language: str = "en"
    timezone: str = "UTC"
    sessions: tuple[SessionMaterial, ...] = ()
    """Of each kind the newest first, and behind it the older ones that nobody has refused."""
    dolphin_profile_id: str | None = None
    challenge: LeasedChallenge | None = None
    """What Instagram wanted to know when the account last signed in, and is not settled."""


class Lease(Contract):
    """One claimed account task. `id` is the fencing token of every further call."""

    id: UUID
    kind: Word
    method: Method
    mode: Mode
    task_id: Id
    account_task_id: Id
    position: int
    attempt: int
    seed: int
    """Seeds the run's own random numbers: the same in every attempt."""
    options: dict[str, JsonValue]
    dry_run: bool = False
    """Nothing may be written on Instagram: no permit is given, and no act but a sign-in and a look."""
    account: LeasedAccount | None = None
    proxy: LeasedProxy | None = None
    posts: tuple[LeasedPost, ...] = ()
    share: dict[str, JsonValue] = {}
    """What the plan gave to this account task; its shape belongs to the kind."""
    media: tuple[LeasedMedia, ...] = ()
    """The files of the share, in its order."""
    checkpoints: dict[str, JsonValue] = {}
    length_s: float
    """A lease that is not renewed for so long is lost."""
    reconcile_pause_s: float = 20.0
    """Wait between two readings that settle a doubt."""


class LeaseRequest(Contract):
    """`POST /api/leases`"""

    worker_id: Id
    kinds: Annotated[tuple[Word, ...], Field(min_length=1, max_length=50)]
    methods: tuple[Method, ...] = (Method.INSTAGRAPI,)
    limit: Annotated[int, Field(ge=1, le=100)] = 1
    task_id: Id | None = None
    batch_index: Annotated[int, Field(ge=0, le=10_000)] | None = None
    batch_count: Annotated[int, Field(ge=1, le=10_000)] | None = None
    wait_s: Annotated[float, Field(ge=0, le=30)] = 0.0
    request_id: UUID | None = None
    """A repeated request with the same id gets the same leases again."""


class RenewRequest(Contract):
    """`POST /api/leases/renew`"""

    leases: Annotated[tuple[UUID, ...], Field(max_length=1000)]


class Renewal(Contract):
    """One lease's answer: still yours, and whether a person asked for its end."""

    id: UUID
    is_held: bool
    cancel_requested: bool = False


class Report(Contract):
    """`POST /api/leases/{id}/reports`. Numbered from 1 per lease; a `seq` already seen is ignored."""

    seq: Id
    lines: Annotated[tuple[LogLine, ...], Field(max_length=500)] = ()
    counters: Counters = {}
    checkpoints: Facts = {}
    step: Text | None = None
    session: SessionMaterial | None = None
    refused_session: RefusedSession | None = None


class Ending(StrEnum):
    """How a run ended, from which the account task's next state follows."""

    COMPLETED = "completed"
    RETRY_LATER = "retry_later"
    NOT_NOW = "not_now"
    NEEDS_PERSON = "needs_person"
    GAVE_UP = "gave_up"
    CANCELLED = "cancelled"
    RELEASED = "released"
    """The worker stops before the end; the attempt does not count."""
    DIED = "died"
    """The runner process died; counts against this account task only."""


class LeaseOutcome(Contract):
    """`PUT /api/leases/{id}/outcome`. Ends the lease; the same call twice gives the same answer."""

    outcome: Ending
    reason_code: ReasonCode | None = None
    message: Text = ""
    retry_after_s: Annotated[float, Field(ge=0, le=7 * 86400)] | None = None
    result: Facts = {}
    unsent: Annotated[tuple[Id, ...], Field(max_length=100)] = ()
    """Acts that were paid for and of which provably no byte has left: they are given back to the account's budget."""


class OutcomeAccepted(Contract):
    state: str
    """The account task's state after it."""


class Spending(Contract):
    """`POST /api/leases/{id}/spendings`: reserve an act in the account's budget. 423 when it is spent."""

    action: Action
    amount: Annotated[int, Field(ge=1, le=100)] = 1


class Spent(Contract):
    left_hour: int
    left_day: int
    id: Id | None = None
    """Names the act, should it turn out that it was not done."""


class TotpCode(Contract):
    """`POST /api/leases/{id}/totp`: the present code of the leased account."""

    code: WireSecret
    valid_for_s: float
