"""The inbox as a person works through it: by code, by word, by putting aside."""

import re

import pytest
from playwright.async_api import expect
from sqlalchemy import select, text, update
from tests.dashboard.conftest import Browser, Visitor
from tests.serving import PASSWORD
from tests.ui_api.playing import NEVER_PAUSES, Player, challenges_of, ordered, states_of, status_of

from igfleet.ui.models import AuditEntry, Challenge, Role

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]


async def _met(player: Player, names: int = 1, kind: str = "email_code") -> list[int]:
    """So many accounts of which Instagram wants something; the challenges' ids."""
    who = await ordered(player.ui, names, **NEVER_PAUSES)
    for _ in who:
        lease = await player.lease()
        assert lease is not None
        if kind.endswith("_code"):
            await player.meet(lease, kind)
            await player.end(lease, "needs_person", "code_required")
        else:
            await player.end(lease, "needs_person", "challenge_required")
    return [challenge.id for account in who for challenge in await challenges_of(player.ui, account)]


async def test_an_empty_inbox_says_so(visitor: Visitor) -> None:
    assert "Nothing waits for you" in await visitor.read("/inbox")


async def test_a_row_says_what_is_asked_where_and_until_when(visitor: Visitor, player: Player) -> None:
    await _met(player)

    page = await visitor.read("/inbox")

    for part in ("@nord_01", "Code by mail", "n***@e***.com", "left", 'autocomplete="one-time-code"', "Sign in"):
        assert part in page, part
    assert "canary-resume" not in page


async def test_the_navigation_counts_what_waits(visitor: Visitor, player: Player) -> None:
    await _met(player, 3)

    page = await visitor.read("/tasks")

    assert 'title="3 wait for you"' in page


async def test_the_oldest_deadline_comes_first(visitor: Visitor, player: Player) -> None:
    first, second, third = await _met(player, 3)
    async with player.ui.context.database.sessions.begin() as session:
        for challenge, minutes in ((first, 20), (second, 5), (third, 10)):
            soon = text(f"now() + interval '{minutes} minutes'")
            await session.execute(update(Challenge).where(Challenge.id == challenge).values(expires_at=soon))

    page = await visitor.read("/inbox")

    assert re.findall(r'id="challenge-(\d+)"', page) == [str(second), str(third), str(first)]


async def test_a_wrong_code_is_told_beside_its_row(visitor: Visitor, player: Player) -> None:
    [challenge] = await _met(player)

    answer = await visitor.send("/inbox", f"/inbox/{challenge}/answer", code="12")

    assert answer.status_code == 422
    assert "A code has six digits." in answer.text
    assert f'id="challenge-{challenge}"' in answer.text


async def test_skip_and_pause_do_what_they_say(visitor: Visitor, player: Player) -> None:
    first, second = await _met(player, 2, "app_approval")

    await visitor.send("/inbox", f"/inbox/{first}/omission")
    answer = await visitor.send("/inbox", f"/inbox/{second}/pause")

    assert "Nothing waits for you" in answer.text
    assert [await states_of(player.ui, account) for account in (1, 2)] == [["cancelled"], ["suspended"]]
    assert [await status_of(player.ui, account) for account in (1, 2)] == ["human_verification_required", "inactive"]


async def test_every_act_is_audited_with_its_person(visitor: Visitor, player: Player) -> None:
    challenges = await _met(player, 3)
    await visitor.send("/inbox", f"/inbox/{challenges[0]}/answer", code="123456")
    await visitor.send("/inbox", f"/inbox/{challenges[1]}/approval")
    await visitor.send("/inbox", f"/inbox/{challenges[2]}/omission")

    async with player.ui.context.database.sessions() as session:
        rows = select(AuditEntry).where(AuditEntry.action.startswith("challenge_")).order_by(AuditEntry.id)
        audited = [(row.actor, row.action) for row in await session.scalars(rows)]

    acts = ("challenge_answered", "challenge_approved", "challenge_skipped")
    assert audited == [("user:anna", act) for act in acts]


async def test_a_viewer_may_look_and_not_act(visitor: Visitor, player: Player) -> None:
    [challenge] = await _met(player)
    await player.ui.user("vera", Role.VIEWER)
    await visitor.client.post("/signout", data={})
    visitor.client.cookies.clear()
    await visitor.send("/signin", "/signin", name="vera", password=PASSWORD)

    answer = await visitor.send("/inbox", f"/inbox/{challenge}/answer", code="123456")

    assert answer.status_code == 403
    assert [one.state for one in await challenges_of(player.ui, 1)] == ["open"]


async def test_twenty_codes_are_twenty_times_paste_and_enter(browser: Browser, player: Player) -> None:
    challenges = await _met(player, 20)
    page = browser.page
    await page.goto("/inbox")

    for left in range(20, 0, -1):
        await expect(page.locator(".asked")).to_have_count(left, timeout=30_000)
        await expect(page.locator(".asked input:focus")).to_have_count(1)
        await page.keyboard.insert_text(f"1234{left:02d}")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/inbox?done=*")
    await expect(page.locator("#checked li")).to_have_count(20)

    async with player.ui.context.database.sessions() as session:
        states = list(await session.scalars(select(Challenge.state).where(Challenge.id.in_(challenges))))
    assert set(states) == {"answered"}
    assert browser.complaints == []


async def test_a_new_question_appears_by_itself_and_keeps_what_is_typed(browser: Browser, player: Player) -> None:
    first, second = await ordered(player.ui, 2)
    leases = [lease for _ in range(2) if (lease := await player.lease())]
    await player.meet(leases[0])
    page = browser.page
    await page.goto("/inbox")
    await page.get_by_label("Code for @nord_01").fill("123")

    await player.meet(leases[1])

    await expect(page.get_by_label("Code for @nord_02")).to_be_visible(timeout=15_000)
    assert await page.get_by_label("Code for @nord_01").input_value() == "123"
    assert browser.complaints == []
    assert (first, second) == (1, 2)


async def test_the_inbox_fits_a_phone_and_a_laptop(browser: Browser, player: Player) -> None:
    await _met(player, 2)
    for width in (390, 1024, 1440):
        await browser.page.set_viewport_size({"width": width, "height": 800})
        await browser.page.goto("/inbox")
        assert await browser.page.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.complaints == []
