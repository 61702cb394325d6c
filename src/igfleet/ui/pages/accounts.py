"""Accounts: the list and the import."""

from typing import Any

from litestar import Response, get, post
from litestar.response import Redirect, Template

from igfleet.errors import Invalid
from igfleet.plurals import counted
from igfleet.ui import staging
from igfleet.ui.bulk.of_accounts import offered_acts
from igfleet.ui.exports import accounts_sheet
from igfleet.ui.fleet import filter as account_filter
from igfleet.ui.fleet import rows
from igfleet.ui.fleet.filter import AccountFilter
from igfleet.ui.imports.accounts import apply_accounts, preview_accounts
from igfleet.ui.injected import Session, Ui
from igfleet.ui.models import Account, Role
from igfleet.ui.pages import lists
from igfleet.ui.pages.files import both, sheet_file
from igfleet.ui.pages.importing import shown, text_of
from igfleet.ui.pages.lists import After, keys_of
from igfleet.ui.pages.render import go_and_say, page
from igfleet.ui.scope.reach import FLEET
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of

_EXPORTED = 10_000


@get("/accounts")
async def table(request: AnyRequest, session: Session, ui: Ui, after: After = None) -> Template:
    """The accounts that fit the filter, which is the address."""
    wanted = AccountFilter.read(request.query_params)
    query = wanted.select(ui.settings.publish_budget_per_day)
    found = await keys_of(session, query, Account.id, after)
    context: dict[str, Any] = {
        "found": found,
        "rows": await rows.rows_of(session, found.rows),
        "matching": await lists.true_count(session, query, Account.id, found),
        "wanted": wanted,
        "offered": await rows.suggested(session),
        "choices": account_filter,
        "acts": offered_acts(wanted),
        "budget": ui.settings.publish_budget_per_day,
        "may_act": person_of(request).role.includes(Role.OPERATOR),
    }
    return page(request, "accounts/list.html", "accounts", **context)


@get(both("/accounts"))
async def export(request: AnyRequest, session: Session, ui: Ui) -> Response[bytes]:
    """The same filter as a file."""
    query = AccountFilter.read(request.query_params).select(ui.settings.publish_budget_per_day)
    ids = list(await session.scalars(query.with_only_columns(Account.id).order_by(Account.id).limit(_EXPORTED)))
    return sheet_file(request, await accounts_sheet(session, ids), "accounts")


@get("/accounts/import", opt={FLEET: True})
async def import_form(request: AnyRequest) -> Template:
    """Paste or choose a file."""
    return page(request, "accounts/import.html", "accounts", authorised_by="", wrong="")


@post("/accounts/import/preview", opt={FLEET: True})
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


@post("/accounts/import", opt={FLEET: True})
async def import_confirmed(request: AnyRequest, session: Session, ui: Ui) -> Redirect:
    """Import the good lines, with the statement that one may manage these accounts."""
    form = await checked_form(request)
    person, statement = person_of(request), str(form.get("authorised_by", ""))
    text = await staging.take(session, ui.vault, "accounts", str(form.get("key", "")), person.user_id)
    done = await apply_accounts(session, ui.vault, text, authorised_by=statement, actor=person.actor)
    return go_and_say(request, "/accounts", counted(len(done.ids), "account") + " imported")


HANDLERS = [table, export, import_form, import_preview, import_confirmed]
