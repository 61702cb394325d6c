"""Workers: who is there, how busy, and tokens for new ones."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Invalid
from igfleet.ui import breaker_list, draining, overview, tokens
from igfleet.ui.exports import workers_sheet
from igfleet.ui.injected import Session
from igfleet.ui.models import Role, Scope, WorkerToken
from igfleet.ui.pages.files import both, sheet_file
from igfleet.ui.pages.render import go, go_and_say, page
from igfleet.ui.scope.reach import FLEET
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of


@get("/workers")
async def table(request: AnyRequest, session: Session) -> Template:
    """Every worker heard of in the last day."""
    return page(request, "workers/list.html", "workers", made="", name="", base="", **await _listed(session))


@get(both("/workers"))
async def export(request: AnyRequest, session: Session) -> Response[bytes]:
    """The same as a file."""
    return sheet_file(request, workers_sheet(await overview.workers(session)), "workers")


@get("/workers/live")
async def fragment(request: AnyRequest, session: Session) -> Template:
    """The part that changes."""
    return page(request, "workers/_rows.html", "workers", **await _listed(session))


@post("/workers/{worker_id:int}/drain", opt={FLEET: True})
async def drain(request: AnyRequest, worker_id: FromPath[int], session: Session) -> Redirect:
    """Let it finish what it has and take nothing new, or take that back."""
    form = await checked_form(request)
    await draining.drain(session, worker_id, person_of(request).actor, on=form.get("on") == "yes")
    return go("/workers")


@post("/workers/tokens", opt={"role": Role.ADMIN})
async def make_token(request: AnyRequest, session: Session) -> Template:
    """A token for one worker, shown this once."""
    form = await checked_form(request)
    name = str(form.get("name", "")).strip()
    if not name or len(name) > 100 or not name.isprintable():
        raise Invalid("Give the worker a name.", {"name": "is needed"})
    made = await tokens.make(session, name, person_of(request).actor)
    await session.flush()  # the list below shows it
    base = str(request.base_url).rstrip("/")
    return page(request, "workers/list.html", "workers", made=made, name=name, base=base, **await _listed(session))


@post("/workers/tokens/revocation", opt={"role": Role.ADMIN})
async def revoke(request: AnyRequest, session: Session) -> Redirect:
    """Every token of this worker stops working within a second."""
    form = await checked_form(request)
    await tokens.revoke(session, str(form.get("name", "")), person_of(request).actor)
    return go_and_say(request, "/workers", "Its tokens are revoked")


async def _listed(session: AsyncSession) -> dict[str, Any]:
    live = select(WorkerToken.worker_name).where(WorkerToken.revoked_at.is_(None)).distinct()
    scopes = (Scope.WORKER, Scope.LIBRARY)
    return {
        "workers": await overview.workers(session),
        "with_token": sorted(await session.scalars(live)),
        "open_now": [one for one in await breaker_list.shown(session) if one.scope in scopes],
    }


HANDLERS = [table, export, fragment, drain, make_token, revoke]
