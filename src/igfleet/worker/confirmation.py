"""How a run gets the codes that Instagram asks for: from the account's own mailbox, else from a person."""

from collections.abc import Callable

from pydantic import JsonValue, SecretStr

from igfleet import clock, log
from igfleet.contracts.challenges import ChallengeKind, ChallengeVerdict, ChallengeView, LeasedChallenge, NewChallenge
from igfleet.contracts.leases import LeasedAccount
from igfleet.contracts.states import ChallengeState
from igfleet.errors import ChallengeRequired, NeedsPerson
from igfleet.instagram.gateway import CodeWanted, EnterCode
from igfleet.mail_servers import MailRules
from igfleet.reasons import ReasonCode
from igfleet.worker.line import Line
from igfleet.worker.mailbox import Mailbox, MailTrouble
from igfleet.worker.messages import Ask

_POLL_S = 5.0
_SENT = {
    ChallengeKind.EMAIL_CODE: "Instagram has sent a code by mail",
    ChallengeKind.SMS_CODE: "Instagram has sent a code by SMS",
    ChallengeKind.TOTP_CODE: "Instagram wants the code of the authenticator app",
}

type Say = Callable[[str, str], None]
"""Adds a line to the run's log: event, text."""


class Confirmation:
    """One run's. A mailed code is tried once; after that, and for all other codes, a person is asked."""

    def __init__(
        self,
        account: LeasedAccount,
        line: Line,
        mail: MailRules,
        wait_s: float,
        say: Say,
        stop_if_asked: Callable[[], None],
    ) -> None:
        self._account, self._line, self._mail, self._wait_s = account, line, mail, wait_s
        self._say, self._stop_if_asked = say, stop_if_asked
        self._pending: LeasedChallenge | None = account.challenge

    async def ask(self, wanted: CodeWanted, enter: EnterCode) -> None:
        """Get the code and have it entered. Raises `NeedsPerson` when none came in time, or none was right."""
        known = self._known(wanted)
        challenge_id = known.id if known else 0
        if known is None or known.code is None:
            view = await self._opened(wanted)
            challenge_id = view.id
            code = await self._from_mailbox(wanted)
            if code is not None and await self._entered(challenge_id, code, enter, is_from_mailbox=True):
                return
            code = await self._from_person(challenge_id) if view.may_wait else None
        else:
            code = known.code.get_secret_value()
        while code is not None:
            if await self._entered(challenge_id, code, enter):
                return
            code = await self._from_person(challenge_id)
        raise self._unanswered(wanted)

    async def succeeded(self) -> None:
        """The account is signed in: what a person said of its challenge holds."""
        if self._pending is not None:
            await self._judge(self._pending.id, ChallengeVerdict(is_right=True))

    def _known(self, wanted: CodeWanted) -> LeasedChallenge | None:
        """The challenge of an earlier run that this dialogue goes on with."""
        pending = self._pending
        resume = pending.resume.get_secret_value() if pending and pending.resume else ""
        return pending if resume and resume == wanted.resume else None

    async def _opened(self, wanted: CodeWanted) -> ChallengeView:
        self._pending = None  # it is overtaken by this one
        new = NewChallenge(
            kind=wanted.kind,
            destination=wanted.destination[:200],
            resume=SecretStr(wanted.resume) if wanted.resume else None,
        )
        where = f" to {wanted.destination}" if wanted.destination else ""
        self._say("code_wanted", f"{_SENT[wanted.kind]}{where}")
        return await self._ask(Ask.CODE_WANTED, challenge=new.model_dump(mode="json"))

    async def _from_mailbox(self, wanted: CodeWanted) -> str | None:
        mailbox = Mailbox.of(self._account, self._mail) if wanted.kind is ChallengeKind.EMAIL_CODE else None
        if mailbox is None:
            return None
        try:
            code = await mailbox.code(wanted.asked_at, self._stop_if_asked)
        except MailTrouble as trouble:
            self._say("mailbox_failed", str(trouble))
            return None
        self._say("mailbox_read", "The code was found in the mailbox" if code else "No code came into the mailbox")
        return code

    async def _from_person(self, challenge_id: int) -> str | None:
        """The code that somebody enters; None when the time is over, or when nobody will."""
        until = clock.boot_seconds() + self._wait_s
        while (left := until - clock.boot_seconds()) > 0:
            self._stop_if_asked()
            view = await self._ask(Ask.CODE, id=challenge_id, wait_s=min(left, _POLL_S))
            if view.state is not ChallengeState.OPEN:
                return self._learnt(view.code.get_secret_value()) if view.code else None
        return None

    async def _entered(self, challenge_id: int, code: str, enter: EnterCode, *, is_from_mailbox: bool = False) -> bool:
        is_right = await enter(self._learnt(code))
        await self._judge(challenge_id, ChallengeVerdict(is_right=is_right, is_from_mailbox=is_from_mailbox))
        self._say("code_entered", "Instagram took the code" if is_right else "Instagram refuses the code")
        return is_right

    async def _judge(self, challenge_id: int, verdict: ChallengeVerdict) -> None:
        await self._ask(Ask.CODE_JUDGED, id=challenge_id, verdict=verdict.model_dump(mode="json"))
        self._pending = None

    async def _ask(self, what: Ask, **body: JsonValue) -> ChallengeView:
        return ChallengeView.model_validate(await self._line.ask(what, **body))

    def _learnt(self, code: str) -> str:
        log.redactor.learn(code)
        return code

    def _unanswered(self, wanted: CodeWanted) -> NeedsPerson:
        where = f" ({wanted.destination})" if wanted.destination else ""
        says = f"{self._account.username}: {_SENT[wanted.kind]}{where}"
        if wanted.kind is ChallengeKind.TOTP_CODE:
            return NeedsPerson(f"{says}, and none is stored", ReasonCode.TWO_FACTOR_REQUIRED)
        return ChallengeRequired(f"{says}, and wants it entered", ReasonCode.CODE_REQUIRED)
