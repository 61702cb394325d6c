"""What a runner is and all that a run may touch."""

import random
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, ClassVar, Protocol, Self

from pydantic import ConfigDict, Field, JsonValue, model_validator

from igfleet.contracts.base import Strict, Word
from igfleet.contracts.files import Purpose
from igfleet.contracts.leases import LeasedAccount, LeasedProxy
from igfleet.contracts.posts import Intent, LeasedMedia, LeasedPost, Permit, PostOutcome, Reading, Verdict
from igfleet.contracts.proxy_checks import ProxyCheck, ProxyWish
from igfleet.contracts.tasks import Action, Effect, Method, Subject
from igfleet.instagram.gateway import Instagram, Person, Publisher
from igfleet.reasons import ReasonCode
from igfleet.runners.shares import Done, PlanInput, Share, Undoing, for_each_account

type FindPerson = Callable[[], Awaitable[Person]]
"""Asks Instagram. Raises `GiveUp` (user_not_found) when nobody has the name."""


class Options(Strict):
    """The settings of one task. Each kind adds its own; form, API, CLI and runner use the same model."""

    model_config = ConfigDict(use_attribute_docstrings=True)  # the form shows them as hints

    concurrency: Annotated[int, Field(ge=1, le=100)] = 2
    """Account tasks of this task at once, per worker; its slots are the cap."""
    delay_min_s: Annotated[float, Field(ge=0, le=3600)] = 5
    delay_max_s: Annotated[float, Field(ge=0, le=3600)] = 15
    """Pause between two remote actions: drawn between the two."""
    max_attempts: Annotated[int, Field(ge=1, le=20)] = 3
    worker_labels: Annotated[tuple[Word, ...], Field(json_schema_extra={"form": "words"})] = ()
    """Only workers with all these labels take it."""
    stop_in_a_row: Annotated[int, Field(ge=0, le=10_000)] = 10
    """The task pauses when so many attempts in a row failed. 0: never for that."""
    stop_percent: Annotated[int, Field(ge=0, le=100)] = 50
    """The task pauses when more than so many percent of its last attempts failed. 100: never for that."""
    stop_of_last: Annotated[int, Field(ge=1, le=1000)] = 20
    """So many attempts are looked at, once there are so many."""
    stop_challenges: Annotated[int, Field(ge=0, le=1000)] = 10
    """The task pauses when Instagram asks so many of its accounts to confirm who they are. 0: never for that."""
    stop_challenges_min: Annotated[int, Field(ge=1, le=1440)] = 10
    """Within so many minutes."""
    stop_reasons: Annotated[tuple[ReasonCode, ...], Field(json_schema_extra={"form": "words"})] = ()
    """Reason codes that pause the task at the first failure, as in bad_password."""

    @property
    def driver(self) -> Method:
        """The method by which the accounts are driven."""
        return Method.INSTAGRAPI

    @property
    def named_proxies(self) -> tuple[int, ...]:
        """Proxies that the order names besides those of its accounts."""
        return ()

    @property
    def named_media(self) -> tuple[int, ...]:
        """Files of the library that the options name; they must be there when the order is given."""
        return ()

    @model_validator(mode="after")
    def _delays(self) -> Self:
        if self.delay_max_s < self.delay_min_s:
            raise ValueError("delay_max_s must not be smaller than delay_min_s")
        return self


class PostLedger(Protocol):
    """The publish protocol as a run sees it. Every call returns after the ui has stored it."""

    async def intent(self, post: LeasedPost, intent: Intent) -> None:
        """Write ahead what is about to be published."""

    async def permit(self, post: LeasedPost) -> Permit:
        """Leave for the one irreversible call. From here on the post is `publishing`. Raises when it is refused."""

    async def sending(self, post: LeasedPost) -> None:
        """Note on disk that the commit is about to leave."""

    async def outcome(self, post: LeasedPost, outcome: PostOutcome) -> None:
        """Note the answer on disk, then report it."""

    async def reading(self, post: LeasedPost, reading: Reading) -> Verdict:
        """Report one look at the account's media and hear what follows from it."""


class RunContext(Protocol):
    """Everything a run may touch. No token, database, HTTP or state name is among it."""

    posts: Sequence[LeasedPost]
    share: Mapping[str, JsonValue]
    """What the plan gave to this account task."""
    media: Sequence[LeasedMedia]
    """The files of the share, in its order."""
    proxy: LeasedProxy | None
    """The account's proxy, or the proxy that the account task is about."""
    is_dry: bool
    """A dry-run: everything but what is written on Instagram. Asking for a permit or to spend an act is refused."""
    attempt: int
    draw: random.Random
    """Seeded by the task: the same numbers in every attempt."""
    ledger: PostLedger
    reconcile_pause: timedelta
    folder: Path
    """The run's own folder, gone when it ends."""
    shelf: Path
    """A folder that all runs of this worker share: for files named by what they were made from. May be emptied."""

    @property
    def account(self) -> LeasedAccount:
        """The account of the account task. A kind about files or proxies has none: asking is a bug."""

    async def publisher(self) -> Publisher:
        """The account, signed in on first use."""

    async def instagram(self) -> Instagram:
        """`publisher()` with all that the mobile API can do. Raises `NotSupported` for a method that cannot."""

    async def spend(self, action: Action) -> None:
        """Reserve an act in the account's budget, before it is done. What was remembered until then is stored too.

        Raises `BudgetSpent` or `ActionRests` with the time to wait.
        """

    async def look_up(self, username: str, find: FindPerson) -> Person | None:
        """Somebody's id, asked of Instagram by `find` once for all accounts: the first comer asks, the others wait for
        what it hears. None when that takes it too long. Raises `GiveUp` (user_not_found), and what `find` raises."""

    async def fetch(self, media: LeasedMedia) -> Path:
        """The file, downloaded once per worker and checked by its sha256."""

    async def store(
        self,
        path: Path,
        name: str,
        *,
        purpose: Purpose,
        facts: Mapping[str, JsonValue] = MappingProxyType({}),
        source: LeasedMedia | None = None,
        counter: str | None = None,
    ) -> LeasedMedia:
        """Hand a file of the run's folder to the ui; it is safely there when the call returns.

        `name` is unique within the account task (for evidence: within the attempt). `facts` are shown with the file.
        `source` is the file of the share that it was made of. `counter` grows by one with it, exactly once over all
        attempts. Raises `NeedsPerson` (library_full), `NetworkTrouble`.
        """

    def stored(self, name: str) -> LeasedMedia | None:
        """The file that this or an earlier attempt stored under that name; None for evidence."""

    async def check_proxy(self, wish: ProxyWish) -> ProxyCheck:
        """Find out what `proxy` is worth; a bad one is an answer. Raises `GiveUp` when it is no longer stored, or
        when the worker's own rules forbid to ask it."""

    def log(self, event: str, text: str, *, level: str = "info", **fields: JsonValue) -> None:
        """Add a line that the operator reads."""

    def count(self, name: str, amount: int = 1) -> None:
        """Add to a declared counter."""

    def step(self, text: str) -> None:
        """Say what is being done, in a few words: "uploading 2 of 3"."""

    async def pause(self, low_s: float, high_s: float) -> None:
        """Plain pacing between remote actions. Ends at once with `WorkerStopping` or `Cancelled` when asked to stop."""

    def remember(self, name: str, value: JsonValue) -> None:
        """Keep a fact across attempts."""

    def recall(self, name: str) -> JsonValue:
        """A fact kept by `remember`, in this attempt or an earlier one; None when there is none."""

    def conclude(self, **facts: JsonValue) -> None:
        """Add to the account task's result: what the result table and the exports show. Kept however the run ends."""

    def stop_if_asked(self) -> None:
        """Raise `Cancelled` or `WorkerStopping` when the run is to end. Called at safe points."""


class Runner[O: Options](ABC):
    """The code of one kind. Returning means completed; raising a `RunError` says what comes next."""

    kind: ClassVar[str]
    title: ClassVar[str]
    about: ClassVar[str] = ""
    """What it does, in half a sentence, for whoever chooses a kind."""
    icon: ClassVar[str] = "bolt"
    """A name of the sprite."""
    options: ClassVar[type[Options]]
    counters: ClassVar[tuple[str, ...]]
    timeout: ClassVar[timedelta]
    """For one account task; the process is killed after it."""
    effect: ClassVar[Effect]
    methods: ClassVar[tuple[Method, ...]] = (Method.INSTAGRAPI,)
    subject: ClassVar[Subject] = Subject.ACCOUNT
    is_paced: ClassVar[bool] = True
    """Between its remote actions it pauses as `delay_min_s` and `delay_max_s` say; where not, nobody is asked."""
    takes_media: ClassVar[str | None] = None
    """`video` or `image`: the sort of files that an order of this kind needs."""
    first_options: ClassVar[Mapping[str, JsonValue]] = {}
    """What stands in a new form where the defaults would do nothing of interest."""
    has_posts: ClassVar[bool] = False
    """Its plan is a list of posts, kept in the ledger."""
    share_columns: ClassVar[tuple[str, ...]] = ()
    """Names in a share that the plan's preview shows."""
    result_columns: ClassVar[tuple[str, ...]] = ()
    """Names in a result that the result table and the exports show."""
    api_path: ClassVar[str]
    """`/api/{api_path}/{task_id}/…`"""
    account_api_path: ClassVar[str]
    """`/api/{account_api_path}/{account_task_id}/…`"""
    start_path: ClassVar[str]
    """`/api/v1/{start_path}/start` of a worker"""

    def __init_subclass__(cls) -> None:
        """The seed's paths follow from the kind's name, unless a kind says otherwise."""
        super().__init_subclass__()
        kind = getattr(cls, "kind", None)
        if kind is None:
            return
        defaults = {"api_path": kind, "account_api_path": f"{kind}/accounts", "start_path": kind.replace("_", "-")}
        for name, value in defaults.items():
            if not hasattr(cls, name):
                setattr(cls, name, value)

    @classmethod
    def plan(cls, order: PlanInput, options: O) -> Iterable[Share]:
        """What each account task is to do, in order. The same input gives the same plan, on every machine.

        Raises `Invalid` when the order makes no sense. By default each account gets an empty share.
        """
        return for_each_account(order)

    @classmethod
    def may_rehearse(cls) -> bool:
        """Whether a dry-run of it differs from the run: it writes on Instagram."""
        return cls.effect in (Effect.SET, Effect.CREATE) and cls.subject is Subject.ACCOUNT

    @classmethod
    def seed_facts(cls, options: O) -> Mapping[str, JsonValue]:
        """What the first HTTP contract has at the top of this kind's aggregate, besides `options`."""
        return {}

    @classmethod
    def left_over(cls, share: Mapping[str, JsonValue], checkpoints: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
        """What was not done of a share that completed with failures, as a share of its own: what a retry does.

        By default all of it.
        """
        return share

    @classmethod
    def undo(cls, done: Sequence[Done], options: O) -> Undoing | None:
        """The order that sets back what these account tasks changed; None when nothing can be set back.

        A pure function of what the runs told. A kind that can be undone says so by having this; by default none can.
        """
        return None

    @abstractmethod
    async def run(self, run: RunContext, options: O) -> None:
        """Do one account's share."""
