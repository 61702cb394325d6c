"""What a runner touches, inside its own process."""

import asyncio
import functools
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import cast

from pydantic import JsonValue

from igfleet import clock, log
from igfleet.contracts.files import Purpose, stored_key
from igfleet.contracts.leases import Lease, LeasedAccount, RefusedSession, SessionMaterial, Spending
from igfleet.contracts.posts import Intent, LeasedMedia, LeasedPost, Permit, PostOutcome, Reading, Verdict
from igfleet.contracts.proxy_checks import ProxyCheck, ProxyWish
from igfleet.contracts.tasks import Action, LogLine
from igfleet.errors import Cancelled, GiveUp, NotNow, NotSupported, WorkerStopping
from igfleet.faultpoints import reach
from igfleet.instagram.gateway import CodeWanted, EnterCode, Instagram, Opening, Person, Publisher
from igfleet.reasons import ReasonCode
from igfleet.runners.base import FindPerson
from igfleet.worker.confirmation import Confirmation
from igfleet.worker.journal import Journal
from igfleet.worker.line import Line
from igfleet.worker.looking_up import look_up
from igfleet.worker.messages import Ask, Setup, Stop, Tell

_LONGEST_TEXT = 9_000
_JOB_REST = timedelta(minutes=5)
"""How long an account task rests whose job was stopped on a worker."""
_MOST_RESULT = 200
type OpenAdapter = Callable[[Opening], Publisher]


class PipeLedger:
    """The publish protocol through the supervisor, with the journal written first."""

    def __init__(self, line: Line, journal: Journal, *, is_dry: bool = False) -> None:
        self._line, self._journal, self._is_dry = line, journal, is_dry

    async def intent(self, post: LeasedPost, intent: Intent) -> None:
        await self._line.ask(Ask.INTENT, post=post.id, intent=intent.model_dump(mode="json"))

    async def permit(self, post: LeasedPost) -> Permit:
        """The supervisor notes it in the journal before it asks. A dry-run does not come so far."""
        if self._is_dry:
            raise GiveUp("It is a dry-run: no permit is asked for", ReasonCode.DRY_RUN)
        return Permit.model_validate(await self._line.ask(Ask.PERMIT, post=post.id))

    async def sending(self, post: LeasedPost) -> None:
        self._journal.sending(post.id)

    async def outcome(self, post: LeasedPost, outcome: PostOutcome) -> None:
        self._journal.answered(post.id, outcome)
        reach("journaled")
        await self._line.ask(Ask.OUTCOME, post=post.id, outcome=outcome.model_dump(mode="json"))
        self._journal.reported(post.id)

    async def reading(self, post: LeasedPost, reading: Reading) -> Verdict:
        answer = await self._line.ask(Ask.READING, post=post.id, reading=reading.model_dump(mode="json"))
        return Verdict.model_validate(answer)


class PipeContext:
    """A `RunContext` whose far end is the supervisor."""

    def __init__(self, lease: Lease, setup: Setup, line: Line, open_adapter: OpenAdapter | None) -> None:
        self._account = lease.account
        self._who = lease.account.username if lease.account else f"account task {lease.account_task_id}"
        self.posts: Sequence[LeasedPost] = lease.posts
        self.share: Mapping[str, JsonValue] = lease.share
        self.media: Sequence[LeasedMedia] = lease.media
        self.proxy = lease.proxy
        self.result: dict[str, JsonValue] = {}
        self.is_dry = lease.dry_run
        self.attempt = lease.attempt
        self.draw = random.Random(lease.seed)  # repeatable on purpose
        self.reconcile_pause = timedelta(seconds=lease.reconcile_pause_s)
        self.folder: Path = setup.folder
        self.shelf: Path = setup.shelf
        self.ledger = PipeLedger(line, Journal(setup.journal), is_dry=lease.dry_run)
        self._line, self._setup, self._open_adapter = line, setup, open_adapter
        self._checkpoints: dict[str, JsonValue] = dict(lease.checkpoints)
        self._publisher: Publisher | None = None
        self._step: str | None = None
        self._signing_in = asyncio.Lock()

    @property
    def account(self) -> LeasedAccount:
        if self._account is None:
            raise TypeError("this account task is about no account")
        return self._account

    async def publisher(self) -> Publisher:
        async with self._signing_in:
            if self._publisher is None:
                self.step("signing in")
                publisher = self._publisher = self._opened()
                how = await publisher.sign_in()
                await self._confirmation.succeeded()
                self.log(how.value, "Signed in" if how.value == "signed_in" else "The stored session still works")
            return self._publisher

    async def instagram(self) -> Instagram:
        publisher = await self.publisher()
        if not hasattr(publisher, "profile"):
            raise NotSupported(f"{self._who}: this method cannot do that")
        return cast(Instagram, publisher)

    async def spend(self, action: Action) -> None:
        if self.is_dry and action not in (Action.LOGIN, Action.READ):
            raise GiveUp(f"{self._who}: it is a dry-run, no {action.value} is done", ReasonCode.DRY_RUN)
        await self._line.ask(Ask.SPEND, spending=Spending(action=action).model_dump(mode="json"))

    async def look_up(self, username: str, find: FindPerson) -> Person | None:
        return await look_up(self._line, username, find, self.stop_if_asked)

    async def fetch(self, media: LeasedMedia) -> Path:
        return Path(await self._line.ask(Ask.FETCH, media=media.model_dump(mode="json")))

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
        body = {"path": str(path), "name": name, "purpose": purpose.value, "facts": _cleaned(dict(facts))}
        source_id = source.id if source is not None else None
        answer = await self._line.ask(Ask.STORE, **body, source_id=source_id, counter=counter)
        if purpose is not Purpose.EVIDENCE:
            self._checkpoints[stored_key(name)] = answer
        return LeasedMedia.model_validate(answer)

    def stored(self, name: str) -> LeasedMedia | None:
        noted = self._checkpoints.get(stored_key(name))
        return LeasedMedia.model_validate(noted) if noted else None

    async def check_proxy(self, wish: ProxyWish) -> ProxyCheck:
        return ProxyCheck.model_validate(await self._line.ask(Ask.CHECK_PROXY, wish=wish.model_dump(mode="json")))

    def log(self, event: str, text: str, *, level: str = "info", **fields: JsonValue) -> None:
        facts = _cleaned(fields)
        line = LogLine(at=clock.now(), level=level, event=event, text=_clean(text), fields=facts, step=self._step)
        self._line.tell(Tell.LINE, **line.model_dump(mode="json"))

    def count(self, name: str, amount: int = 1) -> None:
        self._line.tell(Tell.COUNT, name=name, amount=amount)

    def step(self, text: str) -> None:
        self._step = _clean(text)[:200]
        self._line.tell(Tell.STEP, text=self._step)

    async def pause(self, low_s: float, high_s: float) -> None:
        self.stop_if_asked()
        try:
            async with asyncio.timeout(self.draw.uniform(low_s, high_s)):
                await self._line.stopped.wait()
        except TimeoutError:
            return
        self.stop_if_asked()

    def remember(self, name: str, value: JsonValue) -> None:
        self._checkpoints[name] = value
        self._line.tell(Tell.REMEMBER, name=name, value=value)

    def recall(self, name: str) -> JsonValue:
        return self._checkpoints.get(name)

    def conclude(self, **facts: JsonValue) -> None:
        self.result |= dict(list(_cleaned(facts).items())[:_MOST_RESULT])

    def stop_if_asked(self) -> None:
        if self._line.stop is Stop.CANCELLED:
            raise Cancelled(f"{self._who}: cancelled")
        if self._line.stop is Stop.JOB_STOPPED:
            raise NotNow(f"{self._who}: stopped on this worker", ReasonCode.WORKER_STOPPING, _JOB_REST)
        if self._line.stop is Stop.WORKER_STOPPING:
            raise WorkerStopping(f"{self._who}: the worker stops, another goes on")

    async def close(self) -> None:
        if self._publisher is not None:
            await self._publisher.close()

    def _opened(self) -> Publisher:
        if self._open_adapter is None:
            raise TypeError("this account task drives no account")
        return self._open_adapter(
            Opening(
                account=self.account,
                proxy_url=self._setup.proxy_url,
                ca_file=self._setup.ca_file,
                folder=self.folder,
                keep_session=self._keep_session,
                ask_totp=self._ask_totp,
                spend=self.spend,
                browser=self._setup.browser,
                ask_code=self._ask_code,
                keep_evidence=self._keep_evidence,
                refuse_session=self._refuse_session,
            )
        )

    async def _keep_session(self, material: SessionMaterial) -> None:
        await self._line.ask(Ask.SESSION, session=material.model_dump(mode="json"))

    async def _refuse_session(self, material: SessionMaterial) -> None:
        which = f"version {material.version}" if material.version else "the one stored last"
        self.log("session_refused", f"Instagram does not take a stored session any more ({which})", level="warning")
        refused = RefusedSession(kind=material.kind, version=material.version)
        await self._line.ask(Ask.SESSION_REFUSED, refused=refused.model_dump(mode="json"))

    @functools.cached_property
    def _confirmation(self) -> Confirmation:
        return Confirmation(
            self.account,
            self._line,
            self._setup.mail,
            self._setup.challenge_wait_s,
            say=self.log,
            stop_if_asked=self.stop_if_asked,
        )

    async def _ask_code(self, wanted: CodeWanted, enter: EnterCode) -> None:
        self.step("waiting for a code")
        await self._confirmation.ask(wanted, enter)
        self.step("signing in")

    async def _keep_evidence(self, path: Path, name: str) -> None:
        await self.store(path, name, purpose=Purpose.EVIDENCE)

    async def _ask_totp(self) -> str:
        return cast(str, await self._line.ask(Ask.TOTP))


def _clean(text: str) -> str:
    """Without secrets, and as long as a contract allows."""
    return log.redactor.text(text)[:_LONGEST_TEXT]


def _cleaned(fields: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {name: cast(JsonValue, log.redactor.value(name, value)) for name, value in fields.items()}
