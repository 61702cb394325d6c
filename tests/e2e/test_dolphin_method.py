"""Bulk login in profiles of Dolphin Anty as a whole: command line, ui, worker, stand-in, Chromium, sandbox."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.fleet import Fleet

pytestmark = pytest.mark.timeout(240)
METHOD = "playwright+dolphin"


@pytest.fixture
def fleet(tmp_path: Path, database_url: str) -> Any:
    with Fleet(tmp_path / "fleet", database_url, {"LEASE_LENGTH": "6"}) as running:
        yield running


def test_bulk_login_by_dolphin_signs_in_once_and_then_restores(fleet: Fleet) -> None:
    names = fleet.accounts(1, dolphin=True)
    settings = {"DOLPHIN_API_HOST": fleet.sandbox["dolphin_url"], "DOLPHIN_API_TOKEN": fleet.sandbox["dolphin_token"]}
    fleet.worker("worker-1", CONCURRENCY_LIMIT="1", **settings)

    first = fleet.done("bulk_login", names, method=METHOD)
    second = fleet.done("bulk_login", names, method=METHOD)

    assert [row["result"]["how"] for row in first["account_tasks"]] == ["signed_in"]
    assert [row["result"]["how"] for row in second["account_tasks"]] == ["session_restored"]
    assert fleet.control("GET", "dolphin") == {"running": [], "plan": "paid"}
    assert fleet.control("GET", "status")["leaks"] == 0
    assert fleet.sandbox["dolphin_token"] not in fleet.log("worker-1")
