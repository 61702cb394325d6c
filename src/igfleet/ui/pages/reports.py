"""Reports: planned, verified and failed posts of a period, on screen, as a file and on paper."""

from datetime import date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from litestar import Response, get
from litestar.params import FromQuery, QueryParameter
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet import clock
from igfleet.contracts.tasks import Mode
from igfleet.ui.injected import Session, Ui
from igfleet.ui.pages.files import both, sheet_file
from igfleet.ui.pages.render import page
from igfleet.ui.reports import posts
from igfleet.ui.reports.posts import By, Period
from igfleet.ui.schedule.person import zone_of
from igfleet.ui.schedule.zones import is_zone, zone_names
from igfleet.ui.security.gate import AnyRequest, person_of

FromDay = Annotated[str, QueryParameter(name="from")]
ToDay = Annotated[str, QueryParameter(name="to")]


@get("/reports")
async def show(
    request: AnyRequest,
    session: Session,
    ui: Ui,
    first: FromDay = "",
    last: ToDay = "",
    by: FromQuery[str] = "",
    zone: FromQuery[str] = "",
) -> Template:
    """This month up to today, unless the address says otherwise."""
    period = await _period(request, session, first, last, zone)
    found = await posts.report(session, period, _by(by), Mode(ui.settings.mode))
    context: dict[str, Any] = {"found": found, "period": period, "by": _by(by), "choices": list(By)}
    return page(request, "reports/posts.html", "reports", zones=zone_names(), made_at=clock.now(), **context)


@get(both("/reports"))
async def export(
    request: AnyRequest,
    session: Session,
    ui: Ui,
    first: FromDay = "",
    last: ToDay = "",
    by: FromQuery[str] = "",
    zone: FromQuery[str] = "",
) -> Response[bytes]:
    """The same as a file."""
    period = await _period(request, session, first, last, zone)
    found = await posts.report(session, period, _by(by), Mode(ui.settings.mode))
    return sheet_file(request, posts.sheet(found, _by(by)), f"posts-{period.first}-{period.last}")


async def _period(request: AnyRequest, session: AsyncSession, first: str, last: str, zone: str) -> Period:
    """What of the address makes no sense is taken from this month; two days in the wrong order change places."""
    zone = zone if is_zone(zone) else await zone_of(session, person_of(request).user_id)
    today = clock.now().astimezone(ZoneInfo(zone)).date()
    usual = Period.of_month(today, zone)
    days = sorted([_day(first) or usual.first, _day(last) or usual.last])
    return Period(days[0], days[1], zone)


def _day(given: str) -> date | None:
    try:
        day = datetime.strptime(given, "%Y-%m-%d").date()  # noqa: DTZ007  # a date has no zone
    except ValueError:
        return None
    return day if day.year in posts.YEARS else None


def _by(given: str) -> By:
    return By(given) if given in set(By) else By.CLIENT


HANDLERS = [show, export]
