"""Nothing that somebody types into a form runs in the browser: every text field of every form that a page has."""

import random
from asyncio import gather
from datetime import timedelta
from itertools import cycle

import pytest
from playwright.async_api import Page
from sqlalchemy import select, text

from igfleet import clock
from igfleet.ui import invitations
from igfleet.ui.models import User
from igfleet.ui.users import joining, second_factor
from tests.dashboard.conftest import Browser
from tests.serving import PASSWORD, Served
from tests.walks.filling import LISTEN, Form, Walk
from tests.walks.hostile import STRINGS, TYPED
from tests.walks.screens import SCREENS, address
from tests.walks.stage import furnished

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(14_400)]
_BETWEEN = 25
"""After so many strings every page is opened."""
_SHOWN_OF = 8
"""Of so many answers one is opened in the browser; of the others the text is looked through."""
_SCREENS_DRAWN, _FORMS_DRAWN = 4, 5
_LISTS = ("/accounts", "/tasks", "/proxies", "/media", "/logs", "/audit", "/users", "/captions")
_DOORS = ("", invitations.SECOND_FACTOR, invitations.JOIN, invitations.SET_UP)
_USELESS = {403, 404, 405}


@pytest.fixture
def ui(ui_without_proxies: Served) -> Served:
    return ui_without_proxies


async def test_what_is_typed_into_forms_is_refused_or_shown_as_it_is(
    browser: Browser, ui: Served, is_whole: bool, sample_seed: int
) -> None:
    await furnished(ui)
    lot, walk = random.Random(sample_seed), Walk(browser.page)
    await browser.page.context.add_init_script(LISTEN)
    for screen in SCREENS if is_whole else ("/accounts/1", *lot.sample(SCREENS, _SCREENS_DRAWN)):
        await walk.open(address(screen))
    if is_whole:
        await _send_all(walk)
    else:
        for form in lot.choices(list(walk.forms.values()), k=_FORMS_DRAWN):
            await walk.send(form, lot.randrange(len(TYPED)))

    assert (walk.wrong, browser.complaints) == ([], []), f"--sample-seed {sample_seed}"
    if is_whole:
        _judge(walk, "signed in")


async def test_what_a_stranger_types_is_refused_or_shown_as_it_is(
    browser: Browser, ui: Served, is_whole: bool, sample_seed: int
) -> None:
    """At each door: the sign-in and its second half, an invitation, the making of the first admin."""
    await browser.page.context.add_init_script(LISTEN)
    lot, walk = random.Random(sample_seed), Walk(browser.page, is_signed_in=False)
    await _with_second_factor(ui)
    for number in range(len(TYPED)) if is_whole else [lot.randrange(len(TYPED))]:
        for door in _DOORS if is_whole else [lot.choice(_DOORS)]:
            await browser.page.goto("about:blank")  # a page that lives would miss its session
            await browser.page.context.clear_cookies()
            [form] = await _at(walk, ui, door)
            await walk.send(form, number)

    assert (walk.wrong, browser.complaints) == ([], []), f"--sample-seed {sample_seed}"
    if is_whole:
        _judge(walk, "from outside")


async def test_what_is_searched_for_while_typing_is_shown_as_it_is(
    browser: Browser, ui: Served, is_whole: bool, sample_seed: int
) -> None:
    """By scripts: the palette, and the filters of the lists."""
    await furnished(ui)
    await browser.page.context.add_init_script(LISTEN)
    lists, walk = cycle(_LISTS), Walk(browser.page)
    for string in STRINGS if is_whole else [random.Random(sample_seed).choice(STRINGS)]:
        await walk.open(next(lists))
        await _type(browser.page, "[data-filter]", string)
        await browser.page.keyboard.press("Control+k")
        await _type(browser.page, "#palette input", string)

    assert (walk.wrong, browser.complaints) == ([], []), f"--sample-seed {sample_seed}"


async def _with_second_factor(ui: Served) -> None:
    """Vera has one. Kari is invited."""
    await ui.user("vera")
    await ui.user("kari")
    async with ui.context.database.sessions.begin() as session:
        vera = (await session.scalars(select(User).where(User.name == "vera"))).one()
        await second_factor.begin(session, ui.context.vault, vera)
        vera.second_factor_at = clock.now()


async def _at(walk: Walk, ui: Served, door: str) -> list[Form]:
    """The forms at a door, behind a link that works."""
    if door == invitations.SECOND_FACTOR:
        async with ui.context.database.sessions.begin() as session:
            await session.execute(
                text("DELETE FROM sign_in_failures")
            )  # else what was typed wrong before keeps her out
        await walk.open("/signin")
        await walk.page.get_by_label("Name").fill("vera")
        await walk.page.get_by_label("Password").fill(PASSWORD)
        await walk.page.get_by_role("button", name="Sign in").click()
        await walk.page.locator("input[name=code]").wait_for()
        return await walk.look("the code", 200)
    async with ui.context.database.sessions.begin() as session:
        path = "/signin"
        if door == invitations.SET_UP:
            path = f"/setup?token={await invitations.invite(session, door, timedelta(minutes=5))}"
        if door == invitations.JOIN:
            kari = (await session.scalars(select(User).where(User.name == "kari"))).one()
            path = await joining.link_for(session, kari, "test")
    return await walk.open(path)


async def _type(page: Page, place: str, string: str) -> None:
    async with page.expect_response(lambda answer: answer.request.resource_type == "fetch"):
        await page.locator(place).first.fill(string)


async def _send_all(walk: Walk) -> None:
    """Every form with every string, also those that were found on an answer. Some answers are opened in the browser."""
    for number in range(len(TYPED)):
        await gather(_send(walk, number, is_shown=True), _send(walk, number, is_shown=False))
        if number % _BETWEEN == _BETWEEN - 1:
            print(f"{number + 1} of {len(TYPED)} strings, {walk.shown} pages, {walk.wrong[-3:]}", flush=True)
            for screen in SCREENS:
                await walk.open(address(screen))
    for form in list(walk.forms.values()):  # those that were found on the way
        for number in range(len(TYPED)):
            if (form.typed[0], number) not in walk.met[form.name]:
                await walk.send(form, number, is_shown=number % _SHOWN_OF == 0)


async def _send(walk: Walk, number: int, *, is_shown: bool) -> None:
    for place, form in enumerate(list(walk.forms.values())):
        if is_shown == ((number + place) % _SHOWN_OF == 0):
            await walk.send(form, number, is_shown=is_shown)


def _judge(walk: Walk, who: str) -> None:
    """That every field met every string, and that no form was refused for another cause than what was typed."""
    fields = 0
    for name, form in walk.forms.items():
        fields += len(form.typed)
        print(f"  {name}: {dict(walk.answers[name])}, takes any text: {sorted(walk.free[name])}")
        assert walk.met[name] == {(one, number) for one in form.typed for number in range(len(TYPED))}, name
    sent = sum(sum(one.values()) for one in walk.answers.values())
    found = f"{len(walk.forms)} forms with {fields} text fields, {who}"
    seen = f"{walk.shown:,} answers and pages opened in the browser"
    print(f"{found}: {len(TYPED)} strings, sent {sent:,} times, {seen}, 0 executions")
    assert not [name for name, found in walk.answers.items() if set(found) <= _USELESS]
