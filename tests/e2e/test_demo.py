"""The demo, as a newcomer meets it: four clicks from the printed link to a published post."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from igfleet.browser import locate_browser
from igfleet.settings import Settings, load

pytestmark = pytest.mark.timeout(900)
START_S, STOP_S = 300, 60


@contextmanager
def demo(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A running demo and the link it printed."""
    folder.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    with open(folder / "output.log", "wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "igfleet", "demo", "--port", "0"],
            env=kept | {"IGFLEET_DATA_DIR": str(folder), "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nowhere"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process, _link(process, folder / "output.log")
    finally:
        if process.poll() is None:
            process.kill()


def _link(process: subprocess.Popen[bytes], output: Path) -> str:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        found = re.search(r"Open\s+(\S+)", output.read_text())
        if found:
            return found.group(1)
        assert process.poll() is None, output.read_text()
        time.sleep(0.1)
    raise AssertionError(output.read_text())


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ctrl-C, after which nothing is left."""
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    assert process.wait(STOP_S) == 0
    assert psutil.wait_procs(family, timeout=5)[1] == []


COUNT = """addEventListener("click", (event) => {
  if (event.isTrusted && event.detail) sessionStorage.clicks = Number(sessionStorage.clicks || 0) + 1;
}, true);"""


def publish(page: Page) -> None:
    """The four clicks."""
    page.get_by_role("button", name="Open the demo").click()
    page.get_by_role("link", name="See the plan").first.click()
    page.get_by_text("1 post not made").wait_for()
    page.get_by_role("button", name="Start 23 posts").click()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="View post").first.click(timeout=90_000)
    reel = opened.value
    reel.wait_for_load_state()
    assert "/reel/" in reel.url
    assert page.evaluate("Number(sessionStorage.clicks)") == 4
    assert reel.locator("video").count() == 1


OTHERS = {
    "Check every proxy": ("Start 11 proxies", "11 of 11"),
    "Two variants of two clips": ("Start 2 videos", "2 of 2"),
    "The hills follow the lake": ("Start 4 accounts", "4 of 4"),
    "Spring link for the west": ("Start 4 accounts", "4 of 4"),
    "Spring pictures for the west": ("Start 4 accounts", "4 of 4"),
    "Warm up the coast": ("Start 4 accounts", "4 of 4"),
    "Sign in the coast": ("Start 4 accounts", "4 of 4"),
}
"""The drafts of the other kinds: the button that starts each, and how it ends."""


def start_each(page: Page, home: str) -> dict[str, str]:
    """The other kinds with three clicks each; the address of each task."""
    begun = {}
    for name, (button, _) in OTHERS.items():
        page.goto(home)
        page.locator("li", has_text=name).get_by_role("link", name="See the plan").click()
        page.get_by_role("button", name=button).click()
        page.locator("#task-head").wait_for()
        begun[name] = page.url
    return begun


def opened(browser: Browser, link: str, complaints: list[str]) -> Page:
    """A page of somebody who has not been there."""
    page = browser.new_context().new_page()
    page.add_init_script(COUNT)
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    page.goto(link)
    return page


def test_four_clicks_publish_three_start_any_other_kind_and_nothing_is_forgotten(tmp_path: Path) -> None:
    complaints: list[str] = []
    with sync_playwright() as playwright:
        program = locate_browser(load(Settings).chromium)
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        with demo(tmp_path / "demo") as (process, link):
            page = opened(browser, link, complaints)
            publish(page)
            page.get_by_text("Instagram wants this sign-in confirmed").first.wait_for(timeout=90_000)
            page.get_by_text("The account's proxy does not answer").first.wait_for(timeout=90_000)
            page.locator("#done-count", has_text="19").wait_for(timeout=90_000)
            assert complaints == []
            stop(process)
            page.context.close()
            complaints.clear()  # the page that was left open asked for a server that had ended

        with demo(tmp_path / "demo") as (process, link):
            page = opened(browser, link, complaints)
            page.get_by_role("button", name="Open the demo").click()
            page.get_by_role("link", name="Publish a demo campaign").first.click()
            assert page.locator("#done-count").inner_text() == "19"

            for name, address in start_each(page, "/".join(link.split("/")[:3])).items():
                page.goto(address)
                end = OTHERS[name][1].replace(" of ", "of ")
                page.locator("#progress", has_text=end).wait_for(timeout=300_000)
                page.locator("#task-head").get_by_text("done", exact=True).wait_for()
            assert complaints == []
            stop(process)
        browser.close()
