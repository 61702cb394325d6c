"""Accounts: list, import, stop and resume, tags."""

from datetime import date, datetime
from typing import Annotated

from litestar import get, post, put
from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from igfleet.contracts.states import AccountStatus
from igfleet.ui import accounts
from igfleet.ui.api.v1.access import FLEET, Caller, account_of
from igfleet.ui.api.v1.imports import ImportView, NewAccounts, told
from igfleet.ui.api.v1.paging import USUAL, Body, Cursor, Limit, Page, View, rows_of
from igfleet.ui.fleet import edits
from igfleet.ui.imports.accounts import apply_accounts, preview_accounts
from igfleet.ui.injected import Session, Ui
from igfleet.ui.models import Account

Tag = Annotated[str, Field(min_length=1, max_length=50, pattern=r"^[^\x00]+$")]
Fact = Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")] | None


class AccountView(View):
    """One account; never a secret."""

    id: int
    username: str
    status: AccountStatus
    status_reason: str
    """A reason code, or empty."""
    status_since: datetime
    client: str
    tags: list[str]
    email: str | None
    phone: str | None
    locale: str
    timezone: str
    authorised_by: str
    authorised_until: date | None
    has_password: bool
    has_totp: bool
    session_at: datetime | None
    archived_at: datetime | None
    cooldown_until: datetime | None
    last_success_at: datetime | None
    last_failure_at: datetime | None
    last_failure_reason: str | None
    proxy_id: int | None
    proxy: str | None
    """Its name: scheme, host and port."""


class NewTags(Body):
    """All tags of an account from now on."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"tags": ["north", "reels"]}]})
    tags: Annotated[tuple[Tag, ...], Field(max_length=50)]


class NewFacts(Body):
    """Facts to be changed; what is not given stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"timezone": "Europe/Berlin", "notes": "Asks often"}]})
    client: Fact = None
    tags: Annotated[tuple[Tag, ...], Field(max_length=50)] | None = None
    timezone: Fact = None
    locale: Fact = None
    authorised_by: Fact = None
    authorised_until: Fact = None
    """A day; empty for no end."""
    notes: Annotated[str, Field(max_length=10_000, pattern=r"^[^\x00]*$")] | None = None


class NewNote(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "The owner was told"}]})
    note: Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[^\x00]+$")]


class NewArchiving(Body):
    """Whether it is put aside; `false` takes that back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"on": True}]})
    on: bool = True


@get("/accounts", tags=["Accounts"])
async def list_accounts(
    caller: Caller,
    session: Session,
    q: FromQuery[str] = "",
    status: FromQuery[AccountStatus | None] = None,
    tag: FromQuery[str] = "",
    client: FromQuery[str] = "",
    archived: FromQuery[bool] = False,
    cursor: Cursor = None,
    limit: Limit = USUAL,
) -> Page[AccountView]:
    """List accounts. `q` is a part of the user name; `archived` includes those that were put aside."""
    query = select(Account).where(caller.accounts()).options(joinedload(Account.proxy))
    query = query if archived else query.where(Account.archived_at.is_(None))
    if q:
        query = query.where(Account.username.icontains(q, autoescape=True))
    if status is not None:
        query = query.where(Account.status == status)
    if tag:
        query = query.where(Account.tags.contains([tag]))
    if client:
        query = query.where(Account.client == client)
    rows, following = await rows_of(session, query, Account.id, cursor, limit)
    return Page[AccountView](items=[view_of(row) for row in rows], next_cursor=following)


@get("/accounts/{account_id:int}", tags=["Accounts"])
async def one_account(account_id: FromPath[int], caller: Caller, session: Session) -> AccountView:
    """Show one account."""
    return view_of(await account_of(session, caller, account_id))


@post("/accounts/imports", opt=FLEET, status_code=200, tags=["Accounts"])
async def import_accounts(data: JSONBody[NewAccounts], caller: Caller, session: Session, ui: Ui) -> ImportView:
    """Import accounts: the good lines are stored, the bad ones are told. Secrets are sealed and never shown."""
    if data.preview:
        return told(await preview_accounts(session, ui.vault, data.text), (), applied=False)
    done = await apply_accounts(session, ui.vault, data.text, authorised_by=data.authorised_by, actor=caller.actor)
    return told(done.preview, done.ids, applied=True)


@post("/accounts/{account_id:int}/stop", status_code=200, tags=["Accounts"])
async def stop_account(account_id: FromPath[int], caller: Caller, session: Session) -> AccountView:
    """Stop an account: nothing of it runs until it is resumed."""
    await account_of(session, caller, account_id)
    await accounts.stop_accounts(session, [account_id], caller.actor)
    return view_of(await account_of(session, caller, account_id))


@post("/accounts/{account_id:int}/resumption", status_code=200, tags=["Accounts"])
async def resume_account(account_id: FromPath[int], caller: Caller, session: Session) -> AccountView:
    """Resume an account: a person says that what stopped it is settled."""
    await account_of(session, caller, account_id)
    await accounts.resume_accounts(session, [account_id], caller.actor)
    return view_of(await account_of(session, caller, account_id))


@put("/accounts/{account_id:int}/tags", tags=["Accounts"])
async def tag_account(
    account_id: FromPath[int], data: JSONBody[NewTags], caller: Caller, session: Session
) -> AccountView:
    """Replace the tags of an account. A key for some tags cannot take an account out of its own sight."""
    account = await account_of(session, caller, account_id)
    await accounts.set_tags(session, account, data.tags, caller.actor)
    await session.flush()  # the next line looks whether the key still opens it
    return view_of(await account_of(session, caller, account_id))


@put("/accounts/{account_id:int}", tags=["Accounts"])
async def edit_account(
    account_id: FromPath[int], data: JSONBody[NewFacts], caller: Caller, session: Session
) -> AccountView:
    """Change facts of an account. A key for some accounts cannot take one out of its own sight."""
    account = await account_of(session, caller, account_id)
    given = {name: value for name, value in data.model_dump().items() if value is not None}
    if data.tags is not None:
        given["tags"] = " ".join(data.tags)
    await edits.edit(session, account_id, edits.present(account) | given, caller.actor)
    await session.flush()  # the next line looks whether the key still opens it
    return view_of(await account_of(session, caller, account_id))


@post("/accounts/{account_id:int}/notes", status_code=201, tags=["Accounts"])
async def note_account(
    account_id: FromPath[int], data: JSONBody[NewNote], caller: Caller, session: Session
) -> AccountView:
    """Write a note into the time line of an account."""
    account = await account_of(session, caller, account_id)
    await edits.note(session, account_id, data.note, caller.actor)
    return view_of(account)


@post("/accounts/{account_id:int}/archive", status_code=200, tags=["Accounts"])
async def archive_account(
    account_id: FromPath[int], data: JSONBody[NewArchiving], caller: Caller, session: Session
) -> AccountView:
    """Put an account aside, or take it out of the archive. Its history stays."""
    await account_of(session, caller, account_id)
    await accounts.archive_accounts(session, [account_id], caller.actor, back=not data.on)
    return view_of(await account_of(session, caller, account_id))


def view_of(account: Account) -> AccountView:
    """The account with its proxy, which must be loaded."""
    own = {name: getattr(account, name) for name in AccountView.model_fields if name != "proxy"}
    return AccountView(**own, proxy=account.proxy.name if account.proxy else None)


HANDLERS = [
    list_accounts,
    one_account,
    import_accounts,
    stop_account,
    resume_account,
    tag_account,
    edit_account,
    note_account,
    archive_account,
]
