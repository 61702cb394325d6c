"""Logs, captions, the schedule and what repeats, from the pages."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from tests.dashboard.conftest import Visitor
from tests.dashboard.stage import half_done
from tests.domain import factories as make
from tests.serving import Served

from igfleet.ui.models import LogEntry, Task
from igfleet.ui.planning.draft import Draft, create
from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.start import start

pytestmark = pytest.mark.anyio
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture
def ui(ui_without_proxies: Served) -> Served:
    return ui_without_proxies


async def _tomorrow(ui: Served) -> Task:
    """A sign-in of three accounts, tomorrow at noon."""
    async with ui.context.database.sessions.begin() as session:
        accounts = await make.accounts(session, 3, tags=["north"])
        ids = tuple(one.id for one in accounts)
        draft = Draft(kind="bulk_login", name="Noon sign-in", account_ids=ids, start_at=TOMORROW)
        task = await create(session, ui.context.settings, draft, "user:anna")
        await plan(session, ui.context.settings, task.id)
        return await start(session, ui.context.settings, task.id, plan_hash=None, actor="user:anna")


async def test_a_line_of_the_log_is_found_and_has_an_address(visitor: Visitor, ui: Served) -> None:
    await half_done(ui)
    async with ui.context.database.sessions.begin() as session:
        session.add(LogEntry(task_id=1, account_task_id=1, level="error", event="e", text="<b>bold</b> trouble 50%"))

    page = await visitor.read("/logs?q=TROUBLE+50%25&level=error")
    none = await visitor.read("/logs?q=nothing+like+it")
    line = page.partition('href="/logs/')[2].partition('"')[0]
    alone = await visitor.read(f"/logs/{line}")
    csv = (await visitor.client.get("/logs.csv?q=trouble")).text

    assert "&lt;b&gt;bold&lt;/b&gt; trouble 50%" in page
    assert "1 in all" in page
    assert 'href="/tasks/1#row-1"' in page
    assert "@nord_01" in page
    assert "No line matches." in none
    assert "The same run, before and after" in alone
    assert "It wants to be confirmed" in alone
    assert csv.splitlines()[1].endswith(",e,<b>bold</b> trouble 50%")
    assert (await visitor.client.get("/logs/999999")).status_code == 404


async def test_captions_are_looked_at_kept_and_chosen(visitor: Visitor, ui: Served) -> None:
    async with ui.context.database.sessions.begin() as session:
        accounts, videos = await make.accounts(session, 2), await make.videos(session, 2)
    fields = {"name": "Greetings", "caption_form": "template", "text": "{Hi|Hello} {{username}}"}

    looked = await visitor.send("/captions/new", "/captions", look="yes", **fields)
    wrong = await visitor.send("/captions/new", "/captions", **{**fields, "text": "{Hi|Hello"})
    kept = await visitor.send("/captions/new", "/captions", **fields)
    twice = await visitor.send("/captions/new", "/captions", **{**fields, "name": "GREETINGS"})
    set_id = kept.url.path.rpartition("/")[2]
    order = {
        "accounts": [str(one.id) for one in accounts],
        "media": [str(one.id) for one in videos],
        "caption_set": set_id,
        "caption_text": "never used",
    }
    made = await visitor.send("/tasks/new/bulk_upload", "/tasks/new/bulk_upload", **order)
    edited = await visitor.read(f"/tasks/{_number(made.url.path)}/edit")
    listed = await visitor.read("/captions")
    gone = await visitor.send(f"/captions/{set_id}", f"/captions/{set_id}/removal")

    assert looked.text.count('class="caption"') == 10
    assert "2 variants" in looked.text
    assert (wrong.status_code, twice.status_code) == (422, 422)
    assert "line 1" in wrong.text
    assert "is the name of another set" in twice.text
    assert "llo nord_01" in made.text or "Hi nord_01" in made.text
    assert "never used" not in made.text
    assert f'<option value="{set_id}" selected>Greetings' in edited
    assert "Greetings" in listed
    assert "Greetings is removed" in gone.text


async def test_what_is_planned_stands_on_the_schedule_and_can_be_moved(visitor: Visitor, ui: Served) -> None:
    task = await _tomorrow(ui)
    day = f"/schedule?view=day&date={TOMORROW:%Y-%m-%d}&zone=UTC"

    pages = {view: await visitor.read(f"{day}&view={view}") for view in ("day", "week", "month", "list")}
    link = pages["day"].partition('href="/schedule/move?')[2].partition('"')[0].replace("&amp;", "&")
    form = await visitor.read(f"/schedule/move?{link}")
    dropped = await visitor.read(f"/schedule/move?{link}&to=2030-01-02T03:04")
    hour = {"task": str(task.id), "since": TOMORROW.isoformat(), "until": (TOMORROW + timedelta(hours=1)).isoformat()}
    to = f"{TOMORROW + timedelta(hours=3):%Y-%m-%dT%H:%M}"
    over = await visitor.send("/tasks/new", "/schedule/move", zone="UTC", to="2020-01-01T10:00", **hour)
    moved = await visitor.send("/schedule/move?" + link, "/schedule/move", zone="UTC", to=to, **hour)

    assert {view for view, page in pages.items() if "Noon sign-in" in page} == set(pages)
    assert "3 account tasks of Noon sign-in" in form
    assert 'value="2030-01-02T03:04"' in dropped
    assert over.status_code == 422
    assert "3 account tasks moved to 15:00 UTC" in moved.text


async def test_a_day_is_paused_and_undone(visitor: Visitor, ui: Served) -> None:
    await _tomorrow(ui)
    day = f"/schedule?view=day&date={TOMORROW:%Y-%m-%d}&zone=UTC"
    given = {"date": f"{TOMORROW:%Y-%m-%d}", "zone": "UTC", "tag": "north", "why": "holiday"}

    paused = await visitor.send(day, "/schedule/holds", **given)
    again = await visitor.send(day, "/schedule/holds", **given)
    hold = paused.text.partition('action="/schedule/holds/')[2].partition("/")[0]
    undone = await visitor.send(day, f"/schedule/holds/{hold}/end")

    assert "is paused" in paused.text
    assert "3 held" in paused.text
    assert "“holiday”" in paused.text
    assert again.status_code == 409
    assert "The pause of the day has ended" in undone.text
    assert "Undo the pause" not in undone.text


async def test_the_zone_is_kept_and_the_clocks_are_told(visitor: Visitor) -> None:
    chosen = await visitor.send("/schedule", "/schedule/zone", zone="Europe/Berlin", view="day", date="2026-03-29")
    later = await visitor.read("/schedule?view=day&date=2026-10-25")
    wrong = await visitor.send("/schedule", "/schedule/zone", zone="Nowhere/Land")

    assert "02:00 to 03:00 does not exist" in chosen.text
    assert "02:00 CEST" in later
    assert "02:00 CET" in later
    assert wrong.status_code == 422


async def test_a_task_repeats_is_paused_and_removed(visitor: Visitor, ui: Served) -> None:
    task = await _tomorrow(ui)
    form = f"/schedule/recurring/new?task={task.id}"
    fields = {"task": str(task.id), "name": "Daily", "at": "02:30", "timezone": "Europe/Berlin", "missed": "late"}

    assert form in (await visitor.read(f"/tasks/{task.id}"))
    wrong = await visitor.send(form, "/schedule/recurring", **fields, weekdays=[], late_min="0")
    made = await visitor.send(form, "/schedule/recurring", **fields, weekdays=list("0123456"), late_min="45")
    path = made.text.partition('class="strong" href="')[2].partition('"')[0]
    one = await visitor.read(path)
    paused = await visitor.send(path, f"{path}/pause")
    gone = await visitor.send(path, f"{path}/removal")

    assert wrong.status_code == 422
    assert "Choose at least one day." in wrong.text
    assert "Every day at 02:30, Europe/Berlin" in made.text
    assert made.text.count('<span class="sub together">') == 3
    assert "Its first time has not come yet." in one
    assert "Go on" in paused.text
    assert "Nothing repeats yet" in gone.text


async def test_a_report_of_a_month_as_page_and_file(visitor: Visitor, ui: Served) -> None:
    empty = await visitor.read("/reports?from=2020-01-01&to=2020-01-31")
    await half_done(ui)

    page = await visitor.read("/reports?by=tag&zone=Europe/Berlin")
    csv = (await visitor.client.get("/reports.csv")).text

    assert "No post was published or planned in these days." in empty
    assert "no tag" in page
    assert csv.splitlines()[0].startswith("client,accounts,planned,published,verified")
    assert csv.splitlines()[1].startswith(",3,3,1,0,")


async def test_a_schedule_of_nothing_says_so(visitor: Visitor, ui: Served) -> None:
    assert "Nothing is planned or done in this time." in await visitor.read("/schedule")
    assert "Nothing on the schedule matches." in await visitor.read("/schedule?view=list&kind=warmup")
    async with ui.context.database.sessions() as session:
        assert await session.scalar(text("SELECT timezone FROM users")) == "UTC"


def _number(path: str) -> str:
    return path.split("/")[2]
