"""What waits for a person: challenges of accounts, and incidents of published posts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from pydantic import ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from igfleet.contracts.challenges import ChallengeKind
from igfleet.contracts.states import ChallengeState, PostIncidentKind
from igfleet.ui.api.v1.access import Caller, account_of, post_of
from igfleet.ui.api.v1.paging import USUAL, Body, Cursor, Limit, Page, View, rows_of
from igfleet.ui.challenges import verbs
from igfleet.ui.challenges.inbox import question
from igfleet.ui.context import UiContext
from igfleet.ui.injected import Session, Ui
from igfleet.ui.keys.holder import Holder, not_found
from igfleet.ui.models import Account, Challenge, Post, PostIncident, Task
from igfleet.ui.verification import incidents

_LOADED = Challenge.account, Challenge.account_task


class ChallengeView(View):
    """One question of Instagram's."""

    id: int
    account_id: int
    account: str
    kind: ChallengeKind
    state: ChallengeState
    destination: str
    """Where the code was sent, masked as Instagram shows it."""
    has_resume: bool
    """Whether a code can be entered without another sign-in."""
    asked_at: datetime
    expires_at: datetime | None
    answered_at: datetime | None
    answered_by: str | None
    task_id: int | None
    """Whose run met it; none when a check of the account did."""
    takes_code: bool
    """Whether a code that is handed in now can still be entered."""
    todo: str


class NewAnswer(Body):
    """The code, with or without spaces."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "123 456"}]})
    code: Annotated[
        str, Field(min_length=1, max_length=50, json_schema_extra={"pattern": r"^[\s-]*([0-9][\s-]*){4,8}$"})
    ]


class IncidentView(View):
    """Something wrong with a published post."""

    id: int
    post_id: int
    kind: PostIncidentKind
    facts: Mapping[str, Any]
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    account: str
    video: str
    happened: str
    todo: str
    known: str
    """What was seen, in a line."""


@get("/challenges", tags=["Inbox"])
async def list_challenges(
    caller: Caller,
    session: Session,
    wanted: Annotated[ChallengeState, QueryParameter(name="state")] = ChallengeState.OPEN,
    cursor: Cursor = None,
    limit: Limit = USUAL,
) -> Page[ChallengeView]:
    """List challenges: the open ones, unless another state is asked for."""
    query = select(Challenge).join(Account, Account.id == Challenge.account_id).where(caller.accounts())
    query = query.where(Challenge.state == wanted).options(*map(joinedload, _LOADED))
    rows, following = await rows_of(session, query, Challenge.id, cursor, limit)
    return Page[ChallengeView](items=[view_of(row) for row in rows], next_cursor=following)


@post("/challenges/{challenge_id:int}/answer", status_code=200, tags=["Inbox"])
async def answer(
    challenge_id: FromPath[int], data: JSONBody[NewAnswer], caller: Caller, session: Session, ui: Ui
) -> Response[ChallengeView]:
    """Hand in a code. The run that waits for it enters it, or the next one does, without signing in again."""
    await _own(session, caller, challenge_id)
    found = await verbs.answer(session, ui.vault, challenge_id, data.code, caller.actor)
    return await _told(session, ui, found)


@post("/challenges/{challenge_id:int}/approval", status_code=200, tags=["Inbox"])
async def approve(challenge_id: FromPath[int], caller: Caller, session: Session, ui: Ui) -> Response[ChallengeView]:
    """Say that it is settled in the app; of one that wants a code: ask for a new one. One run sees."""
    await _own(session, caller, challenge_id)
    return await _told(session, ui, await verbs.approve(session, ui.settings, challenge_id, caller.actor))


@post("/challenges/{challenge_id:int}/omission", status_code=200, tags=["Inbox"])
async def skip(challenge_id: FromPath[int], caller: Caller, session: Session, ui: Ui) -> Response[ChallengeView]:
    """Cancel the account's share of the task. The account stays stopped."""
    await _own(session, caller, challenge_id)
    return await _told(session, ui, await verbs.skip(session, challenge_id, caller.actor))


@post("/challenges/{challenge_id:int}/pause", status_code=200, tags=["Inbox"])
async def put_aside(challenge_id: FromPath[int], caller: Caller, session: Session, ui: Ui) -> Response[ChallengeView]:
    """Stop the account until a person resumes it."""
    await _own(session, caller, challenge_id)
    return await _told(session, ui, await verbs.put_aside(session, challenge_id, caller.actor))


@get("/incidents", tags=["Inbox"])
async def list_incidents(
    caller: Caller,
    session: Session,
    closed: FromQuery[bool] = False,
    cursor: Cursor = None,
    limit: Limit = USUAL,
) -> Page[IncidentView]:
    """List incidents of published posts: the open ones, or those that somebody has looked at."""
    query = select(PostIncident).join(Post, Post.id == PostIncident.post_id).join(Task, Task.id == Post.task_id)
    query = query.where(caller.tasks(), PostIncident.closed_at.is_not(None) == closed).options(*incidents.WITH_POST)
    rows, following = await rows_of(session, query, PostIncident.id, cursor, limit)
    return Page[IncidentView](items=[_incident_view(row) for row in rows], next_cursor=following)


@post("/incidents/{incident_id:int}/closing", status_code=200, tags=["Inbox"])
async def close_incident(incident_id: FromPath[int], caller: Caller, session: Session, ui: Ui) -> IncidentView:
    """Say that a person has looked at it."""
    known = await session.get(PostIncident, incident_id, options=incidents.WITH_POST)
    if known is None:
        raise not_found("incident", incident_id)
    await post_of(session, caller, known.post_id)
    closed = await incidents.close(session, incident_id, caller.actor)
    ui.bus.tell("challenge")
    return _incident_view(closed)


def view_of(challenge: Challenge) -> ChallengeView:
    """The account and the account task must be loaded."""
    asked = question(challenge)
    derived = {
        "account": challenge.account.username,
        "task_id": challenge.account_task.task_id if challenge.account_task else None,
        "takes_code": asked.takes_code,
        "todo": asked.asked.todo,
    }
    own = {name: getattr(challenge, name) for name in ChallengeView.model_fields if name not in derived}
    return ChallengeView(**own, **derived)


def _incident_view(incident: PostIncident) -> IncidentView:
    derived = incidents.in_words(incident)
    own = {name: getattr(incident, name) for name in IncidentView.model_fields if name not in derived}
    return IncidentView(**own, **derived)


async def _own(session: AsyncSession, caller: Holder, challenge_id: int) -> None:
    found = await session.get(Challenge, challenge_id)
    if found is None:
        raise not_found("challenge", challenge_id)
    await account_of(session, caller, found.account_id)


async def _told(session: AsyncSession, ui: UiContext, found: Challenge) -> Response[ChallengeView]:
    await session.flush()
    await session.refresh(found, ["account", "account_task"])
    view = view_of(found)
    return Response(view, background=BackgroundTask(_announce, ui, found.id, view.task_id))


async def _announce(ui: UiContext, challenge_id: int, task_id: int | None) -> None:
    ui.bus.tell("challenge", challenge_id)
    ui.bus.tell("work")
    if task_id is not None:
        ui.bus.tell("task", task_id)


HANDLERS = [list_challenges, answer, approve, skip, put_aside, list_incidents, close_incident]
