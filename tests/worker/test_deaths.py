"""Runs that die, hang or are stopped; what the ui hears and what is left behind."""

import os
import signal

import psutil
import pytest

from igfleet.contracts.leases import Ending
from igfleet.contracts.posts import CommitKind
from igfleet.contracts.tasks import Method
from igfleet.reasons import ReasonCode
from tests.worker.conftest import Desk
from tests.worker.memory_ui import a_post
from tests.worker.ways import leased, listening, silent_host

pytestmark = pytest.mark.anyio


async def test_a_run_that_dies_is_reported_as_died(desk: Desk) -> None:
    desk.ui.add("die")

    async with desk.worker():
        await desk.until(lambda: desk.ui.outcomes)

    assert (desk.ui.outcomes[1].outcome, desk.ui.outcomes[1].reason_code) == (Ending.DIED, ReasonCode.RUNNER_DIED)
    assert "-9" in desk.ui.outcomes[1].message


async def test_a_run_that_takes_too_long_is_ended(desk: Desk) -> None:
    desk.ui.add("stuck", kind="short_play")

    async with desk.worker():
        await desk.until(lambda: desk.ui.outcomes, 10)

    outcome = desk.ui.outcomes[1]
    assert (outcome.outcome, outcome.reason_code) == (Ending.RETRY_LATER, ReasonCode.DEADLINE_PASSED)


async def test_all_that_a_run_started_dies_with_it(desk: Desk) -> None:
    desk.ui.add("with_children")

    async with desk.worker():
        await desk.until(lambda: "pids" in desk.ui.checkpoints())
        pids = _pids(desk)
        os.kill(pids[0], signal.SIGKILL)
        await desk.until(lambda: desk.ui.outcomes)

    assert not [pid for pid in pids if psutil.pid_exists(pid)]


@pytest.mark.parametrize(
    ("point", "kind"),
    [
        ("before_sending", CommitKind.NOT_SENT),
        ("before_first_byte", CommitKind.NOT_SENT),
        ("before_answer", CommitKind.UNKNOWN),
        ("before_report", CommitKind.PUBLISHED),
    ],
)
async def test_journal_and_gate_settle_what_a_dead_run_did_not_report(desk: Desk, point: str, kind: CommitKind) -> None:
    async with listening(silent_host) as port:
        desk.ui.add("publish", posts=(a_post(),), proxy=leased(port), options={"play": "publish", "word": point})
        async with desk.worker():
            await desk.until(lambda: desk.ui.outcomes)

    assert desk.ui.events == ["intent 1", "permit 1", f"{kind.value} 1"]
    assert desk.ui.post_outcomes[0].is_let_go is (kind is CommitKind.UNKNOWN), "nothing more of it can leave"
    assert desk.ui.outcomes[1].outcome is Ending.DIED
    assert not list((desk.folder / "journals").iterdir())


@pytest.mark.parametrize(
    ("sends", "unsent"), [("", ["like"]), ("first", ["follow"]), ("both", [])], ids=["nothing", "the first", "both"]
)
@pytest.mark.parametrize("method", [Method.INSTAGRAPI, Method.DOLPHIN])
async def test_an_act_of_which_no_byte_left_is_given_back(
    desk: Desk, sends: str, unsent: list[str], method: Method
) -> None:
    """Not in a profile of Dolphin Anty: it has ways out beside the gate."""
    async with listening(silent_host) as port:
        desk.ui.add("act", method=method, proxy=leased(port), options={"play": "act", "word": sends})
        async with desk.worker():
            await desk.until(lambda: desk.ui.outcomes)

    named = [desk.ui.events[number - 1].split(",")[0] for number in desk.ui.outcomes[1].unsent]
    assert named == ([f"spend {action}" for action in unsent] if method is Method.INSTAGRAPI else [])


async def test_a_run_that_ended_well_leaves_nothing_to_settle(desk: Desk) -> None:
    desk.ui.add("publish", posts=(a_post(),))

    async with desk.worker():
        await desk.until(lambda: desk.ui.outcomes)

    assert desk.ui.events == ["intent 1", "permit 1", "published 1"]
    assert not list((desk.folder / "journals").iterdir())
    assert not list((desk.folder / "runs").iterdir())


async def test_a_lost_lease_ends_its_run_and_keeps_its_evidence(desk: Desk) -> None:
    async with listening(silent_host) as port:
        given = {"posts": (a_post(),), "proxy": leased(port), "options": {"play": "publish", "word": "wait"}}
        lease = desk.ui.add("publish", **given)
        async with desk.worker() as worker:
            await desk.until(lambda: "sent" in desk.ui.lines())
            del desk.ui.held[lease.id]
            await desk.until(lambda: not worker.runs)

    assert desk.ui.outcomes == {}
    assert [outcome.kind for outcome in desk.ui.late] == [CommitKind.UNKNOWN]


async def test_a_cancelled_run_ends_at_its_next_safe_point(desk: Desk) -> None:
    lease = desk.ui.add("wait")

    async with desk.worker():
        await desk.until(lambda: "waiting" in desk.ui.lines())
        desk.ui.cancelled.add(lease.id)
        await desk.until(lambda: desk.ui.outcomes)

    assert desk.ui.outcomes[1].outcome is Ending.CANCELLED


async def test_a_worker_that_stops_lets_its_runs_go_without_counting_them(desk: Desk) -> None:
    desk.ui.add("wait")
    desk.ui.add("stuck")

    async with desk.worker(DRAIN_TIMEOUT_SECS="1"):
        await desk.until(lambda: {"waiting", "stuck"} <= set(desk.ui.lines()))

    assert [outcome.outcome for outcome in desk.ui.outcomes.values()] == [Ending.RELEASED, Ending.RELEASED]


async def test_a_second_signal_hurries(desk: Desk) -> None:
    desk.ui.add("stuck")

    async with desk.worker(DRAIN_TIMEOUT_SECS="60") as worker:
        await desk.until(lambda: "stuck" in desk.ui.lines())
        worker.stop()
        worker.stop()

    assert desk.ui.outcomes[1].outcome is Ending.RELEASED


async def test_a_journal_of_a_dead_supervisor_is_late_evidence(desk: Desk) -> None:
    folder = desk.folder / "journals"
    folder.mkdir()
    path = folder / "11111111-1111-4111-8111-111111111111.jsonl"
    path.write_text('{"event": "permitted", "post": 4}\n{"event": "sending", "post": 4}\n{"event": "answ')

    async with desk.worker():
        await desk.until(lambda: not path.exists())

    assert [outcome.kind for outcome in desk.ui.late] == [CommitKind.UNKNOWN]


def _pids(desk: Desk) -> list[int]:
    found = desk.ui.checkpoints()["pids"]
    assert isinstance(found, list)
    return [pid for pid in found if isinstance(pid, int)]
