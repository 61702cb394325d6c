"""Inbox: what waits for a person. Each row is settled where it stands."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from sqlalchemy import select

from igfleet.errors import Conflict, Invalid
from igfleet.ui.challenges import inbox, verbs
from igfleet.ui.context import UiContext
from igfleet.ui.injected import Session, Ui
from igfleet.ui.models import AccountTask, Challenge
from igfleet.ui.pages.render import go_and_say, page
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of
from igfleet.ui.verification import incidents

type Act = Callable[[dict[str, Any]], Awaitable[Challenge]]


@get("/inbox")
async def show(request: AnyRequest, session: Session) -> Template:
    """The oldest deadline first."""
    return page(request, "inbox/list.html", "inbox", box=await inbox.gather(session), wrong={})


@get("/inbox/live")
async def fragment(request: AnyRequest, session: Session) -> Template:
    """The part that changes."""
    return page(request, "inbox/_live.html", "inbox", box=await inbox.gather(session), wrong={})


@post("/inbox/{challenge_id:int}/answer")
async def answer(request: AnyRequest, challenge_id: FromPath[int], session: Session, ui: Ui) -> Redirect | Template:
    """Hand in a code."""
    actor = person_of(request).actor

    async def act(form: dict[str, Any]) -> Challenge:
        return await verbs.answer(session, ui.vault, challenge_id, str(form.get("code", "")), actor)

    return await _done(request, session, ui, challenge_id, act, "The code is handed in")


@post("/inbox/{challenge_id:int}/approval")
async def approve(request: AnyRequest, challenge_id: FromPath[int], session: Session, ui: Ui) -> Redirect | Template:
    """It is settled in the app, or a new code is to be sent: one run sees."""
    actor = person_of(request).actor

    async def act(_: dict[str, Any]) -> Challenge:
        return await verbs.approve(session, ui.settings, challenge_id, actor)

    return await _done(request, session, ui, challenge_id, act, "One run now sees whether it holds")


@post("/inbox/{challenge_id:int}/omission")
async def skip(request: AnyRequest, challenge_id: FromPath[int], session: Session, ui: Ui) -> Redirect | Template:
    """Cancel the account's share."""
    actor = person_of(request).actor

    async def act(_: dict[str, Any]) -> Challenge:
        return await verbs.skip(session, challenge_id, actor)

    return await _done(request, session, ui, challenge_id, act, "The account's share is cancelled")


@post("/inbox/{challenge_id:int}/pause")
async def put_aside(request: AnyRequest, challenge_id: FromPath[int], session: Session, ui: Ui) -> Redirect | Template:
    """Stop the account until a person resumes it."""
    actor = person_of(request).actor

    async def act(_: dict[str, Any]) -> Challenge:
        return await verbs.put_aside(session, challenge_id, actor)

    return await _done(request, session, ui, challenge_id, act, "The account is put aside")


@post("/inbox/incidents/{incident_id:int}/closing")
async def close_incident(request: AnyRequest, incident_id: FromPath[int], session: Session, ui: Ui) -> Redirect:
    """A person has looked at what was found."""
    await checked_form(request)
    await incidents.close(session, incident_id, person_of(request).actor)
    ui.bus.tell("challenge")
    return go_and_say(request, "/inbox", "The incident is closed")


async def _done(
    request: AnyRequest, session: Session, ui: UiContext, challenge_id: int, act: Act, said: str
) -> Redirect | Template:
    """What was done, or the page again with what was wrong beside the row."""
    form = await checked_form(request)
    try:
        found = await act(form)
    except (Invalid, Conflict) as error:
        context = {"box": await inbox.gather(session), "wrong": {challenge_id: str(error)}}
        return page(request, "inbox/list.html", "inbox", status_code=error.status_code, **context)
    ui.bus.tell("challenge", challenge_id)
    ui.bus.tell("work")
    task_id = await session.scalar(select(AccountTask.task_id).where(AccountTask.id == found.account_task_id))
    if task_id is not None:
        ui.bus.tell("task", task_id)
    return go_and_say(request, "/inbox", said)


HANDLERS = [show, fragment, answer, approve, skip, put_aside, close_incident]
