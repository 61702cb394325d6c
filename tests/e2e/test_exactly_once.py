"""A lost answer, a killed ui, a frozen worker, a killed run: each post is there once, and igfleet knows which it is."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.fleet import Fleet

pytestmark = pytest.mark.timeout(300)
LOST = {"nord_01": "drop_after", "nord_02": "hang_after", "nord_03": "cut_after", "nord_04": "refuse_after"}
CONFIGURE = "configure_to_clips"


def test_every_way_to_lose_the_answer_ends_with_one_reel_and_its_own_id(fleet: Fleet, clips: list[Path]) -> None:
    names = fleet.accounts(len(LOST))
    for name, act in LOST.items():
        fleet.control("POST", "faults", {"act": act, "path": CONFIGURE, "account": name})
    fleet.worker("w1")

    task = fleet.upload(names, clips[:1], "{{username}}", concurrency=4)
    fleet.cli("tasks", "wait", task, "--timeout", "120")

    media = {one["account"]: one for one in fleet.control("GET", "ledger")["media"]}
    posts = fleet.shown(task)["posts"]
    assert not any(one["acknowledged"] for one in media.values()), "no answer arrived"
    assert Counter(_commits(fleet)) == Counter(dict.fromkeys(LOST, 1)), "nothing was sent a second time"
    for post in posts:
        assert (post["state"], post["code"]) == ("published", media[post["account"]]["code"])


def test_a_ui_killed_while_posts_are_published_goes_on_where_it_was(own_fleet: Fleet, clips: list[Path]) -> None:
    fleet = own_fleet
    names = fleet.accounts(4)
    fleet.control("POST", "faults", {"act": "delay", "delay_s": 1.5, "path": CONFIGURE, "count": 99})
    fleet.worker("w1")
    task = fleet.upload(names, clips[:2], "{{username}}", concurrency=4, max_attempts=10)
    fleet.until(lambda: len(_commits(fleet)) >= 2)

    fleet.processes["ui"].kill()
    fleet.processes["ui"].wait(10)
    fleet.start("ui", "serve", "--role", "ui", "--port", fleet.ui.rpartition(":")[2])
    fleet.cli("tasks", "wait", task, "--timeout", "150")

    _assert_each_once(fleet, task, names, clips[:2])


def test_a_worker_frozen_past_its_lease_does_no_harm_when_it_wakes(fleet: Fleet, clips: list[Path]) -> None:
    names = fleet.accounts(2)
    fleet.control("POST", "faults", {"act": "delay", "delay_s": 2, "path": "rupload_igvideo", "count": 2})
    fleet.worker("w1")
    task = fleet.upload(names, clips[:1], "{{username}}", concurrency=4, max_attempts=10)
    fleet.until(lambda: any("rupload_igvideo" in one["path"] for one in _journal(fleet)))

    with _frozen(fleet, "w1"):
        fleet.worker("w2")
        fleet.until(lambda: len(fleet.control("GET", "ledger")["media"]) == 2, 90)
    fleet.cli("tasks", "wait", task, "--timeout", "120")

    _assert_each_once(fleet, task, names, clips[:1])


def test_a_run_killed_while_it_waits_for_the_answer_is_settled_by_reading(fleet: Fleet, clips: list[Path]) -> None:
    names = fleet.accounts(1)
    fleet.control("POST", "faults", {"act": "hang_after", "path": CONFIGURE})
    fleet.worker("w1")
    task = fleet.upload(names, clips[:1], "{{username}}", max_attempts=10)
    fleet.until(lambda: _commits(fleet))

    for run in _runs(fleet, "w1"):
        run.kill()
    fleet.cli("tasks", "wait", task, "--timeout", "120")

    assert len(_commits(fleet)) == 1
    _assert_each_once(fleet, task, names, clips[:1])


def _assert_each_once(fleet: Fleet, task: str, names: list[str], clips: list[Path]) -> None:
    ledger = fleet.control("GET", "ledger")
    assert Counter(one["account"] for one in ledger["media"]) == Counter(dict.fromkeys(names, len(clips)))
    assert (ledger["duplicates"], ledger["overlaps"], ledger["leaks"]) == ([], [], {})
    posts = fleet.shown(task)["posts"]
    assert {post["state"] for post in posts} == {"published"}
    assert {post["code"] for post in posts} == {one["code"] for one in ledger["media"]}


def _journal(fleet: Fleet) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = fleet.control("GET", "journal")["requests"]
    return found


def _commits(fleet: Fleet) -> list[str]:
    """The account of each publish request that arrived."""
    return [one["account"] for one in _journal(fleet) if CONFIGURE in one["path"]]


@contextmanager
def _frozen(fleet: Fleet, worker: str) -> Iterator[None]:
    """The supervisor stands still with all that it holds; its runs do too."""
    process = psutil.Process(fleet.processes[worker].pid)
    family = [process, *process.children(recursive=True)]
    for one in family:
        one.suspend()
    try:
        yield
    finally:
        for one in family:
            if one.is_running():
                os.kill(one.pid, signal.SIGCONT)


def _runs(fleet: Fleet, worker: str) -> list[psutil.Process]:
    """Processes that run a lease lead a session of their own."""
    children = psutil.Process(fleet.processes[worker].pid).children(recursive=True)
    return [child for child in children if child.is_running() and os.getsid(child.pid) == child.pid]
