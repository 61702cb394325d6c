"""System: checks, background work, sizes, backup; and the diagnostic file."""

from collections.abc import Sequence
from typing import Any

import anyio.to_thread
from litestar import Response, get, post
from litestar.response import Template

from igfleet import clock
from igfleet.errors import SetupError
from igfleet.ui.context import UiContext
from igfleet.ui.injected import Session, Ui
from igfleet.ui.models import AuditEntry, Role
from igfleet.ui.pages.render import page
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of
from igfleet.ui.system import bundle, health
from igfleet.ui.system.checks import Finding, Grade, of_database, of_machine

_ADMIN = {"role": Role.ADMIN}


@get("/system", opt=_ADMIN)
async def show(request: AnyRequest, session: Session, ui: Ui) -> Template:
    """How igfleet itself is."""
    context: dict[str, Any] = {"health": await health.gather(session, ui), "findings": await _findings(ui)}
    return page(request, "system/one.html", "system", **context)


@post("/system/bundle", opt=_ADMIN)
async def pack(request: AnyRequest, session: Session, ui: Ui) -> Response[bytes]:
    """The file for whoever helps."""
    await checked_form(request)
    packed = await bundle.pack(session, ui, await _findings(ui))
    actor = person_of(request).actor
    session.add(AuditEntry(actor=actor, action="diagnostics_packed", subject="system", facts={"bytes": len(packed)}))
    name = f"igfleet-diagnostics-{clock.now():%Y%m%d-%H%M%S}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(packed, status_code=200, media_type="application/zip", headers=headers)


async def _findings(ui: UiContext) -> Sequence[Finding]:
    """The checks of `igfleet doctor`, in a thread: they ask programs and the database."""

    def look() -> list[Finding]:
        try:
            found = list(of_database(ui.settings, ui.database.url))
        except SetupError as error:
            found = [Finding("database", Grade.BAD, str(error), "Start the database, or correct DATABASE_URL.")]
        return found + list(of_machine(ui.settings))

    return await anyio.to_thread.run_sync(look)


HANDLERS = [show, pack]
