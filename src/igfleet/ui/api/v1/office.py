"""What an admin keeps besides: methods that may run live, tokens of workers, mails that were sent."""

from datetime import datetime
from typing import Annotated

from litestar import delete, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from pydantic import ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.base import Word
from igfleet.contracts.tasks import Method
from igfleet.ui import live_methods, tokens
from igfleet.ui.api.v1.access import ADMINS, Caller
from igfleet.ui.api.v1.paging import USUAL, Body, Cursor, Limit, Page, RowId, View, rows_of
from igfleet.ui.injected import Session
from igfleet.ui.mail import choices
from igfleet.ui.models import DeliveryState, Mail

WorkerName = Annotated[str, QueryParameter(name="worker", min_length=1, max_length=100)]


class MethodView(View):
    """One way to work on Instagram, and whether it may be used live."""

    method: Method
    is_live: bool
    enabled_by: str | None
    enabled_at: datetime | None


class MethodSwitch(Body):
    """Unofficial clients can break Instagram's terms and cost the account: who allows one says that they know it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"is_live": False}]})
    is_live: bool
    knows_the_risk: bool = False


class NewToken(Body):
    """The worker that is to use it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"worker": "worker-1"}]})
    worker: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]


class TokenMade(View):
    worker: Word
    token: str
    """The worker gets it as UI_API_TOKEN. It is shown only now."""


class TokensRevoked(View):
    revoked: int


class MailView(View):
    """One mail to one person; never what it says."""

    id: int
    user_id: int
    address: str
    subject: str
    state: DeliveryState
    attempts: int
    next_at: datetime
    answer: str
    """Why the last attempt did not succeed."""
    created_at: datetime
    delivered_at: datetime | None


@get("/methods", opt=ADMINS, tags=["Settings"])
async def list_methods(caller: Caller, session: Session) -> Page[MethodView]:
    """List the methods, and which may run live. There is one page."""
    return Page[MethodView](items=await _methods(session))


@put("/methods/{method:str}", opt=ADMINS, tags=["Settings"])
async def switch_method(
    method: FromPath[str], data: JSONBody[MethodSwitch], caller: Caller, session: Session
) -> MethodView:
    """Allow or forbid live use of a method. What runs ends by itself."""
    known = data.knows_the_risk
    await live_methods.switch(session, method, caller.actor, on=data.is_live, knows_the_risk=known)
    return next(one for one in await _methods(session) if one.method == method)


@post("/worker-tokens", opt=ADMINS, status_code=201, tags=["Workers"])
async def make_worker_token(data: JSONBody[NewToken], caller: Caller, session: Session) -> TokenMade:
    """Make a token for one worker."""
    return TokenMade(worker=data.worker, token=await tokens.make(session, data.worker, caller.actor))


@delete("/worker-tokens", opt=ADMINS, status_code=200, tags=["Workers"])
async def revoke_worker_tokens(name: WorkerName, caller: Caller, session: Session) -> TokensRevoked:
    """Take back all tokens of a worker. It loses access within a second."""
    return TokensRevoked(revoked=await tokens.revoke(session, name, caller.actor))


@get("/mails", opt=ADMINS, tags=["Webhooks"])
async def list_mails(
    caller: Caller,
    session: Session,
    user_id: RowId = None,
    wanted: Annotated[DeliveryState | None, QueryParameter(name="state")] = None,
    cursor: Cursor = None,
    limit: Limit = USUAL,
) -> Page[MailView]:
    """List mails to people of the last 30 days, the newest first."""
    query = select(Mail)
    query = query if user_id is None else query.where(Mail.user_id == user_id)
    query = query if wanted is None else query.where(Mail.state == wanted)
    rows, following = await rows_of(session, query, Mail.id, cursor, limit, newest=True)
    return Page[MailView](items=[MailView.model_validate(row) for row in rows], next_cursor=following)


@post("/mails/{mail_id:int}/replay", opt=ADMINS, status_code=200, tags=["Webhooks"])
async def replay_mail(mail_id: FromPath[int], caller: Caller, session: Session) -> MailView:
    """Send a mail that was given up once more."""
    return MailView.model_validate(await choices.resend(session, mail_id, caller.actor))


async def _methods(session: AsyncSession) -> list[MethodView]:
    found = await live_methods.allowed(session)
    rows = [(method, found.get(method)) for method in live_methods.METHODS]
    return [
        MethodView(
            method=method,
            is_live=row is not None,
            enabled_by=row.enabled_by if row else None,
            enabled_at=row.enabled_at if row else None,
        )
        for method, row in rows
    ]


HANDLERS = [
    list_methods,
    switch_method,
    make_worker_token,
    revoke_worker_tokens,
    list_mails,
    replay_mail,
]
