"""The simulated web site in a real browser, used as a person would, without the adapter."""

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect
from playwright.async_api import TimeoutError as TooLate

from igfleet.sandbox.faults import Fault
from igfleet.sandbox.people import AccountState
from igfleet.sandbox.sandbox import Sandbox
from igfleet.sandbox.web.site import texts
from igfleet.totp import code_at

pytestmark = pytest.mark.anyio
SITE = "https://www.instagram.com"
PASSWORD = "correct horse 7"
SECRET = "JBSWY3DPEHPK3PXP"
EN = texts("en")


@pytest.fixture
async def page(chromium: Browser, sandbox: Sandbox) -> AsyncIterator[Page]:
    sandbox.world.add_account("nord_01", PASSWORD)
    context = await chromium.new_context(proxy={"server": sandbox.proxy_url}, ignore_https_errors=True)
    context.set_default_timeout(10_000)
    yield await context.new_page()
    await context.close()


async def log_in(page: Page, password: str = PASSWORD, username: str = "nord_01") -> None:
    await page.goto(SITE)
    await page.get_by_role("button", name=EN["cookies_allow"]).click()
    await page.get_by_label(EN["login_name"]).fill(username)
    await page.get_by_label(EN["login_password"]).fill(password)
    await page.get_by_role("button", name=EN["log_in"]).click()


async def last_step(page: Page, clip: Path, *, crop: str | None = "Original") -> None:
    """From the page after the sign-in to the last step of the dialogue."""
    await page.get_by_role("button", name=EN["not_now"]).click()
    await page.get_by_role("button", name=EN["not_now_loud"]).click()
    await page.get_by_role("link", name="New post Create").click()
    await page.get_by_role("link", name="Post Post").click()
    dialog = page.get_by_role("dialog", name=EN["create_title"])
    await dialog.locator("input[type=file]").set_input_files(clip)
    await page.get_by_role("button", name=EN["ok"]).click()
    if crop:
        await dialog.get_by_role("button", name=EN["select_crop"]).click()
        await dialog.get_by_role("button", name=crop).click()
    await dialog.get_by_role("button", name=EN["next"]).click()
    await expect(dialog.get_by_role("heading", name=EN["edit"])).to_be_visible()
    await dialog.get_by_role("button", name=EN["next"]).click()


async def test_the_question_about_cookies_covers_the_form(page: Page) -> None:
    await page.goto(f"{SITE}/accounts/login/")

    with pytest.raises(TooLate):
        await page.get_by_label(EN["login_name"]).click(timeout=400)


async def test_the_button_waits_for_both_fields(page: Page) -> None:
    await page.goto(SITE)
    await page.get_by_role("button", name=EN["cookies_decline"]).click()
    button = page.get_by_role("button", name=EN["log_in"])

    await page.get_by_label(EN["login_name"]).fill("nord_01")
    await page.get_by_label(EN["login_password"]).fill("short")
    await expect(button).to_be_disabled()
    await page.get_by_label(EN["login_password"]).fill("longer")
    await expect(button).to_be_enabled()


async def test_what_is_wrong_is_said(page: Page, sandbox: Sandbox) -> None:
    alert = page.get_by_role("alert")

    await log_in(page, "wrong horse 8")
    await expect(alert).to_have_text(EN["wrong_password"])
    await page.get_by_label(EN["login_name"]).fill("nord_99")
    await page.get_by_role("button", name=EN["log_in"]).click()
    await expect(alert).to_have_text(EN["unknown_user"])
    sandbox.world.faults.add(Fault.model_validate({"act": "refuse", "path": "login/ajax", "refusal": "please_wait"}))
    await page.get_by_role("button", name=EN["log_in"]).click()
    await expect(alert).to_have_text(EN["wait"])


async def test_a_second_factor_is_asked_for(page: Page, sandbox: Sandbox) -> None:
    sandbox.world.add_account("nord_01", PASSWORD, SECRET)
    await log_in(page)
    field = page.get_by_label(EN["security_code"])

    await field.fill("000000")
    await page.get_by_role("button", name=EN["confirm"]).click()
    await expect(page.get_by_role("alert")).to_have_text(EN["wrong_code"])
    await field.fill(code_at(SECRET))
    await page.get_by_role("button", name=EN["confirm"]).click()
    await expect(page.get_by_role("heading", name=EN["save_title"])).to_be_visible()


async def test_an_account_that_wants_a_mailed_code_lets_nobody_in_without_it(page: Page, sandbox: Sandbox) -> None:
    account = sandbox.world.add_account("nord_01", PASSWORD, state=AccountState.MAILED_CODE, email="nord@example.com")
    await log_in(page)
    await page.get_by_role("button", name=EN["send_code"]).click()
    field = page.get_by_label(EN["security_code"])

    for wrong in ("", "000000"):
        await field.fill(wrong)
        await page.get_by_role("button", name=EN["submit"]).click()
        await expect(page.get_by_role("alert")).to_have_text(EN["wrong_code"])
    await page.goto(SITE)
    assert (page.url, account.sessions) == (f"{SITE}/accounts/login/", {})

    await page.goto(f"{SITE}/challenge/{account.pk}/code/")
    await field.fill(sandbox.world.letters.sent[-1].code)
    await page.get_by_role("button", name=EN["submit"]).click()
    await expect(page.get_by_role("link", name="New post Create")).to_be_visible()


async def test_a_second_factor_does_not_replace_a_mailed_code(page: Page, sandbox: Sandbox) -> None:
    account = sandbox.world.add_account("nord_01", PASSWORD, SECRET)
    await log_in(page)
    field = page.get_by_label(EN["security_code"])
    await field.wait_for()
    account.state = AccountState.MAILED_CODE

    await field.fill(code_at(SECRET))
    await page.get_by_role("button", name=EN["confirm"]).click()

    await expect(page.get_by_role("heading", name=EN["code_title"])).to_be_visible()
    assert account.sessions == {}


@pytest.mark.parametrize(
    ("state", "title"),
    [
        (AccountState.CHALLENGE, "confirm_title"),
        (AccountState.CHECKPOINT, "locked_title"),
        (AccountState.SUSPENDED, "suspended_title"),
    ],
)
async def test_a_stopped_account_gets_to_a_dead_end(
    page: Page, sandbox: Sandbox, state: AccountState, title: str
) -> None:
    sandbox.world.add_account("nord_01", PASSWORD, state=state)

    await log_in(page)

    await expect(page.get_by_role("heading", name=EN[title])).to_be_visible()


async def test_a_reel_arrives_as_it_was_given(page: Page, sandbox: Sandbox, clip: Path) -> None:
    friend = sandbox.world.add_account("nord_02", PASSWORD)
    caption = "Sea & sand 🌊\nsecond line\n\n#tag"
    await log_in(page)
    await last_step(page, clip)
    dialog = page.get_by_role("dialog", name=EN["create_title"])
    await dialog.get_by_role("textbox", name=EN["write_caption"]).fill(caption)
    await dialog.get_by_label(EN["add_location"]).fill("berl")
    await dialog.get_by_role("button", name="Berlin, Germany").click()
    await dialog.get_by_label(EN["add_collaborators"]).fill("nord_02")
    await dialog.get_by_role("button", name="nord_02").click()

    await dialog.get_by_role("button", name=EN["share"]).click()
    await expect(page.get_by_text(EN["reel_shared_text"])).to_be_visible()

    (medium,) = sandbox.world.ledger.media
    assert medium.sha256 == sha256(clip.read_bytes()).hexdigest()
    assert (medium.caption, medium.location, medium.collaborators) == (caption, "Berlin, Germany", [str(friend.pk)])
    assert (medium.width, medium.height, medium.duration_s) == (270, 480, 2.0)
    assert (medium.device, medium.acknowledged) == ("browser", True)
    assert sandbox.world.ledger.overlaps == []


async def test_a_reel_is_square_unless_somebody_says_otherwise(page: Page, sandbox: Sandbox, clip: Path) -> None:
    await log_in(page)
    await last_step(page, clip, crop=None)

    await page.get_by_role("button", name=EN["share"]).click()
    await expect(page.get_by_text(EN["reel_shared_text"])).to_be_visible()

    assert (sandbox.world.ledger.media[0].width, sandbox.world.ledger.media[0].height) == (270, 270)


async def test_a_refused_reel_is_said_not_to_be_shared(page: Page, sandbox: Sandbox, clip: Path) -> None:
    sandbox.world.faults.add(Fault.model_validate({"act": "refuse", "path": "configure", "refusal": "server_500"}))
    await log_in(page)
    await last_step(page, clip)

    await page.get_by_role("button", name=EN["share"]).click()
    await expect(page.get_by_text(EN["failed_share"])).to_be_visible()

    assert sandbox.world.ledger.media == []


@pytest.mark.parametrize("language", ["ru", "es", "pt", "de"])
async def test_the_site_speaks_the_language_of_its_visitor(page: Page, sandbox: Sandbox, language: str) -> None:
    sandbox.world.furnish(sandbox.world.accounts["nord_01"], language=language)

    await page.goto(f"{SITE}/accounts/login/?hl={language}")
    await expect(page.get_by_role("button", name=texts(language)["log_in"])).to_be_visible()
    await log_in(page)
    await expect(page.get_by_role("heading", name=texts(language)["save_title"])).to_be_visible()


async def test_a_forged_sign_in_is_refused(page: Page) -> None:
    await page.goto(f"{SITE}/accounts/login/")

    status = await page.evaluate(
        "fetch('/api/v1/web/accounts/login/ajax/', {method: 'POST', body: 'username=nord_01'}).then(got => got.status)"
    )

    assert status == 403


async def test_class_names_are_others_with_every_load(page: Page) -> None:
    await page.goto(f"{SITE}/accounts/login/")
    button = page.get_by_role("button", name=EN["log_in"])
    before = await button.get_attribute("class")

    await page.reload()

    assert await button.get_attribute("class") != before
