"""A secret of an account, behind the password of who wants to see it, for half a minute."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Template

from igfleet.errors import Invalid
from igfleet.ui.accounts import find_account
from igfleet.ui.injected import Session, Ui
from igfleet.ui.models import Role
from igfleet.ui.pages.render import page
from igfleet.ui.pages.set_up import address_of
from igfleet.ui.sealing import revealing
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of
from igfleet.ui.users import joining, roster

_PATH = "/accounts/{account_id:int}/secrets/{field:str}"
_MANAGER = {"role": Role.MANAGER}


@get(_PATH, opt=_MANAGER)
async def ask(request: AnyRequest, account_id: FromPath[int], field: FromPath[str], session: Session) -> Template:
    """The question for the password. Nothing is opened."""
    title = revealing.title_of(field)
    account = await find_account(session, account_id)
    return page(
        request, "accounts/secret.html", "accounts", account=account, field=field, title=title, wrong="", shown=""
    )


@post(_PATH, opt=_MANAGER)
async def show(
    request: AnyRequest, account_id: FromPath[int], field: FromPath[str], session: Session, ui: Ui
) -> Response[Any]:
    """The secret; the browser leaves the page by itself, also without script."""
    form = await checked_form(request)
    person, title = person_of(request), revealing.title_of(field)
    account = await find_account(session, account_id)
    told: dict[str, Any] = {"account": account, "field": field, "title": title, "wrong": "", "shown": ""}
    try:
        user = await roster.find(session, person.user_id)
        await joining.confirm(ui.database, user, str(form.get("password", "")), address_of(request))
    except Invalid as error:
        told["wrong"] = str(error)
        return page(request, "accounts/secret.html", "accounts", status_code=422, **told)
    secret = await revealing.reveal(session, ui.vault, account_id, field, person.actor)
    made = page(request, "accounts/secret.html", "accounts", **{**told, "shown": secret.get_secret_value()})
    made.headers["Refresh"] = f"{revealing.SHOWN_S}; url=/accounts/{account_id}"
    return made


HANDLERS = [ask, show]
