"""Audit: who did what."""

from datetime import date, datetime

from litestar import get
from litestar.params import FromQuery
from pydantic import JsonValue

from igfleet.ui.api.v1.access import ADMINS, Caller
from igfleet.ui.api.v1.paging import USUAL, Cursor, Limit, Page, View, rows_of
from igfleet.ui.audit import chain, trail
from igfleet.ui.audit.trail import Wanted
from igfleet.ui.injected import Session, Ui
from igfleet.ui.models import AuditEntry


class AuditView(View):
    """One entry. Entries are never changed."""

    id: int
    at: datetime
    actor: str
    """`user:anna`, `user:anna/key:3`, `worker:3`, `cli`, `system`, `visitor`."""
    action: str
    subject: str
    """`account:17`"""
    facts: dict[str, JsonValue]


class ChainView(View):
    """What a look at every entry found."""

    entries: int
    head: str
    """The last link. Note it elsewhere and give it back later: only so does it show that the newest were cut off."""
    wrong: list[str]
    """In words, at most twenty; empty when all is well."""
    found: int
    """How many things are wrong in all."""


@get("/audit", opt=ADMINS, tags=["Audit"])
async def list_audit(
    caller: Caller,
    session: Session,
    actor: FromQuery[str] = "",
    action: FromQuery[str] = "",
    subject: FromQuery[str] = "",
    since: FromQuery[date | None] = None,
    until: FromQuery[date | None] = None,
    cursor: Cursor = None,
    limit: Limit = USUAL,
) -> Page[AuditView]:
    """List entries, the newest first. A subject of one word stands for all of that sort; days are of UTC."""
    query = trail.filtered(Wanted(actor, action, subject, since, until))
    rows, following = await rows_of(session, query, AuditEntry.id, cursor, limit, newest=True)
    return Page[AuditView](items=[AuditView.model_validate(row) for row in rows], next_cursor=following)


@get("/audit/chain", opt=ADMINS, tags=["Audit"])
async def verify_audit(caller: Caller, ui: Ui, head: FromQuery[str] = "") -> ChainView:
    """Compute the chain over all entries again; `head` is one of an earlier look, which must still be part of it."""
    verdict = await chain.look(ui.database, chain.read_head(head) if head else None)
    return ChainView(entries=verdict.entries, head=str(verdict.head), wrong=verdict.wrong, found=verdict.found)


HANDLERS = [list_audit, verify_audit]
