"""A short run of what `./igfleet fuzz` does at length."""

from pathlib import Path

import pytest

from tests.fuzz.campaign import Caller, attack, set_stage
from tests.fuzz.pages import fields_on
from tests.serving import Served
from tests.ui_api.holding import key

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]


async def test_made_up_requests_find_nothing(ui_without_proxies: Served, tmp_path: Path) -> None:
    stage = await set_stage(ui_without_proxies)
    made = await key(ui_without_proxies)
    caller = Caller("admin", made.token, "^/api/v1/tasks$")

    found = await attack(ui_without_proxies, stage, caller, tmp_path, examples=5, seed=7)

    assert found.failures == 0, found.told
    assert found.cases >= 10


async def test_what_a_page_takes_is_read_from_its_forms() -> None:
    page = """
    <form action="/captions?x=1"><input name="name">
      <select name="order"><option value="up"><option value="down"></select>
      <textarea name="text"></textarea><input type="radio" name="way" value="link"><button name="act" value="go"></form>
    <form><input type="hidden" name="id" value="7"><button formaction="/removal" name="sure" value="yes"></form>
    """

    assert set(fields_on(page, "/here")) == {
        *{("/captions", name, "") for name in ("name", "order", "text")},
        *{("/captions", "order", "up"), ("/captions", "order", "down"), ("/captions", "way", "link")},
        *{("/captions", "act", "go"), ("/here", "id", "7"), ("/removal", "sure", "yes")},
    }
