"""Reports: what came of the posts of a period."""

from datetime import date
from typing import Annotated

from litestar import get
from litestar.params import FromQuery, QueryParameter

from igfleet.contracts.tasks import Mode
from igfleet.ui.api.v1.access import FLEET, Caller
from igfleet.ui.api.v1.paging import View
from igfleet.ui.injected import Session, Ui
from igfleet.ui.reports import posts
from igfleet.ui.reports.posts import By

FirstDay = Annotated[date | None, QueryParameter(name="from", description="The first day. By default of this month.")]
LastDay = Annotated[date | None, QueryParameter(name="to", description="The last day. By default today.")]


class ReportRow(View):
    """The posts of one client or tag."""

    name: str
    """Empty: accounts that have none."""
    accounts: int
    planned: int
    """All of the period but what was cancelled."""
    published: int
    verified: int
    """Of the published: seen again, as they were asked for."""
    wrong: int
    """Of the published: gone, or with another caption."""
    failed: int
    in_doubt: int
    to_come: int
    cancelled: int


class ReportView(View):
    first: date
    last: date
    zone: str
    by: By
    rows: list[ReportRow]
    total: ReportRow
    """Each post once, also where an account has several tags."""


@get("/reports/posts", opt=FLEET, tags=["Reports"])
async def report_posts(
    caller: Caller,
    session: Session,
    ui: Ui,
    first: FirstDay = None,
    last: LastDay = None,
    by: FromQuery[By] = By.CLIENT,
    zone: FromQuery[str] = "UTC",
) -> ReportView:
    """Count the posts of a period by what came of them, for each client or tag."""
    period, group = posts.asked(first, last, zone, by)
    found = await posts.report(session, period, group, Mode(ui.settings.mode))
    rows = [ReportRow.model_validate(row) for row in found.rows]
    total = ReportRow.model_validate(found.total)
    return ReportView(first=period.first, last=period.last, zone=zone, by=by, rows=rows, total=total)


HANDLERS = [report_posts]
