"""Every screen can be read and operated by anybody: WCAG 2.2 AA as axe-core sees it, contrast, and nothing cut off."""

from itertools import cycle
from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.dashboard.conftest import Browser
from tests.serving import Served
from tests.walks.looks import THEMES, WIDTHS, Looks
from tests.walks.screens import EMPTY, OUTSIDE, SCREENS, WRONG, address, unnamed
from tests.walks.stage import furnished

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(1800)]
_DIALOGS = ("palette", "keys")
_SHOW = "(name) => document.getElementById(name).showModal()"
_SPOIL = """(form) => {
  for (const one of form.querySelectorAll("input:not([type=hidden]), textarea")) {
    if (["text", "search", "password", "email", "url", "textarea"].includes(one.type)) one.value = "\\u2014 \\u00b2";
  }
  document.documentElement.dataset.sent = "yes"; form.noValidate = true; form.submit();
}"""
_ASKED = 'main form[method="post"]:has(input[type="text"], input:not([type]), input[type="password"], textarea)'


@pytest.fixture
def ui(ui_without_proxies: Served) -> Served:
    return ui_without_proxies


def test_every_page_is_a_screen_that_is_walked(tmp_path: Path) -> None:
    assert unnamed(tmp_path) == set(), "name the new page in tests/walks/screens.py"


async def test_every_screen_can_be_read_and_operated_by_anybody(browser: Browser, ui: Served, is_whole: bool) -> None:
    await furnished(ui)
    looks = Looks(browser.page)
    turn = cycle(THEMES)
    for screen in SCREENS if is_whole else SCREENS[::5]:
        answer = await browser.page.goto(address(screen))
        assert answer, screen
        assert answer.status == 200, screen
        await looks.judge(screen, THEMES if is_whole else (next(turn),))
        await looks.measure(screen, WIDTHS if is_whole else (1440, 390), with_axe=is_whole)

    assert not looks.faults, "\n".join(looks.faults)
    assert browser.complaints == []


async def test_empty_screens_errors_and_dialogs_can_too(browser: Browser, ui: Served, is_whole: bool) -> None:
    looks, turn = Looks(browser.page), cycle(THEMES)
    for screen in (*EMPTY, *WRONG) if is_whole else (*EMPTY[::6], *WRONG[:1]):
        await browser.page.goto(screen)
        await looks.judge(f"empty {screen}", THEMES if is_whole else (next(turn),))
        await looks.measure(f"empty {screen}")
    for name in _DIALOGS:
        await browser.page.goto("/accounts")
        await browser.page.evaluate(_SHOW, name)
        await looks.judge(name, THEMES if is_whole else (next(turn),))
    assert not looks.faults, "\n".join(looks.faults)


async def test_forms_sent_wrong_can_too(browser: Browser, ui: Served, is_whole: bool) -> None:
    await furnished(ui)
    looks, turn = Looks(browser.page), cycle(THEMES)
    for screen in SCREENS if is_whole else ("/users", "/tasks/2/edit"):
        for number in range(await _forms(browser.page, screen)):
            await browser.page.goto(address(screen))
            form = browser.page.locator(_ASKED).nth(number)
            await form.evaluate(_SPOIL)
            await browser.page.locator("html:not([data-sent])").wait_for(state="attached")
            await browser.page.wait_for_load_state()
            await looks.judge(f"{screen}, form {number + 1} sent wrong", THEMES if is_whole else (next(turn),))
    assert not looks.faults, "\n".join(looks.faults)


async def test_what_is_seen_from_outside_can_too(browser: Browser, is_whole: bool) -> None:
    await browser.page.context.clear_cookies()
    looks = Looks(browser.page)
    for screen in OUTSIDE if is_whole else OUTSIDE[:2]:
        await browser.page.goto(screen)
        await looks.judge(screen)
        await looks.measure(screen)
    assert not looks.faults, "\n".join(looks.faults)


async def _forms(page: Page, screen: str) -> int:
    await page.goto(address(screen))
    return await page.locator(_ASKED).count()
