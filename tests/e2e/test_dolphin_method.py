"""Login and upload in profiles of Dolphin Anty as a whole: command line, ui, worker, stand-in, Chromium, sandbox."""

from hashlib import sha256
from pathlib import Path

import pytest

from tests.e2e.fleet import Fleet

pytestmark = pytest.mark.timeout(400)
METHOD = "playwright+dolphin"
CONFIGURE = "/api/v1/media/configure_to_clips/"


@pytest.fixture
def dolphin(fleet: Fleet) -> dict[str, str]:
    """The worker's settings for it."""
    token = fleet.sandbox["dolphin_token"]
    return {"CONCURRENCY_LIMIT": "1", "DOLPHIN_API_HOST": fleet.sandbox["dolphin_url"], "DOLPHIN_API_TOKEN": token}


def test_accounts_sign_in_once_and_publish_each_reel_once_whatever_dies(
    fleet: Fleet, dolphin: dict[str, str], clips: list[Path], tmp_path: Path
) -> None:
    names = fleet.accounts(1, dolphin=True)
    faults = {"IGFLEET_TEST_FAULTS": str(tmp_path / "points"), "IGFLEET_FAULT": "taken:1:kill"}
    fleet.worker("worker-1", **dolphin, **faults)

    first = fleet.done("bulk_login", names, method=METHOD)
    second = fleet.done("bulk_login", names, method=METHOD)
    killed = _published(fleet, names, clips[0])
    asked_for = _publish_requests(fleet)
    fleet.control("POST", "faults", {"act": "drop_after", "path": "configure", "count": 2})
    unheard = _published(fleet, names, clips[1])

    assert [row["result"]["how"] for row in first["account_tasks"]] == ["signed_in"]
    assert [row["result"]["how"] for row in second["account_tasks"]] == ["session_restored"]
    assert (killed, unheard) == (["published"], ["published"])
    assert (asked_for, _publish_requests(fleet)) == (1, 2)
    ledger = fleet.control("GET", "ledger")
    assert [medium["sha256"] for medium in ledger["media"]] == [
        sha256(one.read_bytes()).hexdigest() for one in clips[:2]
    ]
    assert {(medium["device"], medium["proxy"]) for medium in ledger["media"]} == {("browser", "via_nord_01")}
    assert [ledger[name] for name in ("duplicates", "overlaps", "leaks")] == [[], [], {}]
    assert fleet.control("GET", "dolphin") == {"running": [], "plan": "paid"}
    assert fleet.sandbox["dolphin_token"] not in fleet.log("worker-1")
    assert [path.name for path in (tmp_path / "points").glob("taken.*")] != []


def _published(fleet: Fleet, names: list[str], clip: Path) -> list[str]:
    """Have the clip published; the states of its posts in the end."""
    task = fleet.upload(names, [clip], "Hello {{username}}", upload_method=METHOD)
    fleet.cli("tasks", "wait", task, "--timeout", "180")
    return [post["state"] for post in fleet.shown(task)["posts"]]


def _publish_requests(fleet: Fleet) -> int:
    """How many reached Instagram."""
    journal = fleet.control("GET", "journal")["requests"]
    return sum(entry["path"] == CONFIGURE for entry in journal)
