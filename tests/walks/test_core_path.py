"""From the sign-in to a published post: without JavaScript, by keys alone, and with few clicks."""

from pathlib import Path
from typing import Any

import pytest
from playwright import async_api as playwright
from playwright.async_api import Locator, Page
from sqlalchemy import text

from tests.dashboard.conftest import Browser, sign_in
from tests.dashboard.stage import half_done
from tests.domain import factories as make
from tests.e2e.fleet import clip
from tests.serving import PASSWORD, Served
from tests.ui_api.bodies import NOW, bodies
from tests.ui_api.playing import NEVER_PAUSES, Player, challenges_of, ordered
from tests.ui_api.stage import Stage

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]
_ACCOUNTS = "username,password,tags\nnord_01,canary-pw-one,fjord\n"
_REEL = "https://www.instagram.com/reel/C1/"
_COUNT = """addEventListener("click", (event) => {
  if (event.isTrusted && event.detail) sessionStorage.clicks = Number(sessionStorage.clicks || 0) + 1;
}, true);"""
"""Clicks of a pointer; a key that presses a button is none."""


@pytest.fixture
def ui(ui_without_proxies: Served) -> Served:
    return ui_without_proxies


async def test_without_javascript_a_video_gets_from_the_disk_to_done(
    ui: Served, chromium: playwright.Browser, tmp_path: Path
) -> None:
    await ui.user()
    async with await chromium.new_context(base_url=ui.address, java_script_enabled=False) as context:
        page = await context.new_page()
        await sign_in(page)
        await _import(page)
        await page.goto("/media")
        await page.locator("input[type=file]").set_input_files(clip(tmp_path / "good.mp4", 4))
        await page.get_by_role("button", name="Upload", exact=True).click()
        await page.get_by_text("1 file uploaded").wait_for()
        await page.get_by_role("link", name="Captions").click()
        await page.get_by_role("link", name="New set").first.click()
        await page.get_by_label("Name", exact=True).fill("Spring")
        await page.get_by_label("Captions", exact=True).fill("Hello from {{username}}")
        await page.get_by_role("button", name="Keep").click()
        await _order(page)
        await page.get_by_label("Text", exact=True).fill("Hello from {{username}}")
        await page.get_by_label("Template with").check()
        await page.get_by_role("button", name="See the plan").click()
        await page.get_by_text("Hello from nord_01").wait_for()
        await page.get_by_role("button", name="Start 1 post").click()
        await page.wait_for_url("**/tasks/1")

        await _publish(ui)

        await page.reload()
        await page.locator("#task-head").get_by_text("done", exact=True).wait_for()
        assert await page.locator("#done-count").inner_text() == "1"
        assert await page.get_by_role("link", name="View post").count() == 0, (
            "a simulated post has its page in the sandbox"
        )


async def test_by_keys_alone_an_order_is_given_and_started(browser: Browser, ui: Served) -> None:
    page = browser.page
    await page.context.clear_cookies()
    await page.goto("/signin")
    await _reach(page, page.get_by_label("Name"))
    await page.keyboard.type("anna")
    await _reach(page, page.get_by_label("Password"))
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(ui.address + "/")
    await _keys(page, "g", "a")
    await page.wait_for_url("**/accounts")
    await _press(page, page.get_by_role("link", name="Import").first)
    await _reach(page, page.get_by_label("Paste lines or CSV"))
    await page.keyboard.insert_text(_ACCOUNTS)
    await _reach(page, page.get_by_label("Who authorised you"))
    await page.keyboard.type("owner of all, in writing")
    await _press(page, page.get_by_role("button", name="Check the lines"))
    await _press(page, page.get_by_role("button", name="Import 1 account"))
    await page.get_by_text("1 account imported").wait_for()
    async with ui.context.database.sessions.begin() as session:
        await make.videos(session, 1)
    await _keys(page, "g", "t")
    await page.wait_for_url("**/tasks")
    await _keys(page, "n")
    await page.wait_for_url("**/tasks/new")
    await _press(page, page.locator("main").get_by_role("link", name="Bulk upload"))
    await page.wait_for_url("**/tasks/new/bulk_upload")
    await _reach(page, page.get_by_label("All accounts with the tag"))
    await page.keyboard.type("fjord")
    await _reach(page, page.locator(".tile-pick input"))
    await page.keyboard.press("Space")
    await _press(page, page.get_by_role("button", name="See the plan"))
    await _press(page, page.get_by_role("button", name="Start 1 post"))
    await page.wait_for_url("**/tasks/1")
    assert browser.complaints == []


async def test_what_failed_for_one_reason_is_tried_again_with_three_clicks(browser: Browser, ui: Served) -> None:
    await half_done(ui)
    async with ui.context.database.sessions.begin() as session:
        other = "UPDATE account_tasks SET state = 'discarded', reason_code = 'media_refused' WHERE id = 3"
        await session.execute(text(other))
    page = await _counted(browser)

    await page.get_by_role("link", name="May reels").first.click()
    await page.locator("#causes li", has_text="proxy does not answer").get_by_role("button", name="Retry 1").click()
    await page.locator("#causes").get_by_text("proxy does not answer").wait_for(state="detached")

    assert await _clicks(page) <= 3
    assert await _states(ui) == ["suspended", "available", "discarded"]


async def test_a_challenge_is_answered_with_two_clicks_and_a_paste(browser: Browser, player: Player) -> None:
    [account] = await ordered(player.ui, 1, **NEVER_PAUSES)
    lease = await player.leased()
    await player.meet(lease)
    await player.end(lease, "needs_person", "code_required")
    page = await _counted(browser)

    await page.get_by_role("link", name="Inbox").first.click()
    await page.locator(".asked input:focus").wait_for()
    await page.keyboard.insert_text("123456")
    await page.get_by_role("button", name="Enter").click()
    await page.locator("#checked li").wait_for()

    assert await _clicks(page) <= 2
    assert [one.state for one in await challenges_of(player.ui, account)] == ["answered"]


async def test_a_worker_is_drained_with_three_clicks(browser: Browser, player: Player) -> None:
    page = await _counted(browser)

    await page.get_by_role("link", name="Workers", exact=True).first.click()
    await page.get_by_role("button", name="Drain").click()
    await page.get_by_text("draining").wait_for()

    assert await _clicks(page) <= 3


async def _import(page: Page) -> None:
    await page.goto("/accounts/import")
    await page.get_by_label("Paste lines or CSV").fill(_ACCOUNTS)
    await page.get_by_label("Who authorised you").fill("owner of all, in writing")
    await page.get_by_role("button", name="Check the lines").click()
    await page.get_by_role("button", name="Import 1 account").click()
    await page.get_by_text("1 account imported").wait_for()


async def _order(page: Page) -> None:
    await page.goto("/tasks/new/bulk_upload")
    await page.get_by_label("All accounts with the tag").select_option("fjord")
    await page.locator(".tile-pick input").check()


async def _publish(ui: Served) -> None:
    """What a worker does with the one post: intent, permit, outcome."""
    async with ui.client() as client:
        player = Player(ui, client)
        body = {"name": "w1", "version": "0", "kinds": ["bulk_upload"], "methods": ["instagrapi"], "slots": 1}
        player.worker_id = (await player.call("POST", "workers/register", body))["worker_id"]
        lease: Any = await player.lease("bulk_upload")
        [post] = lease["posts"]
        stage = Stage(ui, 1, {"w1": player.worker_id}, {}, [lease])
        known = bodies(stage)
        path = f"leases/{lease['id']}/posts/{post['id']}"
        intent = known["PUT /api/leases/{lease_id:uuid}/posts/{post_id:int}/intent"]
        await player.call("PUT", f"{path}/intent", intent)
        await player.call("POST", f"{path}/permit")
        media = {"pk": "3400000000000000001", "code": "C1", "taken_at": NOW, "caption": "Hello", "duration_s": 3.0}
        told = {"kind": "published", "media": media, "permalink": _REEL}
        await player.call("PUT", f"{path}/outcome", told)
        assert await player.end(lease, "completed") == "completed"
        await stage.until("SELECT state FROM tasks", "completed")  # a page without scripts does not look again


async def _reach(page: Page, place: Locator) -> None:
    """Tab until it has the focus."""
    await place.first.wait_for()
    for _ in range(120):
        if await place.first.evaluate("(one) => one === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"no Tab leads to {place}")


async def _press(page: Page, place: Locator) -> None:
    await _reach(page, place)
    await page.keyboard.press("Enter")


async def _keys(page: Page, *keys: str) -> None:
    """Commands, from outside any field."""
    await page.evaluate("document.activeElement.blur()")
    for key in keys:
        await page.keyboard.press(key)


async def _counted(browser: Browser) -> Page:
    """The overview, from where clicks are counted."""
    await browser.page.add_init_script(_COUNT)
    await browser.page.goto("/")
    return browser.page


async def _clicks(page: Page) -> int:
    return int(await page.evaluate("Number(sessionStorage.clicks || 0)"))


async def _states(ui: Served) -> list[str]:
    async with ui.context.database.sessions() as session:
        return list(await session.scalars(text("SELECT state FROM account_tasks WHERE task_id = 1 ORDER BY id")))
