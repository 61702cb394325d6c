"""A short run of what `./igfleet fuzz` does at length."""

from pathlib import Path

import pytest

from tests.fuzz.campaign import Caller, attack, set_stage
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
