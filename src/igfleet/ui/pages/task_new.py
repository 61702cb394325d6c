"""A new task of any kind: who, what, how. Then its plan (`task_plan`)."""

from typing import Any

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Invalid, NotFound
from igfleet.runners import runner_of
from igfleet.runners.base import Options, Runner
from igfleet.ui.bulk.ordering import selected
from igfleet.ui.forms.bound import bound, own
from igfleet.ui.injected import Session, Ui
from igfleet.ui.pages import choices
from igfleet.ui.pages.order_form import draft_of, fields_as_given, fields_of_draft
from igfleet.ui.pages.render import go, page
from igfleet.ui.planning import draft as drafts
from igfleet.ui.planning.plan import find_task, plan
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of
from igfleet.ui.security.sound import id_of, ids_of


@get("/tasks/new")
async def menu(request: AnyRequest) -> Template:
    """The kinds to choose from."""
    return page(request, "tasks/kinds.html", "tasks")


@get("/tasks/new/{kind:str}")
async def show(
    request: AnyRequest,
    kind: FromPath[str],
    session: Session,
    tag: FromQuery[str] = "",
    names: FromQuery[str] = "",
    selection: FromQuery[str] = "",
) -> Template:
    """An empty form, or one with accounts chosen by a tag, by name, or in the list of accounts."""
    runner = runner_of(kind)
    offered = await choices.offered(session, runner, (), ())
    chosen = await selected(session, "accounts", id_of(selection), person_of(request).user_id)
    if chosen:
        names = "\n".join(await choices.names_of(session, chosen))
    given = fields_of_draft(runner, None, (), offered["shown"], ()) | {"tag": tag, "names": names}
    return _form(request, runner, given, offered, {}, None)


@post("/tasks/new/{kind:str}")
async def create(request: AnyRequest, kind: FromPath[str], session: Session, ui: Ui) -> Redirect | Template:
    """Store the draft and plan it; the draft has its own address from then on."""
    form, runner = await checked_form(request), runner_of(kind)
    try:
        async with session.begin_nested():
            draft = await draft_of(session, runner, form)
            task = await drafts.create(session, ui.settings, draft, person_of(request).actor)
            await plan(session, ui.settings, task.id)
    except (Invalid, NotFound) as error:
        return await _again(request, session, runner, form, error, None)
    return go(f"/tasks/{task.id}/plan")


@get("/tasks/{task_id:int}/edit")
async def edit(request: AnyRequest, task_id: FromPath[int], session: Session) -> Template:
    """The form of a draft."""
    task = await find_task(session, task_id)
    runner = runner_of(task.kind)
    media = await choices.media_of(session, task_id)
    offered = await choices.offered(session, runner, task.account_ids, media)
    names = await choices.names_of(session, [key for key in task.account_ids if key not in offered["shown"]])
    given = fields_of_draft(runner, task, media, offered["shown"], names)
    return _form(request, runner, given, offered, {}, task_id)


@post("/tasks/{task_id:int}/draft")
async def change(request: AnyRequest, task_id: FromPath[int], session: Session, ui: Ui) -> Redirect | Template:
    """Replace the draft's content and plan it anew."""
    form, task = await checked_form(request), await find_task(session, task_id)
    runner = runner_of(task.kind)
    try:
        async with session.begin_nested():
            await drafts.change(session, task, await draft_of(session, runner, form))
            await plan(session, ui.settings, task_id)
    except (Invalid, NotFound) as error:
        return await _again(request, session, runner, form, error, task_id)
    return go(f"/tasks/{task_id}/plan")


async def _again(
    request: AnyRequest,
    session: AsyncSession,
    runner: type[Runner[Options]],
    form: dict[str, Any],
    error: Invalid | NotFound,
    task_id: int | None,
) -> Template:
    """The form as it was filled in, with what is wrong."""
    wrong = (error.fields if isinstance(error, Invalid) else {}) or {"": str(error)}
    given = fields_as_given(runner, form)
    accounts = ids_of(given["accounts"])
    media = ids_of(given["media"])
    offered = await choices.offered(session, runner, accounts, media)
    return _form(request, runner, given, offered, wrong, task_id, status_code=422)


def _form(
    request: AnyRequest,
    runner: type[Runner[Options]],
    given: dict[str, Any],
    offered: dict[str, Any],
    wrong: dict[str, str],
    task_id: int | None,
    *,
    status_code: int = 200,
) -> Template:
    fields = bound(runner, given, wrong, offered["pictures"])
    shown = {
        *fields,
        "name",
        "accounts",
        "names",
        "tag",
        "media",
        "start_at",
        "timezone",
        "caption_text",
        "caption_set",
    }
    context = {"kind": runner, "given": given, "wrong": wrong, "task_id": task_id, **offered}
    context |= {"f": fields, "own": own(fields), "elsewhere": {k: v for k, v in wrong.items() if k not in shown}}
    return page(request, "tasks/new.html", "tasks", status_code=status_code, **context)


HANDLERS = [menu, show, create, edit, change]
