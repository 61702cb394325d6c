"""Nothing that stands in the database runs in the browser: hostile strings in every field, and every page opened."""

import csv
import io

import pytest
from playwright.async_api import BrowserContext, Page

from tests.dashboard.conftest import Browser, Visitor
from tests.serving import Served
from tests.walks.hostile import COMPUTED, STRINGS
from tests.walks.planting import plant
from tests.walks.screens import SCREENS, address
from tests.walks.stage import furnished

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(7200)]
_LISTEN = """
const ran = (what) => { document.documentElement.dataset.ran = what; };
window.hostile = () => ran(location.pathname);
document.addEventListener("securitypolicyviolation", (event) => ran(event.violatedDirective));
"""
_FEW = (
    "/",
    "/tasks/1",
    "/tasks/2/plan",
    "/tasks/2/edit",
    "/tasks/new/follow",
    "/posts/3",
    "/media",
    "/media/1",
    "/accounts",
    "/accounts/1",
    "/accounts/1/edit",
    "/inbox",
    "/proxies/1",
    "/logs",
    "/captions/1",
    "/schedule?view=week",
    "/audit",
)
_TABLES = (
    "/accounts.csv",
    "/tasks.csv",
    "/logs.csv",
    "/media.csv",
    "/proxies.csv",
    "/audit.csv",
    "/workers.csv",
    "/tasks/1/posts.csv",
    "/tasks/1/results.csv",
    "/reports.csv",
)
_ALL = tuple(screen for screen in SCREENS if "?list=" not in screen)
"""All but the one that is found by a name."""


@pytest.fixture
def ui(ui_without_proxies: Served) -> Served:
    return ui_without_proxies


def test_there_are_two_hundred_different_ones() -> None:
    assert len({string.lower() for string in STRINGS}) == len(STRINGS) >= 200, (
        "some columns are unique by small letters"
    )


async def test_no_string_of_the_database_runs_in_the_browser(browser: Browser, ui: Served, is_whole: bool) -> None:
    await furnished(ui)
    page = browser.page
    await page.context.add_init_script(_LISTEN)
    strayed = _strayed(page.context, ui)
    planted: set[tuple[str, int]] = set()
    for first in range(len(STRINGS)) if is_whole else (0,):
        async with ui.as_owner() as session:
            planted |= await plant(session, first)
        for screen in _ALL if is_whole else _FEW:
            ran = await _opened(page, screen, first)
            assert (ran, strayed, browser.complaints) == ([], [], []), screen
        if is_whole:
            print(f"from string {first} of {len(STRINGS)}: 0", flush=True)
    if is_whole:
        fields = {name for name, _ in planted}
        assert planted == {(name, number) for name in fields for number in range(len(STRINGS))}


async def test_without_the_policy_nothing_runs_either(browser: Browser, ui: Served, is_whole: bool) -> None:
    """The policy would stop a script; that there is none is to be seen without it."""
    await furnished(ui)
    state = await browser.page.context.storage_state()
    chromium = browser.page.context.browser
    assert chromium
    ran: list[str] = []
    async with await chromium.new_context(base_url=ui.address, storage_state=state, bypass_csp=True) as context:
        await context.add_init_script(_LISTEN)
        strayed, page = _strayed(context, ui), await context.new_page()
        for first in range(0, len(STRINGS), 6) if is_whole else (100,):
            async with ui.as_owner() as session:
                await plant(session, first)
            for screen in _ALL if is_whole else _FEW[::4]:
                ran += await _opened(page, screen, first)

    assert (ran, strayed) == ([], [])


async def test_no_cell_of_an_export_is_a_formula(visitor: Visitor, ui: Served, is_whole: bool) -> None:
    await furnished(ui)
    formulas = []
    for first in range(len(STRINGS)) if is_whole else (STRINGS.index("=1+1") - 4,):
        async with ui.as_owner() as session:
            await plant(session, first)
        for path in _TABLES:
            answer = await visitor.client.get(path)
            assert answer.status_code == 200, path
            rows = csv.reader(io.StringIO(answer.text, newline=""))
            formulas += [
                (path, cell[:20]) for row in rows for cell in row if cell[:1] in tuple("=+@\t\r") or _is_dash(cell)
            ]
    assert formulas == []


async def _opened(page: Page, screen: str, first: int) -> list[str]:
    answer = await page.goto(address(screen))
    assert answer, screen
    assert answer.status == 200, (screen, first, answer.status)
    return await _seen(page, f"{screen} from string {first}")


async def _seen(page: Page, where: str) -> list[str]:
    """What of it ran: scripts, reports of the policy, templates, and links that are no addresses."""
    ran: str | None = await page.evaluate("document.documentElement.dataset.ran || null")
    odd = await page.locator("main a[href]").evaluate_all(
        "all => all.map((one) => one.protocol).filter((one) => !['http:', 'https:', 'blob:'].includes(one))"
    )
    is_computed = COMPUTED in await page.locator("body").inner_text()
    return [f"{where}: {what}" for what in (ran, *odd, "a template was computed" if is_computed else None) if what]


def _strayed(context: BrowserContext, ui: Served) -> list[str]:
    """Requests to anybody else."""
    asked: list[str] = []
    own = (ui.address, "data:", "blob:")
    context.on("request", lambda one: None if one.url.startswith(own) else asked.append(one.url))
    return asked


def _is_dash(cell: str) -> bool:
    """A minus that begins no number."""
    return cell.startswith("-") and not cell[1:].replace(".", "", 1).isdigit()
