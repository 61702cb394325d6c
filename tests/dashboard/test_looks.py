"""How every page looks: readable in both themes, and nothing wider than the screen."""

from pathlib import Path

import pytest
from tests.dashboard.conftest import Browser
from tests.dashboard.stage import half_done
from tests.serving import Served

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]
PAGES = (
    "/",
    "/tasks",
    "/tasks/1",
    "/tasks/new",
    "/tasks/new/bulk_upload",
    "/tasks/2/plan",
    "/posts/3",
    "/media",
    "/media/1",
    "/accounts",
    "/accounts/1",
    "/accounts?q=nobody&health=poor",
    "/accounts?status=active",
    "/accounts/1/edit",
    "/bulk",
    "/bulk/new/accounts?act=tag&all=2",
    "/find?q=nord",
    "/accounts/import",
    "/proxies",
    "/proxies/import",
    "/workers",
    "/settings",
    "/settings/keys",
    "/docs/api",
    "/settings/webhooks",
    "/logs",
    "/logs/1",
    "/captions",
    "/captions/new",
    "/schedule?view=day",
    "/schedule?view=week",
    "/schedule?view=month",
    "/schedule?view=list",
    "/schedule/recurring",
    "/reports",
    "/schedule/recurring/new?task=1",
    "/users",
    "/users/1",
    "/me",
    "/audit",
    "/system",
    "/accounts/1/secrets/password",
    "/tasks/999",
)


@pytest.fixture
def ui(ui_without_proxies: Served) -> Served:
    return ui_without_proxies


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_all_text_can_be_read(browser: Browser, ui: Served, theme: str) -> None:
    await half_done(ui)
    await browser.page.evaluate(f"localStorage.setItem('theme', '{theme}')")
    script = (Path(__file__).parent / "contrast.js").read_text()

    pale = {}
    for path in PAGES:
        await browser.page.goto(path)
        pale[path] = await browser.page.evaluate(script)

    assert {path: texts for path, texts in pale.items() if texts} == {}
