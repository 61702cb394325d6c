"""Audit: who did what, the newest first, by any filter; and as a file."""

from datetime import date
from typing import Any

from litestar import Response, get
from litestar.params import FromQuery
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Invalid
from igfleet.ui.audit import chain, trail
from igfleet.ui.audit.trail import Wanted
from igfleet.ui.injected import Session
from igfleet.ui.models import AuditEntry, Role
from igfleet.ui.pages.files import both, sheet_file
from igfleet.ui.pages.lists import After, page_of
from igfleet.ui.pages.render import page
from igfleet.ui.security.gate import AnyRequest

_ADMIN = {"role": Role.ADMIN}
_EXPORTED = 100_000


@get("/audit", opt=_ADMIN)
async def table(
    request: AnyRequest,
    session: Session,
    actor: FromQuery[str] = "",
    action: FromQuery[str] = "",
    subject: FromQuery[str] = "",
    since: FromQuery[str] = "",
    until: FromQuery[str] = "",
    after: After = None,
) -> Template:
    """The entries that fit the filter, which is the address."""
    wanted = _wanted(actor, action, subject, since, until)
    found = await page_of(session, trail.filtered(wanted), AuditEntry.id, after, newest=True)
    context: dict[str, Any] = {
        "found": found,
        "wanted": wanted,
        "actions": await trail.actions(session),
        "changes_of": trail.changes_of,
        "facts_of": trail.facts_of,
        "place_of": trail.place_of,
        "links": await _links(session),
    }
    return page(request, "audit/list.html", "audit", **context)


@get(both("/audit"), opt=_ADMIN)
async def export(
    request: AnyRequest,
    session: Session,
    actor: FromQuery[str] = "",
    action: FromQuery[str] = "",
    subject: FromQuery[str] = "",
    since: FromQuery[str] = "",
    until: FromQuery[str] = "",
) -> Response[bytes]:
    """The same filter as a file."""
    wanted = _wanted(actor, action, subject, since, until)
    return sheet_file(request, await trail.sheet(session, wanted, _EXPORTED), "audit")


async def _links(session: AsyncSession) -> int:
    return (await chain.head(session)).place


def _wanted(actor: str, action: str, subject: str, since: str, until: str) -> Wanted:
    return Wanted(actor.strip(), action, subject.strip(), _day("since", since), _day("until", until))


def _day(name: str, text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(f"{text[:20]} is no day: write it as 2026-05-31.", {name: "is no day"}) from None


HANDLERS = [table, export]
