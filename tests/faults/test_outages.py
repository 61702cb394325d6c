"""Faults 7 and 11 to 28 that are a process's or a machine's: outages, lost answers, poison, full disks, drains. Then
what a whole fleet does about what was published, and about what several accounts meet in common."""

import json
import shutil
from pathlib import Path

import httpx
import pytest

from tests.e2e.fleet import TOKEN
from tests.faults.ground import Ground
from tests.faults.relay import relay

pytestmark = pytest.mark.timeout(240)
_CHECKS = """
SELECT o.username, c.state, (SELECT string_agg(i.kind, ' ') FROM post_incidents i WHERE i.post_id = p.id) AS incidents
FROM checks c JOIN posts p ON p.id = c.post_id JOIN accounts o ON o.id = p.account_id
WHERE p.task_id = %s ORDER BY o.username
"""
_COME = """
UPDATE checks SET due_at = now() WHERE state = 'due' AND post_id IN (SELECT id FROM posts WHERE task_id = %s)
RETURNING id
"""


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
    each = ",".join(f"started:{nth}:kill" for nth in range(1, 9))  # more than three: a lease that ran out is no death
    with ground.worker("f15", each):
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


def test_three_challenges_on_one_proxy_let_it_rest_until_a_person_says_that_it_is_mended(ground: Ground) -> None:
    names, other = ground.accounts(5, proxy="shared"), ground.accounts()
    for name in names[:3]:
        refused = {"act": "refuse", "refusal": "checkpoint_required", "account": name, "path": "feed/user"}
        ground.fleet.control("POST", "faults", refused)
    task = ground.upload(names[:3])

    with ground.worker("rests"):
        ground.until(lambda: ground.rows("SELECT 1 FROM breakers WHERE rule = 'proxy_challenged' AND ended_at IS NULL"))
        ground.upload([*names[3:], *other])
        ground.until(lambda: ground.published(other))
        [breaker] = json.loads(ground.fleet.cli("breakers", "list", "--json"))
        while_it_rests = ground.published(names)
        ground.fleet.cli("breakers", "close", str(breaker["id"]))
        ground.until(lambda: len(ground.published(names)) == 2)

    assert breaker["rule"] == "proxy_challenged"
    assert sorted(breaker["met_by"]) == [f"@{name}" for name in names[:3]]
    assert while_it_rests == []
    opened = ground.rows("SELECT 1 FROM audit WHERE action = 'breaker_opened' AND subject = %s", _place(breaker))
    assert len(opened) == 1
    assert [row["account"] for row in ground.fleet.shown(task)["account_tasks"] if row["state"] == "suspended"] == (
        names[:3]
    )
    ground.check_once([*names[3:], *other])


def test_what_was_published_is_looked_for_once_its_age_has_come(ground: Ground) -> None:
    there, gone, doubled, signed_out = names = ground.accounts(4)
    task = ground.upload(names)
    with ground.worker("verify"):
        ground.wait(task)
        ground.until(lambda: len(ground.rows(_CHECKS, task)) == len(names))
        media = {one["account"]: one for one in ground.published(names)}
        ground.fleet.control("DELETE", "media", {"pk": str(media[gone]["pk"])})
        same = {name: media[doubled][name] for name in ("account", "caption", "duration_s")}
        ground.fleet.control("POST", "media", same)
        ground.fleet.control("POST", "sessions/expire", {"account": signed_out})
        signed_in = ground.sign_ins()

        ground.until(lambda: not ground.rows(_COME, task))

    found = {row["username"]: (row["state"], row["incidents"]) for row in ground.rows(_CHECKS, task)}
    assert found == {
        there: ("verified", None),
        gone: ("missing", "vanished"),
        doubled: ("verified", "duplicate_detected"),
        signed_out: ("unverifiable", None),
    }
    assert ground.sign_ins() == signed_in >= len(names), "nobody is signed in for a look"
    assert ground.commits(names) == len(names)
    assert {post["state"] for post in ground.fleet.shown(task)["posts"]} == {"published"}


def _place(breaker: dict[str, str]) -> str:
    return f"{breaker['scope']}:{breaker['key']}"


def _address(ground: Ground, worker: str) -> str:
    ground.until(lambda: ground.rows("SELECT 1 FROM workers WHERE name = %s", worker))
    return str(ground.rows("SELECT base_url FROM workers WHERE name = %s", worker)[0]["base_url"]).rstrip("/")


def _faketime() -> str:
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    return str(found[0])
