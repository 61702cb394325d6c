"""bulk_login: have a live session."""

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from igfleet.contracts.tasks import Effect, Method
from igfleet.errors import GiveUp, NeedsPerson
from igfleet.reasons import ReasonCode
from igfleet.runners.base import Options, RunContext, Runner
from igfleet.runners.shares import PlanInput, Share

_CHALLENGES = {
    ReasonCode.CHALLENGE_REQUIRED,
    ReasonCode.CODE_REQUIRED,
    ReasonCode.CHECKPOINT_REQUIRED,
    ReasonCode.CONSENT_REQUIRED,
    ReasonCode.TWO_FACTOR_REQUIRED,
}


class OnChallenge(StrEnum):
    """What becomes of an account that Instagram wants confirmed."""

    INBOX = "inbox"
    """A person is asked, on the page Inbox."""
    SKIP = "skip"
    """Its share is given up; the account stays stopped."""


class BulkLoginOptions(Options):
    method: Method = Method.INSTAGRAPI
    on_challenge: OnChallenge = OnChallenge.INBOX
    only_if_older_than_h: Annotated[float, Field(ge=0, le=24 * 365)] = 0
    """Leave accounts alone whose session was stored within so many hours; 0 signs in all of them."""

    @property
    def driver(self) -> Method:
        return self.method


class BulkLogin(Runner[BulkLoginOptions]):
    kind: ClassVar[str] = "bulk_login"
    title: ClassVar[str] = "Bulk login"
    about = "Have a live session for each account"
    icon = "login"
    options = BulkLoginOptions
    counters = ("session_restored", "signed_in")
    timeout = timedelta(minutes=20)
    effect = Effect.READ
    methods = (Method.INSTAGRAPI, Method.PLAYWRIGHT, Method.DOLPHIN)
    is_paced = False
    result_columns = ("how",)

    @classmethod
    def plan(cls, order: PlanInput, options: BulkLoginOptions) -> Iterator[Share]:
        """One share for each account whose session is old enough; the others are left out."""
        least = timedelta(hours=options.only_if_older_than_h)
        for account in order.accounts:
            if account.session_age is not None and account.session_age < least:
                note = f"Its session is younger than {options.only_if_older_than_h:g} hours"
                yield Share(account.id, account.username, note=note, is_left_out=True)
            else:
                yield Share(account.id, account.username)

    async def run(self, run: RunContext, options: BulkLoginOptions) -> None:
        """Restore the stored session, or sign in; what was learnt is stored by the adapter."""
        try:
            how = (await run.publisher()).signed_in_by
        except NeedsPerson as error:
            if options.on_challenge is OnChallenge.SKIP and error.reason in _CHALLENGES:
                raise GiveUp(str(error), error.reason) from error
            raise
        run.count(how.value)
        run.conclude(how=how.value)
