"""One account: its health, what it may still do, its time line, and what a person does with it."""

from datetime import UTC, datetime
from typing import Any

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from igfleet.errors import Invalid
from igfleet.ui import accounts
from igfleet.ui.accounts import find_account
from igfleet.ui.fleet import edits
from igfleet.ui.fleet import page as account_page
from igfleet.ui.fleet.timeline import SORTS
from igfleet.ui.injected import Session, Ui
from igfleet.ui.models import Role
from igfleet.ui.pages.render import go, go_and_say, page
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of


@get("/accounts/{account_id:int}")
async def one(
    request: AnyRequest,
    account_id: FromPath[int],
    session: Session,
    ui: Ui,
    only: FromQuery[str] = "",
    before: FromQuery[str] = "",
) -> Template:
    """What is known of it: status, health, budgets, proxy, what comes, and what was."""
    seen = await account_page.gather(session, ui.settings, account_id, only, _moment(before))
    may_act = person_of(request).role.includes(Role.OPERATOR)
    context: dict[str, Any] = {"seen": seen, "account": seen.account, "only": only, "before": before}
    return page(request, "accounts/one.html", "accounts", **context, sorts=list(SORTS), may_act=may_act)


@get("/accounts/{account_id:int}/edit", opt={"role": Role.OPERATOR})
async def edit_form(request: AnyRequest, account_id: FromPath[int], session: Session) -> Template:
    """Its facts as a form."""
    account = await find_account(session, account_id)
    return page(request, "accounts/edit.html", "accounts", account=account, given=edits.present(account), wrong={})


@post("/accounts/{account_id:int}/edit")
async def edit(request: AnyRequest, account_id: FromPath[int], session: Session) -> Redirect | Template:
    """Change its facts."""
    form = {name: str(value) for name, value in (await checked_form(request)).items()}
    try:
        count = await edits.edit(session, account_id, form, person_of(request).actor)
    except Invalid as error:
        given = {name: form.get(name, "") for name in edits.EDITED}
        context = {"account": await find_account(session, account_id), "given": given, "wrong": error.fields}
        return page(request, "accounts/edit.html", "accounts", status_code=422, **context)
    return _back(request, account_id, "Saved" if count else "Nothing was changed")


@post("/accounts/{account_id:int}/notes")
async def note(request: AnyRequest, account_id: FromPath[int], session: Session) -> Redirect:
    """A note for the time line."""
    form = await checked_form(request)
    await edits.note(session, account_id, str(form.get("note", "")), person_of(request).actor)
    return go(f"/accounts/{account_id}#timeline")


@post("/accounts/{account_id:int}/posts/{post_id:int}/omission")
async def skip(
    request: AnyRequest, account_id: FromPath[int], post_id: FromPath[int], session: Session, ui: Ui
) -> Redirect:
    """Leave out a planned post."""
    await checked_form(request)
    await edits.skip_post(session, account_id, post_id, person_of(request).actor)
    ui.bus.tell("work")
    return _back(request, account_id, "The post is skipped")


@post("/accounts/{account_id:int}/resumption")
async def resume(request: AnyRequest, account_id: FromPath[int], session: Session) -> Redirect:
    """A person looked: the account may run again."""
    await checked_form(request)
    await accounts.resume_accounts(session, [account_id], person_of(request).actor)
    return _back(request, account_id, "The account may run again")


@post("/accounts/{account_id:int}/stop")
async def stop(request: AnyRequest, account_id: FromPath[int], session: Session) -> Redirect:
    """Nothing of the account runs until a person resumes it."""
    await checked_form(request)
    await accounts.stop_accounts(session, [account_id], person_of(request).actor)
    return _back(request, account_id, "The account is stopped")


@post("/accounts/{account_id:int}/archive")
async def archive(request: AnyRequest, account_id: FromPath[int], session: Session) -> Redirect:
    """Put aside, or back."""
    form = await checked_form(request)
    is_back = form.get("back") == "yes"
    await accounts.archive_accounts(session, [account_id], person_of(request).actor, back=is_back)
    return _back(request, account_id, "It is taken out of the archive" if is_back else "It is archived")


def _back(request: AnyRequest, account_id: int, said: str) -> Redirect:
    return go_and_say(request, f"/accounts/{account_id}", said)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


HANDLERS = [one, edit_form, edit, note, skip, resume, stop, archive]
