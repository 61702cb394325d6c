"""The main job, end to end: imported, planned, leased by workers, published, and checked in the sandbox's ledger."""

import hashlib
from collections import Counter
from pathlib import Path

import psutil
import pytest

from tests.e2e.fleet import Fleet

pytestmark = pytest.mark.timeout(300)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_every_post_of_the_plan_is_published_once(fleet: Fleet, clips: list[Path]) -> None:
    names = fleet.accounts(3)
    fleet.worker("w1")
    fleet.worker("w2")

    task = fleet.upload(names, clips[:2], "Hello from {{username}}\\nsecond line")
    fleet.cli("tasks", "wait", task, "--timeout", "120")

    ledger = fleet.control("GET", "ledger")
    assert (ledger["duplicates"], ledger["overlaps"], ledger["leaks"]) == ([], [], {})
    published = {(one["account"], one["sha256"], one["caption"]) for one in ledger["media"]}
    caption = "Hello from {name}\nsecond line"
    assert published == {(name, _sha256(clip), caption.format(name=name)) for name in names for clip in clips[:2]}
    assert len(ledger["media"]) == 6
    assert {one["proxy"] for one in ledger["media"]} == {f"via_{name}" for name in names}
    shown = fleet.shown(task)
    assert shown["state"] == "completed"
    assert {post["state"] for post in shown["posts"]} == {"published"}


def test_a_killed_worker_costs_nothing_and_doubles_nothing(fleet: Fleet, clips: list[Path]) -> None:
    names = fleet.accounts(20)
    fleet.worker("w1")
    fleet.worker("w2")
    task = fleet.upload(names, clips, "{{username}}")
    fleet.until(lambda: len(fleet.control("GET", "ledger")["media"]) >= 8)

    fleet.processes["w1"].kill()
    fleet.cli("tasks", "wait", task, "--timeout", "200")

    ledger = fleet.control("GET", "ledger")
    counts = Counter((one["account"], one["sha256"]) for one in ledger["media"])
    assert counts == Counter({(name, _sha256(clip)): 1 for name in names for clip in clips})
    assert (ledger["duplicates"], ledger["overlaps"], ledger["leaks"]) == ([], [], {})
    assert all(one["caption"] == one["account"] for one in ledger["media"])


def test_a_commit_that_never_arrived_is_sent_again_after_confirmed_absence(fleet: Fleet, clips: list[Path]) -> None:
    names = fleet.accounts(1)
    fleet.control("POST", "faults", {"act": "drop_before", "path": "configure_to_clips"})
    fleet.worker("w1")

    task = fleet.upload(names, clips[:1], "at last")
    fleet.cli("tasks", "wait", task, "--timeout", "120")

    assert len(fleet.control("GET", "ledger")["media"]) == 1
    assert fleet.shown(task)["posts"][0]["state"] == "published"


def test_runs_killed_in_the_middle_are_taken_up_again(fleet: Fleet, clips: list[Path]) -> None:
    names = fleet.accounts(4)
    fleet.worker("w1")
    task = fleet.upload(names, clips[:2], "{{username}}", max_attempts=10)
    fleet.until(lambda: len(fleet.control("GET", "ledger")["media"]) >= 2)

    for process in _runs(fleet, "w1"):
        process.kill()
    fleet.cli("tasks", "wait", task, "--timeout", "150")

    ledger = fleet.control("GET", "ledger")
    assert len(ledger["media"]) == 8
    assert ledger["duplicates"] == []


def test_a_killed_worker_leaves_no_orphan(fleet: Fleet, clips: list[Path]) -> None:
    names = fleet.accounts(2)
    fleet.control("POST", "faults", {"act": "hang_before", "path": "rupload_igvideo", "count": 2})
    fleet.worker("w1")
    fleet.upload(names, clips[:1], "never")
    fleet.until(lambda: len(_runs(fleet, "w1")) >= 2)
    children = psutil.Process(fleet.processes["w1"].pid).children(recursive=True)

    fleet.processes["w1"].kill()

    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []


def test_a_second_factor_is_computed_in_the_ui(fleet: Fleet, clips: list[Path]) -> None:
    names = fleet.accounts(1, totp_secret="JBSWY3DPEHPK3PXP")
    fleet.worker("w1")

    task = fleet.upload(names, clips[:1], "signed in with a code")
    fleet.cli("tasks", "wait", task, "--timeout", "120")

    assert len(fleet.control("GET", "ledger")["media"]) == 1


@pytest.mark.parametrize(
    ("refusal", "reason", "status"),
    [
        ("challenge_native", "challenge_required", "human_verification_required"),
        ("account_disabled", "account_disabled", "suspended"),
    ],
)
def test_a_stopped_account_is_told_apart(
    fleet: Fleet, clips: list[Path], refusal: str, reason: str, status: str
) -> None:
    names = fleet.accounts(1)
    made = {"username": names[0], "password": f"canary-pw-{names[0]}", "state": refusal}
    fleet.control("POST", "accounts", {"accounts": [made]})
    fleet.worker("w1")

    task = fleet.upload(names, clips[:1], "not today")
    fleet.until(lambda: fleet.shown(task)["account_tasks"][0]["state"] in ("suspended", "discarded"))

    [row] = fleet.shown(task)["account_tasks"]
    [account] = fleet.cli("accounts", "list", "--json") and _listed(fleet)
    assert (row["reason_code"], account["status"]) == (reason, status)
    assert fleet.control("GET", "ledger")["media"] == []


def test_a_dead_proxy_is_blamed_and_nothing_goes_around_it(fleet: Fleet, clips: list[Path]) -> None:
    names = fleet.accounts(1)
    (fleet.folder / "accounts.csv").write_text(f"username,proxy\n{names[0]},http://127.0.0.1:9")
    fleet.cli("accounts", "import", "accounts.csv", "--authorised-by", "owner of all, in writing")
    fleet.worker("w1")

    task = fleet.upload(names, clips[:1], "nowhere", max_attempts=1)
    fleet.until(lambda: fleet.shown(task)["state"] == "failed")

    assert fleet.shown(task)["account_tasks"][0]["reason_code"] == "proxy_unreachable"
    assert _listed(fleet)[0]["status"] == "active"
    assert fleet.control("GET", "journal")["requests"] == []


def _runs(fleet: Fleet, worker: str) -> list[psutil.Process]:
    """Processes that run a lease lead a session of their own."""
    found = []
    for child in psutil.Process(fleet.processes[worker].pid).children(recursive=True):
        try:
            if _leads_session(child.pid):
                found.append(child)
        except (psutil.Error, OSError):
            continue
    return found


def _leads_session(pid: int) -> bool:
    import os

    return os.getsid(pid) == pid


def _listed(fleet: Fleet) -> list[dict[str, str]]:
    import json

    listed = json.loads(fleet.cli("accounts", "list", "--json"))
    return listed["accounts"] if isinstance(listed, dict) else listed
