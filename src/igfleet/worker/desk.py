"""What a run may ask of its supervisor, and nothing else."""

import asyncio
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from igfleet import clock, log
from igfleet.contracts.challenges import ChallengeVerdict, NewChallenge
from igfleet.contracts.files import Purpose
from igfleet.contracts.leases import Lease, LeaseOutcome, RefusedSession, Report, SessionMaterial, Spending
from igfleet.contracts.lookups import LookedUp, LookUp, LookUpState, LookUpWish
from igfleet.contracts.posts import Intent, LeasedMedia, PostOutcome, Reading
from igfleet.contracts.proxy_checks import ProxyWish
from igfleet.contracts.tasks import LogLine
from igfleet.errors import IgfleetError, Invalid, NotFound, Unavailable
from igfleet.worker import uploads
from igfleet.worker.downloads import Hold
from igfleet.worker.egress import Gate
from igfleet.worker.journal import Journal
from igfleet.worker.messages import Ask, Tell, packed
from igfleet.worker.proxy_check import ProxyChecker
from igfleet.worker.reporter import Reporter
from igfleet.worker.ui_client import UiClient
from igfleet.worker.unsent import Unsent

_log = log.get(__name__)


class Desk:
    """One run's. `done` is how the run says it ended; `counted` are its counters so far."""

    def __init__(
        self,
        ui: UiClient,
        lease: Lease,
        gate: Gate,
        reporter: Reporter,
        hold: Hold,
        journal: Path,
        folder: Path,
        checker: ProxyChecker,
        unsent: Unsent,
    ) -> None:
        self._ui, self._lease, self._gate, self._checker, self._unsent = ui, lease, gate, checker, unsent
        self._reporter, self._hold, self._journal, self._folder = reporter, hold, journal, folder
        self._asks = {
            Ask.FETCH: self._fetch,
            Ask.STORE: self._store,
            Ask.TOTP: self._totp,
            Ask.SPEND: self._spend,
            Ask.CHECK_PROXY: self._check_proxy,
            Ask.SESSION: self._session,
            Ask.SESSION_REFUSED: self._session_refused,
            Ask.LOOK_UP: self._look_up,
            Ask.LOOKED_UP: self._looked_up,
            Ask.CODE_WANTED: self._code_wanted,
            Ask.CODE: self._code,
            Ask.CODE_JUDGED: self._code_judged,
            Ask.INTENT: self._intent,
            Ask.PERMIT: self._permit,
            Ask.OUTCOME: self._outcome,
            Ask.READING: self._reading,
            Ask.DONE: self._end,
        }
        self.done: LeaseOutcome | None = None
        self.counted: Counter[str] = Counter()

    def hear(self, message: dict[str, Any]) -> None:
        """Take what the run tells. What makes no sense is dropped."""
        try:
            self._told(Tell(message["tell"]), message["body"])
        except (ValueError, KeyError, TypeError) as error:
            _log.warning("nonsense_from_run", lease=str(self._lease.id), error=type(error).__name__)

    async def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """The answer to a question of the run."""
        answer: dict[str, Any] = {"number": message.get("number")}
        try:
            answer["body"] = await self._asks[Ask(message["ask"])](message["body"])
        except IgfleetError as error:
            answer["error"] = packed(error)
        except (ValueError, KeyError, TypeError) as error:
            answer["error"] = packed(Unavailable(f"The worker did not understand ({type(error).__name__})."))
        return answer

    def _told(self, tell: Tell, body: dict[str, Any]) -> None:
        match tell:
            case Tell.LINE:
                line = LogLine.model_validate(body)
                self._reporter.line(line)
                ids = {"task": self._lease.task_id, "account_task": self._lease.account_task_id}
                _log.info(line.event, text=line.text, **ids)
            case Tell.COUNT:
                for name, amount in _told_well(counters={body["name"]: body["amount"]}).counters.items():
                    self.counted[name] += amount
                    self._reporter.count(name, amount)
            case Tell.STEP:
                self._reporter.step(_told_well(step=body["text"]).step or "")
            case Tell.REMEMBER:
                for name, value in _told_well(checkpoints={body["name"]: body["value"]}).checkpoints.items():
                    self._reporter.remember(name, value)

    async def _fetch(self, body: dict[str, Any]) -> str:
        return str(await self._hold.fetch(LeasedMedia.model_validate(body["media"])))

    async def _store(self, body: dict[str, Any]) -> dict[str, Any]:
        """Only what lies in the run's own folder is handed over."""
        path = Path(body["path"]).resolve()
        if not path.is_relative_to(self._folder.resolve()) or not path.is_file():
            raise Invalid(f"{path.name} is no file of the run's folder.")
        handed = uploads.Handed(
            path=path,
            name=str(body["name"]),
            purpose=Purpose(body["purpose"]),
            facts=body["facts"],
            source_id=body["source_id"],
            counter=body["counter"],
        )
        stored = await uploads.send(self._ui, self._lease.id, handed)
        if handed.counter is not None:
            self.counted[handed.counter] += 1
        return stored.model_dump(mode="json")

    async def _totp(self, _body: dict[str, Any]) -> str:
        return (await self._ui.totp(self._lease.id)).code.get_secret_value()

    async def _spend(self, body: dict[str, Any]) -> None:
        """What the run remembered before the act is stored before it: a killed run must not forget that it began."""
        await self._reporter.flush()
        spent = await self._ui.spend(self._lease.id, Spending.model_validate(body["spending"]))
        self._unsent.paid(spent.id)

    async def _check_proxy(self, body: dict[str, Any]) -> dict[str, Any]:
        return (await self._checker.check(ProxyWish.model_validate(body["wish"]))).model_dump(mode="json")

    async def _session(self, body: dict[str, Any]) -> None:
        await self._reporter.session(SessionMaterial.model_validate(body["session"]))

    async def _session_refused(self, body: dict[str, Any]) -> None:
        await self._reporter.session_refused(RefusedSession.model_validate(body["refused"]))

    async def _look_up(self, body: dict[str, Any]) -> dict[str, Any]:
        """A ui that does not know of it lets every run ask by itself."""
        try:
            told = await self._ui.wish_lookup(self._lease.id, LookUpWish.model_validate(body["wish"]))
        except NotFound:
            told = LookUp(state=LookUpState.YOURS)
        return told.model_dump(mode="json")

    async def _looked_up(self, body: dict[str, Any]) -> None:
        with suppress(NotFound):
            await self._ui.tell_lookup(self._lease.id, LookedUp.model_validate(body["found"]))

    async def _code_wanted(self, body: dict[str, Any]) -> dict[str, Any]:
        new = NewChallenge.model_validate(body["challenge"])
        return (await self._ui.open_challenge(self._lease.id, new)).model_dump(mode="json")

    async def _code(self, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self._ui.challenge(self._lease.id, int(body["id"]), float(body["wait_s"]))
        return answer.model_dump(mode="json")

    async def _code_judged(self, body: dict[str, Any]) -> dict[str, Any]:
        verdict = ChallengeVerdict.model_validate(body["verdict"])
        return (await self._ui.judge_challenge(self._lease.id, int(body["id"]), verdict)).model_dump(mode="json")

    async def _intent(self, body: dict[str, Any]) -> None:
        await self._ui.intent(self._lease.id, int(body["post"]), Intent.model_validate(body["intent"]))

    async def _permit(self, body: dict[str, Any]) -> dict[str, Any]:
        """The journal knows of it before the ui does; the window is counted from before the question."""
        post_id = int(body["post"])
        await asyncio.to_thread(_note_permit, self._journal, post_id)
        asked_at = clock.boot_seconds()
        permit = await self._ui.permit(self._lease.id, post_id)
        self._unsent.permitted(post_id)
        self._gate.permitted(post_id, asked_at + permit.window_ms / 1000)
        return permit.model_dump(mode="json")

    async def _outcome(self, body: dict[str, Any]) -> None:
        post_id = int(body["post"])
        await self._ui.post_outcome(self._lease.id, post_id, PostOutcome.model_validate(body["outcome"]))
        self._unsent.reported(post_id)
        self._gate.reported(post_id)

    async def _reading(self, body: dict[str, Any]) -> dict[str, Any]:
        reading = Reading.model_validate(body["reading"])
        return (await self._ui.reading(self._lease.id, int(body["post"]), reading)).model_dump(mode="json")

    async def _end(self, body: dict[str, Any]) -> None:
        self.done = LeaseOutcome.model_validate(body["outcome"])


def _told_well(**part: object) -> Report:
    """A part of a report, seen to fit the contract now: later it would spoil the whole one. Raises `ValueError`."""
    return Report.model_validate({"seq": 1, **part})


def _note_permit(path: Path, post_id: int) -> None:
    journal = Journal(path)
    journal.permitted(post_id)
    journal.close()
