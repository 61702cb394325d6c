"""The pages of proxies as a person uses them, with a real worker and the sandbox's proxies behind."""

import csv
import io
import json
import secrets

import pytest
from playwright.sync_api import Page, sync_playwright

from igfleet.browser import locate_browser
from tests.e2e.fleet import Fleet

pytestmark = pytest.mark.timeout(240)


def _import(fleet: Fleet) -> None:
    """Two proxies that work, the first with an address that changes its IP, and one that refuses; two accounts."""
    at, control = fleet.sandbox["proxy_url"].removeprefix("http://"), fleet.sandbox["control_url"]
    for name, mode in (("exit_01", "ok"), ("=exit_02", "ok"), ("exit_03", "auth")):
        fleet.control("POST", "proxies", {"username": name, "password": "canary-pw-proxy", "mode": mode})
    lines = [
        f"http://exit_01:canary-pw-proxy@{at} [{control}/v1/rotation?proxy=exit_01&canary-key]",
        f"socks5:{at}:=exit_02:canary-pw-proxy",
        f"exit_03:canary-pw-proxy@{at}",
    ]
    (fleet.folder / "proxies.txt").write_text("\n".join(lines))
    fleet.cli("proxies", "import", "proxies.txt")
    accounts = [f"nord_0{number},canary-pw-nord,exit_01:canary-pw-proxy@{at}" for number in (1, 2)]
    (fleet.folder / "accounts.csv").write_text("\n".join(["username,password,proxy", *accounts]))
    fleet.cli("accounts", "import", "accounts.csv", "--authorised-by", "owner of all, in writing")


def _sign_in(fleet: Fleet, page: Page) -> None:
    password = secrets.token_urlsafe(16)
    (fleet.folder / "password").write_text(password)
    fleet.cli("users", "add", "anna", "--role", "operator", "--password-file", "password")
    page.goto(f"{fleet.ui}/proxies")
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/proxies")


def _exit_ip(page: Page) -> str:
    """Check now, and see where it comes out, without a reload."""
    before = page.locator(".strip rect").count()
    page.evaluate("window.stillHere = true")
    page.get_by_role("button", name="Check now").click()
    page.locator(".strip rect").nth(before).wait_for(timeout=60_000)
    page.get_by_role("button", name="Check now").wait_for(timeout=60_000)
    return page.locator("#figures .mono").inner_text()


def test_a_proxy_is_checked_rotated_replaced_and_switched_off_from_its_page(fleet: Fleet) -> None:
    _import(fleet)
    fleet.worker("worker-1")
    complaints: list[str] = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=locate_browser(None), args=["--no-sandbox"])
        page = chromium.new_page()
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        page.on("dialog", lambda dialog: dialog.accept())
        _sign_in(fleet, page)

        page.get_by_role("link", name="http://127.0.0.1").first.click()
        before = _exit_ip(page)
        page.get_by_role("button", name="Rotate").click()
        page.get_by_text("The provider says: 200").wait_for()
        assert "canary" not in page.content()
        after = _exit_ip(page)
        assert before.startswith("203.0.113.")
        assert after != before

        page.get_by_label("Replace on 2 accounts").select_option("2")
        page.get_by_role("button", name="Replace").click()
        page.get_by_text("2 accounts leave through this proxy from the next run on").wait_for()
        assert page.url.split("?")[0].endswith("/proxies/2")
        page.get_by_role("button", name="Switch off").click()
        page.get_by_text("It is switched off").wait_for()

        page.goto(f"{fleet.ui}/proxies")
        page.get_by_role("button", name="Check all 3").click()
        page.wait_for_url("**/tasks/*")
        page.locator("#task-head").get_by_text("done").wait_for(timeout=60_000)
        counted = page.locator("#counted").inner_text().split()
        chromium.close()

    assert counted == ["ok", "2", "bad", "1"]
    assert complaints == []
    states = [row["state"] for row in json.loads(fleet.cli("proxies", "list", "--json"))]
    assert states == ["ok", "disabled", "failing"]


def test_the_list_is_exported_with_its_filter_and_without_secrets(fleet: Fleet) -> None:
    _import(fleet)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=locate_browser(None), args=["--no-sandbox"])
        page = chromium.new_page()
        _sign_in(fleet, page)
        files = {}
        for ending in ("CSV", "JSON"):
            with page.expect_download() as download:
                page.get_by_role("link", name=ending).click()
            files[ending] = download.value.path().read_text()
        page.goto(f"{fleet.ui}/proxies?state=failing")
        assert page.get_by_text("No proxy matches.").count() == 1
        chromium.close()

    rows = list(csv.DictReader(io.StringIO(files["CSV"])))
    assert [row["username"] for row in rows] == ["exit_01", "'=exit_02", "exit_03"]
    assert [row["accounts"] for row in rows] == ["2", "0", "0"]
    assert [row["scheme"] for row in json.loads(files["JSON"])] == ["http", "socks5", "http"]
    assert "canary" not in files["CSV"] + files["JSON"]


def test_a_check_from_the_command_line_tells_by_its_exit_code(fleet: Fleet) -> None:
    _import(fleet)
    fleet.worker("worker-1")

    good = json.loads(fleet.cli("proxies", "check", "1", "2", "--wait", "--timeout", "90", "--json"))
    bad = json.loads(fleet.cli("proxies", "check", "--all", "--wait", "--timeout", "90", "--json", code=1))

    assert [row["verdict"] for row in good["proxies"]] == ["ok", "ok"]
    assert [row["accounts"] for row in good["proxies"]] == [["nord_01", "nord_02"], []]
    assert [row["verdict"] for row in bad["proxies"]] == ["ok", "ok", "auth_failed"]
    rotated = json.loads(fleet.cli("proxies", "rotate", "1", "--json"))
    assert rotated["status"] == 200
