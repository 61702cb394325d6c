"""Faults 1 to 10: runs, supervisors and whole workers that die or freeze, at every step of a post."""

import contextlib
import os
import time

import psutil
import pytest

from tests.faults.ground import LEASE_S, Ground

pytestmark = pytest.mark.timeout(240)
_SOON_S = LEASE_S + 5
"""What may pass until another run prepares what a dead one had only prepared."""


@pytest.mark.parametrize(
    "points",
    [
        pytest.param(("started", "prepared", "intended"), id="F1 before the upload, F3 before the permit"),
        pytest.param(("permitted", "checked", "journaled"), id="F4 journal and gate prove it, F6 journaled"),
    ],
)
def test_f1_f3_f4_f6_a_killed_run_goes_on_at_once_and_publishes_once(ground: Ground, points: tuple[str, ...]) -> None:
    """At each point another run is killed: the first that comes there."""
    names, worker = ground.accounts(len(points)), f"f1-{points[0]}"
    task = ground.upload(names, concurrency=len(names))

    with ground.worker(worker, ",".join(f"{point}:1:kill" for point in points), slots=len(names)):
        shown = ground.wait(task)

    came, moves = {mark.name for mark in ground.marks(worker).iterdir()}, ground.moves(task)
    assert {f"{point}.1" for point in points} <= came
    assert shown["state"] == "completed"
    assert not [move for move in moves if move.endswith("unknown")], "each could be proved"
    assert ground.commits(names) == len(names)
    ground.check_once(names)
    if "intended" in points:
        assert "preparing>planned" in moves
        assert ground.seconds_between(task, "planned", "preparing") < _SOON_S
    else:
        assert moves.count("publishing>planned") >= 2


def test_f2_an_upload_cut_at_half_is_resumed_under_the_same_upload_id(ground: Ground) -> None:
    names = ground.accounts()
    held = {"act": "hang_before", "path": "POST /rupload_igphoto", "account": names[0]}
    ground.fleet.control("POST", "faults", held)
    task = ground.upload(names)

    with ground.worker("f2") as worker:
        ground.until(lambda: not ground.fleet.control("GET", "faults")["faults"])
        for run in _runs(worker):
            run.kill()
        ground.wait(task)

    [post] = ground.rows("SELECT upload_id FROM posts WHERE task_id = %s", task)
    [medium] = ground.published(names)
    requests = ground.fleet.control("GET", f"journal?account={names[0]}")["requests"]
    videos = [one for one in requests if one["method"] == "POST" and "rupload_igvideo" in one["path"]]
    assert medium["upload_id"] == post["upload_id"]
    assert len(videos) == 1, "the bytes that had arrived were sent again"
    ground.check_once(names)


def test_f4_a_run_killed_when_the_commit_may_have_left_is_settled_by_reading(ground: Ground) -> None:
    names = ground.accounts()
    ground.fleet.control("POST", "faults", {"act": "hang_before", "path": "configure", "account": names[0]})
    task = ground.upload(names)

    with ground.worker("f4-left") as worker:
        ground.until(lambda: not ground.fleet.control("GET", "faults")["faults"])
        for run in _runs(worker):
            run.kill()
        ground.wait(task)

    assert {"publishing>unknown", "reconciling>planned"} <= set(ground.moves(task))
    ground.check_once(names)


_LOST: dict[str, dict[str, str]] = {
    "dropped": {"act": "drop_after"},
    "cut short": {"act": "cut_after"},
    "hangs": {"act": "hang_after"},
    "500": {"act": "refuse_after", "refusal": "server_500"},
    "HTML": {"act": "refuse_after", "refusal": "html_200"},
}


def test_f5_a_commit_whose_answer_is_lost_is_settled_by_reading(ground: Ground) -> None:
    names = ground.accounts(len(_LOST))
    for name, lost in zip(names, _LOST.values(), strict=True):
        ground.fleet.control("POST", "faults", {**lost, "path": "configure_to_clips", "account": name})
    task = ground.upload(names, concurrency=len(names))

    with ground.worker("f5", slots=len(names)):
        shown = ground.wait(task)

    media = {one["account"]: str(one["pk"]) for one in ground.published(names)}
    assert {post["account"]: (post["state"], post["media_pk"]) for post in shown["posts"]} == {
        name: ("published", media[name]) for name in names
    }
    assert ground.moves(task).count("publishing>unknown") == len(names)
    assert ground.commits(names) == len(names)


def test_f8_f9_a_killed_worker_leaves_no_process_and_another_takes_over(ground: Ground) -> None:
    names = ground.accounts(3)
    held = {"act": "hang_before", "path": "POST /rupload_igphoto", "count": 3}
    ground.fleet.control("POST", "faults", held)
    task = ground.upload(names, concurrency=3)
    with ground.worker("f9-first") as worker:
        ground.until(lambda: not ground.fleet.control("GET", "faults")["faults"])
        family = worker.children(recursive=True)
        worker.kill()
        _, alive = psutil.wait_procs(family, timeout=10)
        assert alive == []

        with ground.worker("f9-second"):
            ground.wait(task)

    ground.check_once(names)


@pytest.mark.parametrize("times", [1, 2], ids=["F10", "F10 twice in a row"])
def test_f10_what_a_frozen_worker_sends_late_never_leaves(ground: Ground, times: int) -> None:
    """Frozen whole, its gate with it, between the look at the clock and the first byte."""
    names = ground.accounts()
    task = ground.upload(names)

    with ground.worker(f"f10-{times}", "checked:1:delay=2") as worker:
        ground.until(lambda: "preparing>publishing" in ground.moves(task))
        family = [worker, *worker.children(recursive=True)]
        with ground.worker(f"f10-{times}-other"):
            for _ in range(times):
                _freeze(family, 2 * LEASE_S)
            ground.wait(task)
            ground.until(lambda: not _runs(worker))

    assert ground.commits(names) == 1
    ground.check_once(names)


def _freeze(family: list[psutil.Process], seconds: float) -> None:
    """Runs that have ended meanwhile are left out."""
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.suspend()
    time.sleep(seconds)
    for process in reversed(family):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.resume()
    time.sleep(0.1)


def _runs(worker: psutil.Process) -> list[psutil.Process]:
    """The processes that run leases: each leads a session of its own."""
    return [child for child in worker.children(recursive=True) if os.getsid(child.pid) == child.pid]
