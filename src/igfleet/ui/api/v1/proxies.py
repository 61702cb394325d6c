"""Proxies: list, import, check, rotate, replace."""

from datetime import datetime
from typing import Annotated

from litestar import Response, get, post, put
from litestar.background_tasks import BackgroundTask
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from pydantic import ConfigDict, Field
from sqlalchemy import select

from igfleet.contracts.base import Id
from igfleet.contracts.proxy_checks import ProxyVerdict
from igfleet.contracts.states import ProxyState
from igfleet.runners.proxy_diag import MOST_PROXIES
from igfleet.ui import proxies
from igfleet.ui.announcing import announce
from igfleet.ui.api.description import MAY
from igfleet.ui.api.v1.access import FLEET, Caller
from igfleet.ui.api.v1.imports import ImportView, NewProxies, told
from igfleet.ui.api.v1.paging import USUAL, Body, Cursor, Limit, Page, View, rows_of
from igfleet.ui.imports.proxies import apply_proxies, preview_proxies
from igfleet.ui.injected import Session, Ui
from igfleet.ui.models import Proxy, ProxyCheckEntry
from igfleet.ui.outbound import NoAnswer
from igfleet.ui.proxy_list import ProxyFilter, ProxyRow
from igfleet.ui.proxy_list import rows_of as with_checks


class ProxyView(View):
    """One proxy with its last check; never its password."""

    id: int
    name: str
    address: str
    username: str | None
    scheme: str
    host: str
    port: int
    state: ProxyState
    trouble: str
    tags: list[str]
    has_password: bool
    rotates: bool
    """An address that changes its IP is stored with it."""
    verdict: ProxyVerdict | None
    latency_ms: int | None
    exit_ip: str | None
    country: str | None
    checked_at: datetime | None
    fails_24h: int
    accounts: int
    """How many leave through it."""


class NewCheck(Body):
    """Proxies to check."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ids": [1]}]})
    ids: Annotated[tuple[Id, ...], Field(min_length=1, max_length=MOST_PROXIES)]


class CheckOrdered(View):
    """The check is a task of its own: read `/tasks/{task_id}/rows` for what it found."""

    task_id: int


class Replacement(Body):
    """The proxy that takes over."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"by": 2}]})
    by: Id


class ProxyCheckView(View):
    """What one check found."""

    id: int
    at: datetime
    verdict: ProxyVerdict
    sentence: str
    latency_ms: int | None
    exit_ip: str | None
    country: str | None
    task_id: int | None


class NewSwitch(Body):
    """Whether it is used; accounts of one that is switched off are left out of plans."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"on": True}]})
    on: bool


class Replaced(View):
    accounts: int
    """How many accounts have the other proxy now."""


class Rotated(View):
    status: int
    """Of the provider's answer."""
    text: str
    """The beginning of it."""


@get("/proxies", opt=FLEET, tags=["Proxies"])
async def list_proxies(
    caller: Caller,
    session: Session,
    q: FromQuery[str] = "",
    wanted: Annotated[ProxyState | None, QueryParameter(name="state")] = None,
    cursor: Cursor = None,
    limit: Limit = USUAL,
) -> Page[ProxyView]:
    """List proxies with their last check. `q` is a part of the host."""
    found, following = await rows_of(session, ProxyFilter(q=q, state=wanted or "").select(), Proxy.id, cursor, limit)
    rows = await with_checks(session, found)
    return Page[ProxyView](items=[view_of(row) for row in rows], next_cursor=following)


@get("/proxies/{proxy_id:int}", opt=FLEET, tags=["Proxies"])
async def one_proxy(proxy_id: FromPath[int], caller: Caller, session: Session) -> ProxyView:
    """Show one proxy."""
    (row,) = await with_checks(session, [await proxies.find_proxy(session, proxy_id)])
    return view_of(row)


@post("/proxies/imports", opt=FLEET, status_code=200, tags=["Proxies"])
async def import_proxies(data: JSONBody[NewProxies], caller: Caller, session: Session, ui: Ui) -> ImportView:
    """Import proxies: the good lines are stored, the bad ones are told. Passwords are sealed and never shown."""
    if data.preview:
        return told(await preview_proxies(session, ui.vault, data.text), (), applied=False)
    done = await apply_proxies(session, ui.vault, data.text, caller.actor)
    return told(done.preview, done.ids, applied=True)


@post("/proxies/checks", opt=FLEET, status_code=202, tags=["Proxies"])
async def check_proxies(data: JSONBody[NewCheck], caller: Caller, session: Session, ui: Ui) -> Response[CheckOrdered]:
    """Have workers check proxies: a real request through each."""
    task = await proxies.order_check(session, ui.settings, data.ids, caller.actor)
    return Response(CheckOrdered(task_id=task.id), background=BackgroundTask(announce, ui, task.id))


@post("/proxies/{proxy_id:int}/rotations", opt={MAY: (502,), **FLEET}, status_code=200, tags=["Proxies"])
async def rotate_proxy(proxy_id: FromPath[int], caller: Caller, ui: Ui) -> Rotated:
    """Ask the provider for another exit IP, at the address stored with the proxy."""
    answer = await proxies.rotate(ui, proxy_id, caller.actor)
    if not answer.is_good:
        raise NoAnswer(f"The provider refuses: {answer.status} {answer.text}".strip())
    return Rotated(status=answer.status, text=answer.text)


@post("/proxies/{proxy_id:int}/replacement", opt=FLEET, status_code=200, tags=["Proxies"])
async def replace_proxy(
    proxy_id: FromPath[int], data: JSONBody[Replacement], caller: Caller, session: Session
) -> Replaced:
    """Give the accounts of a proxy another one; they use it from their next run."""
    return Replaced(accounts=await proxies.replace(session, proxy_id, data.by, caller.actor))


@get("/proxies/{proxy_id:int}/checks", opt=FLEET, tags=["Proxies"])
async def list_checks(
    proxy_id: FromPath[int], caller: Caller, session: Session, cursor: Cursor = None, limit: Limit = USUAL
) -> Page[ProxyCheckView]:
    """List what the checks of a proxy found in the last 180 days, the newest first."""
    proxy = await proxies.find_proxy(session, proxy_id)
    query = select(ProxyCheckEntry).where(ProxyCheckEntry.proxy_id == proxy.id)
    rows, following = await rows_of(session, query, ProxyCheckEntry.id, cursor, limit, newest=True)
    return Page[ProxyCheckView](items=[ProxyCheckView.model_validate(row) for row in rows], next_cursor=following)


@put("/proxies/{proxy_id:int}/switch", opt=FLEET, tags=["Proxies"])
async def switch_proxy(
    proxy_id: FromPath[int], data: JSONBody[NewSwitch], caller: Caller, session: Session
) -> ProxyView:
    """Switch a proxy on or off. Again is harmless."""
    await proxies.switch(session, proxy_id, caller.actor, on=data.on)
    (row,) = await with_checks(session, [await proxies.find_proxy(session, proxy_id)])
    return view_of(row)


def view_of(row: ProxyRow) -> ProxyView:
    proxy, last = row.proxy, row.last
    own = {name: getattr(proxy, name) for name in ProxyView.model_fields if hasattr(Proxy, name)}
    seen = {name: getattr(last, name, None) for name in ("verdict", "latency_ms", "exit_ip", "country")}
    more = {"rotates": proxy.has_change_ip_url, "fails_24h": row.fails, "accounts": row.accounts}
    named = {"address": proxy.label, "username": proxy.shown_user or None}
    return ProxyView.model_validate(own | seen | more | named)


HANDLERS = [
    list_proxies,
    one_proxy,
    import_proxies,
    check_proxies,
    rotate_proxy,
    replace_proxy,
    switch_proxy,
    list_checks,
]
