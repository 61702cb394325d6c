"""Bulk upload and bulk login by browser as a whole: command line, ui, worker, Chromium, sandbox and its ledger."""

import stat
from hashlib import sha256
from pathlib import Path

import psutil
import pytest

from tests.e2e.fleet import Fleet

pytestmark = pytest.mark.timeout(240)
SECRET = "JBSWY3DPEHPK3PXP"


def browsers(fleet: Fleet) -> list[int]:
    """The processes that work in the folder of this fleet's workers."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if any(str(fleet.folder) in word and "profile" in word for word in words):
            found.append(process.pid)
    return found


def profiles(fleet: Fleet) -> list[Path]:
    """The profiles of browsers on the disk of this fleet's workers."""
    return list((fleet.folder / "data" / "worker").rglob("profile"))


def test_bulk_login_by_browser_signs_in_once_and_then_restores(fleet: Fleet) -> None:
    names = fleet.accounts(2, totp_secret=SECRET)
    fleet.worker("worker-1", CONCURRENCY_LIMIT="1")

    first = fleet.done("bulk_login", names, method="playwright")
    second = fleet.done("bulk_login", names, method="playwright")

    assert {row["result"]["how"] for row in first["account_tasks"]} == {"signed_in"}
    assert {row["result"]["how"] for row in second["account_tasks"]} == {"session_restored"}
    known = {account["username"]: account for account in fleet.control("GET", "accounts")["accounts"]}
    assert all(known[name]["sessions"] == 1 and len(known[name]["devices"]) == 1 for name in names)
    assert all(known[name]["devices"][0].startswith("browser:") for name in names)
    assert fleet.control("GET", "status")["leaks"] == 0
    assert browsers(fleet) == []
    fleet.until(lambda: profiles(fleet) == [])


def test_a_sign_in_that_fails_leaves_a_picture_and_no_secret(fleet: Fleet) -> None:
    names = fleet.accounts(1)
    fleet.control("POST", "accounts", {"accounts": [{"username": names[0], "password": "another than imported"}]})
    fleet.worker("worker-1", CONCURRENCY_LIMIT="1")

    fleet.order("bulk_login", names, method="playwright")
    fleet.until(lambda: fleet.rows("SELECT reason_code FROM account_tasks") == [{"reason_code": "bad_password"}], 120)

    kept = fleet.rows("SELECT name, sha256 FROM evidence ORDER BY id")
    assert [row["name"] for row in kept] == ["1-page.png", "1-trace.txt"]
    found = [path.read_bytes() for row in kept for path in (fleet.folder / "data").rglob(row["sha256"])]
    assert len(found) == 2
    assert all(f"canary-pw-{names[0]}".encode() not in content for content in found)


def test_no_browser_outlives_its_run_or_a_worker_that_is_killed_and_no_profile_is_left(fleet: Fleet) -> None:
    names = fleet.accounts(2)
    fleet.control("POST", "faults", {"act": "delay", "path": "login/ajax", "delay_s": 120, "count": 2})
    worker = fleet.worker("worker-1")
    fleet.order("bulk_login", names, method="playwright", max_attempts=1)
    fleet.until(lambda: len(profiles(fleet)) == 2 and fleet.control("GET", "faults")["faults"] == [], 90)
    one, other = profiles(fleet)
    assert (stat.S_IMODE(one.parent.stat().st_mode), any(one.iterdir())) == (0o700, True)

    _run_of(one).kill()
    fleet.until(lambda: not one.exists(), 30)
    assert other.exists()
    worker.kill()
    fleet.until(lambda: browsers(fleet) == [], 30)
    fleet.worker("worker-1")
    fleet.until(lambda: not other.exists(), 30)


def _run_of(profile: Path) -> psutil.Process:
    """The run whose browser works in this profile. Between them stands the browser's driver."""
    words = ((process, process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"]))
    working = [process for process, said in words if f"--user-data-dir={profile}" in said]
    [browser] = [process for process in working if process.parent() not in working]
    return browser.parents()[1]


def test_a_campaign_by_browser_is_published_once_each(fleet: Fleet, clips: list[Path]) -> None:
    names = fleet.accounts(2, language="de")
    worker = fleet.worker("worker-1", CONCURRENCY_LIMIT="1")
    fleet.control("POST", "faults", {"act": "drop_after", "path": "configure", "count": 2, "account": names[0]})

    task = fleet.upload(names, clips[:1], "Hello {{username}}", upload_method="playwright")
    fleet.cli("tasks", "wait", task, "--timeout", "150")

    ledger = fleet.control("GET", "ledger")
    assert sorted(medium["account"] for medium in ledger["media"]) == names
    assert {medium["sha256"] for medium in ledger["media"]} == {sha256(clips[0].read_bytes()).hexdigest()}
    assert {medium["caption"] for medium in ledger["media"]} == {f"Hello {name}" for name in names}
    assert {(medium["device"], medium["proxy"]) for medium in ledger["media"]} == {
        ("browser", f"via_{n}") for n in names
    }
    assert [ledger[name] for name in ("duplicates", "overlaps", "leaks")] == [[], [], {}]
    assert {post["state"] for post in fleet.shown(task)["posts"]} == {"published"}
    assert worker.poll() is None
    assert browsers(fleet) == []
