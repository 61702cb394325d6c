"""The first page in figures: the last day, and what waits for a person."""

from datetime import datetime

from litestar import get

from igfleet.ui import overview
from igfleet.ui.api.v1.access import FLEET, Caller
from igfleet.ui.api.v1.paging import View
from igfleet.ui.injected import Session, Ui


class HourView(View):
    """What ended within one hour."""

    since: datetime
    published: int
    done: int
    """Account tasks of kinds without posts."""
    failed: int


class DueView(View):
    """What begins within the next two hours."""

    count: int
    first: datetime | None
    last: datetime | None


class BudgetView(View):
    """Posts of 24 hours, of all active accounts together."""

    used: int
    allowed: int
    full: int
    """Accounts that may publish nothing more today."""


class VerifiedView(View):
    """Of what was published in seven days."""

    due: int
    """To be looked for again by now."""
    verified: int
    """Found as it was asked for."""


class OverviewView(View):
    """The whole fleet at this moment."""

    hours: list[HourView]
    """24, the oldest first; the last one ends now."""
    need_person: int
    """Account tasks that wait for somebody."""
    in_doubt: int
    """Posts of which it is not known whether they are live."""
    incidents: int
    """Published posts that vanished, changed or are there twice, and are not settled."""
    accounts: int
    accounts_active: int
    videos: int
    """Ready to be published."""
    published: BudgetView
    posts_due: DueView
    others_due: DueView
    verified: VerifiedView


@get("/overview", opt=FLEET, tags=["About"])
async def show(caller: Caller, session: Session, ui: Ui) -> OverviewView:
    """Show the figures of the overview, its chart among them."""
    seen = await overview.gather(session, ui.settings)
    own = {name: getattr(seen, name) for name in OverviewView.model_fields if hasattr(seen, name)}
    return OverviewView.model_validate(
        own | {"hours": seen.day.hours, "need_person": seen.waiting_count, "in_doubt": seen.doubtful}
    )


HANDLERS = [show]
