"""Accounts: the table, one account, and the import."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from igfleet.contracts.states import AccountStatus
from igfleet.errors import Invalid, NotFound
from igfleet.runners import KINDS
from igfleet.ui import accounts, breaker_list, staging
from igfleet.ui.account_rests import rests_of
from igfleet.ui.exports import accounts_sheet
from igfleet.ui.imports.accounts import apply_accounts, preview_accounts
from igfleet.ui.injected import Session, Ui
from igfleet.ui.models import Account, AccountTask, Post, Scope
from igfleet.ui.pages.files import both, sheet_file
from igfleet.ui.pages.importing import shown, text_of
from igfleet.ui.pages.lists import After, page_of
from igfleet.ui.pages.render import go, page
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of

_EXPORTED = 10_000


@get("/accounts")
async def table(
    request: AnyRequest,
    session: Session,
    q: FromQuery[str] = "",
    status: FromQuery[str] = "",
    tag: FromQuery[str] = "",
    after: After = None,
) -> Template:
    """The accounts that fit the filter, which is the address."""
    found = await page_of(session, _filtered(q, status, tag), Account.id, after)
    context: dict[str, Any] = {"found": found, "q": q, "status": status, "tag": tag, "statuses": list(AccountStatus)}
    return page(request, "accounts/list.html", "accounts", **context)


@get(both("/accounts"))
async def export(
    request: AnyRequest,
    session: Session,
    q: FromQuery[str] = "",
    status: FromQuery[str] = "",
    tag: FromQuery[str] = "",
) -> Response[bytes]:
    """The same filter as a file."""
    ids = list(await session.scalars(_filtered(q, status, tag).with_only_columns(Account.id).limit(_EXPORTED)))
    return sheet_file(request, await accounts_sheet(session, ids), "accounts")


@get("/accounts/import")
async def import_form(request: AnyRequest) -> Template:
    """Paste or choose a file."""
    return page(request, "accounts/import.html", "accounts", authorised_by="", wrong="")


@post("/accounts/import/preview")
async def import_preview(request: AnyRequest, session: Session, ui: Ui) -> Template:
    """A verdict for each line. Nothing is written."""
    form = await checked_form(request)
    statement = str(form.get("authorised_by", ""))
    try:
        text = await text_of(form)
        preview = await preview_accounts(session, ui.vault, text)
    except Invalid as error:
        context: dict[str, Any] = {"authorised_by": statement, "wrong": str(error)}
        return page(request, "accounts/import.html", "accounts", status_code=422, **context)
    key = await staging.keep(session, ui.vault, "accounts", text, person_of(request).user_id)
    context = {"key": key, "authorised_by": statement, "bad_csv": preview.bad_csv(), **shown(preview)}
    return page(request, "accounts/preview.html", "accounts", **context)


@post("/accounts/import")
async def import_confirmed(request: AnyRequest, session: Session, ui: Ui) -> Redirect:
    """Import the good lines, with the statement that one may manage these accounts."""
    form = await checked_form(request)
    person, statement = person_of(request), str(form.get("authorised_by", ""))
    text = await staging.take(session, ui.vault, "accounts", str(form.get("key", "")), person.user_id)
    done = await apply_accounts(session, ui.vault, text, authorised_by=statement, actor=person.actor)
    return go(f"/accounts?done={len(done.ids)}+accounts+imported")


@get("/accounts/{account_id:int}")
async def one(request: AnyRequest, account_id: FromPath[int], session: Session) -> Template:
    """What is known of it: status, authorisation, proxy, and what it did lately."""
    query = select(Account).where(Account.id == account_id).options(joinedload(Account.proxy))
    account = (await session.execute(query)).scalar_one_or_none()
    if account is None:
        raise NotFound(f"There is no account {account_id}.")
    did = (AccountTask.account_id == account_id) & AccountTask.kind.in_(KINDS)
    recent = select(AccountTask).where(did).order_by(AccountTask.id.desc()).limit(20)
    posts = select(Post).where(Post.account_id == account_id).order_by(Post.id.desc()).limit(20)
    context: dict[str, Any] = {
        "account": account,
        "rests": await rests_of(session, account_id),
        "recent": list(await session.scalars(recent.options(joinedload(AccountTask.task)))),
        "posts": list(await session.scalars(posts.options(joinedload(Post.file)))),
        "open_now": await breaker_list.shown(session, Scope.ACCOUNT, account_id),
    }
    return page(request, "accounts/one.html", "accounts", **context)


@post("/accounts/{account_id:int}/resumption")
async def resume(request: AnyRequest, account_id: FromPath[int], session: Session) -> Redirect:
    """A person looked: the account may run again."""
    await checked_form(request)
    await accounts.resume_accounts(session, [account_id], person_of(request).actor)
    return go(f"/accounts/{account_id}?done=The+account+may+run+again")


@post("/accounts/{account_id:int}/stop")
async def stop(request: AnyRequest, account_id: FromPath[int], session: Session) -> Redirect:
    """Nothing of the account runs until a person resumes it."""
    await checked_form(request)
    await accounts.stop_accounts(session, [account_id], person_of(request).actor)
    return go(f"/accounts/{account_id}?done=The+account+is+stopped")


def _filtered(q: str, status: str, tag: str) -> Select[Account]:
    query = select(Account).where(Account.archived_at.is_(None)).options(joinedload(Account.proxy))
    if q:
        query = query.where(Account.username.icontains(q, autoescape=True))
    if status in set(AccountStatus):
        query = query.where(Account.status == status)
    if tag:
        query = query.where(Account.tags.contains([tag]))
    return query


HANDLERS = [table, export, import_form, import_preview, import_confirmed, one, resume, stop]
