"""Faults 7 and 11 to 28 that are a process's or a machine's: outages, lost answers, poison, full disks, drains."""

import shutil
import signal
from pathlib import Path

import httpx
import pytest

from tests.e2e.fleet import TOKEN
from tests.faults.ground import Ground
from tests.faults.relay import relay

pytestmark = pytest.mark.timeout(240)


def test_f07_a_report_whose_acknowledgement_is_lost_is_stored_once(ground: Ground) -> None:
    names = ground.accounts()
    task = ground.upload(names)

    with relay(ground.fleet.ui) as line, ground.worker("f07", UI_API_BASE=line.address):
        shown = ground.wait(task)
        ground.until(lambda: len(line.asked) == 2 and min(line.asked.values()) >= 2)

    [row] = shown["account_tasks"]
    assert (row["state"], row["attempt"]) == ("completed", 1)
    assert ground.moves(task).count("publishing>published") == 1
    assert ground.commits(names) == 1
    ground.check_once(names)


def test_f11_a_killed_ui_comes_back_and_nothing_is_lost(ground: Ground) -> None:
    names = ground.accounts(4)
    task = ground.upload(names, videos=3)

    with ground.worker("f11"):
        ground.until(lambda: len(ground.published(names)) >= 2)
        ground.fleet.restart_ui()
        shown = ground.wait(task)

    assert shown["state"] == "completed"
    ground.check_once(names, videos=3)


def test_f14_the_share_of_a_worker_that_never_came_is_taken_by_the_others(ground: Ground) -> None:
    names = ground.accounts(4)
    task = ground.upload(names)

    with ground.worker("f14"):
        start = f"{_address(ground, 'f14')}/api/v1/bulk-tasks/start"
        order = {"mode": "pull", "task_id": int(task), "options": {"batch_index": 0, "batch_count": 2}}
        answer = httpx.post(start, json=order, headers={"Authorization": f"Bearer {TOKEN}"})
        ground.wait(task)

    assert answer.json()["accepted"]
    ground.check_once(names)


def test_f15_what_kills_its_process_each_time_is_quarantined_and_nothing_else(ground: Ground) -> None:
    poison, innocent = ground.accounts(), ground.accounts(3)
    task = ground.upload(poison)
    with ground.worker("f15", "started:1:kill,started:2:kill,started:3:kill,started:4:kill"):
        shown = ground.wait(task)
    other = ground.upload(innocent)
    with ground.worker("f15-other"):
        ground.wait(other)

    [row] = shown["account_tasks"]
    assert (row["state"], row["reason_code"]) == ("discarded", "quarantined")
    assert row["attempt"] == 3
    assert ground.commits(poison) == 0
    ground.check_once(innocent)


def test_f21_a_session_that_ends_at_any_call_costs_one_sign_in(ground: Ground) -> None:
    """Before the commit the step is repeated; at the commit it is refused, and sent once more after a sign-in."""
    names = ground.accounts(5)
    for call, name in enumerate(names):
        ended = {"act": "refuse", "refusal": "login_required", "account": name, "path": "feed/user|rupload|configure"}
        ground.fleet.control("POST", "faults", {**ended, "skip": call})
    task = ground.upload(names, concurrency=5)
    before = ground.sign_ins()

    with ground.worker("f21", slots=5):
        shown = ground.wait(task)

    assert shown["state"] == "completed"
    assert not ground.fleet.control("GET", "faults")["faults"], "each was met"
    assert ground.sign_ins() - before <= 2 * len(names)
    ground.check_once(names)


def test_f23_a_worker_that_drains_under_load_fails_nothing(ground: Ground) -> None:
    names = ground.accounts(8)
    task = ground.upload(names, videos=3)

    with ground.worker("f23-first") as worker:
        ground.until(lambda: len(ground.published(names)) >= 3)
        with ground.worker("f23-second"):
            worker.send_signal(signal.SIGTERM)
            worker.wait(20)
            shown = ground.wait(task)

    assert shown["state"] == "completed"
    assert {row["reason_code"] for row in shown["account_tasks"]} == {None}
    assert not [move for move in ground.moves(task) if move.endswith("unknown")]
    ground.check_once(names, videos=3)


def test_f24_a_server_that_never_answers_does_not_hold_the_run(ground: Ground) -> None:
    names = ground.accounts()
    ground.fleet.control("POST", "faults", {"act": "hang_before", "path": "configure", "account": names[0]})
    task = ground.upload(names)

    with ground.worker("f24"):
        ground.wait(task)

    assert {"publishing>unknown", "reconciling>planned"} <= set(ground.moves(task))
    ground.check_once(names)


def test_f26_a_full_disk_gives_the_unit_back_and_takes_no_other(ground: Ground) -> None:
    names = ground.accounts()
    task = ground.upload(names)
    gave_back = "SELECT 1 FROM account_tasks WHERE task_id = %s AND state = 'retryable' AND reason_code = 'worker_disk'"
    with ground.worker("f26", "prepared:1:full"):
        ground.until(lambda: ground.rows(gave_back, task))

    with ground.worker("f26-full", DISK_RESERVE_BYTES=str(2**60)):
        ground.until(lambda: "worker_disk" in ground.fleet.log("f26-full"))
        ground.until(lambda: ground.rows("SELECT 1 FROM account_tasks WHERE task_id = %s AND head", task))
        with ground.worker("f26-healthy"):
            ground.wait(task)

    holder = "SELECT w.name FROM account_tasks a JOIN workers w ON w.id = a.lease_holder WHERE a.task_id = %s"
    assert [row["name"] for row in ground.rows(holder, task)] == ["f26-healthy"]
    ground.check_once(names)


def test_f27_two_units_of_one_account_never_run_at_once(ground: Ground) -> None:
    names = ground.accounts()
    tasks = [
        ground.fleet.upload(names, [ground.clips[number]], f"task {number}", max_attempts=9) for number in range(3)
    ]

    with ground.worker("f27-a", slots=3), ground.worker("f27-b", slots=3):
        for task in tasks:
            ground.wait(task)

    assert ground.fleet.control("GET", "ledger")["overlaps"] == []
    ground.check_once(names, videos=3)


@pytest.mark.skipif(not shutil.which("faketime"), reason="needs faketime")
@pytest.mark.parametrize("off", ["+1h", "-1h"])
def test_f28_a_worker_whose_clock_is_an_hour_off_publishes_all_the_same(ground: Ground, off: str) -> None:
    names = ground.accounts()
    lost = {"act": "drop_after", "path": "configure_to_clips", "account": names[0]}
    ground.fleet.control("POST", "faults", lost)
    task = ground.upload(names)

    with ground.worker(f"f28{off[0]}", FAKETIME=off, LD_PRELOAD=_faketime(), FAKETIME_DONT_FAKE_MONOTONIC="1"):
        shown = ground.wait(task)

    assert shown["state"] == "completed"
    assert ground.commits(names) == 1
    ground.check_once(names)


def _address(ground: Ground, worker: str) -> str:
    ground.until(lambda: ground.rows("SELECT 1 FROM workers WHERE name = %s", worker))
    return str(ground.rows("SELECT base_url FROM workers WHERE name = %s", worker)[0]["base_url"]).rstrip("/")


def _faketime() -> str:
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    return str(found[0])
