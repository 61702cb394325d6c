"""bulk_login: have a live session."""

from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from igfleet.contracts.tasks import Effect, Method
from igfleet.runners.base import Options, RunContext, Runner


class BulkLoginOptions(Options):
    method: Method = Method.INSTAGRAPI
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
    methods = (Method.INSTAGRAPI,)
    is_paced = False
    result_columns = ("how",)

    async def run(self, run: RunContext, options: BulkLoginOptions) -> None:
        """Restore the stored session, or sign in; what was learnt is stored by the adapter."""
        how = (await run.publisher()).signed_in_by
        run.count(how.value)
        run.conclude(how=how.value)
