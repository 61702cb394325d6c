"""Fault 22 and 23: somebody cancels or pauses while runs are at every step, and a worker is told to drain."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil
import pytest

from tests.faults.ground import Ground

pytestmark = pytest.mark.timeout(240)
LEASE_S = 60.0
"""No lease runs out while runs stand still: that is another fault."""


@contextmanager
def _stopped_at_every_step(ground: Ground, names: list[str], task: str) -> Iterator[psutil.Process]:
    """Of four runs one stops while it prepares, one before its permit, one at the answer of its commit; one ends.
    The answer of the first commit is lost. They go on when the block ends, until nothing runs and nothing is in doubt.
    """
    ground.fleet.control("POST", "faults", {"act": "drop_after", "path": "configure_to_clips"})
    with ground.worker(f"f22-{task}", "prepared:1:stop,intended:1:stop,answered:1:stop") as worker:
        ground.until(lambda: len(_stopped(worker)) == 3 and len(ground.published(names)) == 2)
        yield worker
        for run in _stopped(worker):
            run.resume()
        ground.until(lambda: not _held(ground, task))


def _held(ground: Ground, task: str) -> object:
    running = "SELECT 1 FROM account_tasks WHERE task_id = %s AND state = 'running'"
    doubted = "SELECT 1 FROM posts WHERE task_id = %s AND state IN ('publishing', 'unknown', 'reconciling')"
    return ground.rows(running, task) or ground.rows(doubted, task)


def _stopped(worker: psutil.Process) -> list[psutil.Process]:
    found = []
    for one in worker.children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it has ended since
            if one.status() == psutil.STATUS_STOPPED:
                found.append(one)
    return found


def test_f22_a_cancelled_task_sends_nothing_more_and_settles_what_may_be_live(ground: Ground) -> None:
    names = ground.accounts(4)
    task = ground.upload(names, concurrency=4)

    with _stopped_at_every_step(ground, names, task):
        ground.fleet.cli("tasks", "cancel", task)
    shown = ground.wait(task)

    assert sorted(post["state"] for post in shown["posts"]) == [*["cancelled"] * 2, *["published"] * 2]
    assert {"publishing>unknown", "reconciling>published"} <= set(ground.moves(task)), "it was too late for that one"
    assert ground.commits(names) == 2


def test_f22_a_paused_task_sends_nothing_more_until_it_goes_on(ground: Ground) -> None:
    names = ground.accounts(4)
    task = ground.upload(names, concurrency=4)

    with _stopped_at_every_step(ground, names, task):
        ground.fleet.cli("tasks", "pause", task)
    paused = ground.fleet.shown(task)
    committed = ground.commits(names)
    ground.fleet.cli("tasks", "resume", task)
    with ground.worker("f22-again"):
        ground.wait(task)

    assert sorted(post["state"] for post in paused["posts"]) == [*["planned"] * 2, *["published"] * 2]
    assert (committed, ground.commits(names)) == (2, 4)
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
