"""How a worker gets work and keeps it."""

import asyncio

import pytest

from igfleet.contracts.leases import Ending, RenewRequest
from igfleet.contracts.worker_api import JobState, StartOptions
from igfleet.errors import Unavailable
from igfleet.worker.leasing import Nudge
from tests.worker.conftest import Desk

pytestmark = pytest.mark.anyio


async def test_it_registers_and_says_how_it_is(desk: Desk) -> None:
    async with desk.worker(WORKER_LABELS="eu,fast"):
        await desk.until(lambda: desk.ui.beats)

    assert desk.ui.registrations[0].labels == ("eu", "fast")
    assert set(desk.ui.registrations[0].kinds) == {"play", "short_play"}
    assert desk.ui.beats[0].disk_free_bytes


async def test_it_takes_no_more_than_its_slots(desk: Desk) -> None:
    for _ in range(4):
        desk.ui.add("wait")

    async with desk.worker(CONCURRENCY_LIMIT="2", BATCH_SIZE="5") as worker:
        await desk.until(lambda: len(worker.runs) == 2)
        await asyncio.sleep(0.5)
        taken = len(desk.ui.held)

    assert taken == 2


async def test_it_renews_as_long_as_a_run_lasts(desk: Desk) -> None:
    desk.ui.lease_length_s = 1.0
    desk.ui.add("wait")

    async with desk.worker() as worker:
        await desk.until(lambda: "waiting" in desk.ui.lines())
        await asyncio.sleep(2)
        still_running = len(worker.runs)

    assert still_running == 1
    assert desk.ui.outcomes[1].outcome is Ending.RELEASED


async def test_a_nudge_asks_at_once_for_its_share(desk: Desk) -> None:
    async with desk.worker() as worker:
        await desk.until(lambda: desk.ui.requests)
        worker.nudge(Nudge(7, StartOptions(batch_index=1, batch_count=3)))
        await desk.until(lambda: any(request.task_id == 7 for request in desk.ui.requests))

    asked = next(request for request in desk.ui.requests if request.task_id == 7)
    assert (asked.batch_index, asked.batch_count, asked.wait_s) == (1, 3, 0)


async def test_what_it_has_no_room_for_goes_back(desk: Desk) -> None:
    async with desk.worker(CONCURRENCY_LIMIT="1") as worker:
        await desk.until(lambda: desk.ui.requests)
        desk.ui.waiting = [desk.ui.add("wait"), desk.ui.add("wait")]
        worker.nudge(Nudge(1, StartOptions()))
        await desk.until(lambda: worker.runs)
        await desk.until(lambda: not desk.ui.held.keys() - worker.runs.keys())

    assert all(outcome.outcome is Ending.RELEASED for outcome in desk.ui.outcomes.values())


async def test_a_job_counts_all_its_account_tasks_and_ends_when_nothing_is_left(desk: Desk) -> None:
    for _ in range(3):
        desk.ui.add("say", task_id=7)

    async with desk.worker(CONCURRENCY_LIMIT="1") as worker:
        job = worker.jobs.start("play", 7, StartOptions())
        worker.nudge(Nudge(7, StartOptions()))
        await desk.until(lambda: worker.jobs.find(job.job_id).status is JobState.COMPLETED)
        ended = worker.jobs.find(job.job_id)

    assert (ended.successful_accounts, ended.failed_accounts, ended.total_uploaded) == (3, 0, 6)


async def test_it_waits_for_a_ui_that_is_not_there_yet(desk: Desk) -> None:
    desk.ui.is_away = True
    desk.ui.add("say")

    async with desk.worker():
        await asyncio.sleep(0.3)
        desk.ui.is_away = False
        await desk.until(lambda: desk.ui.outcomes)

    assert desk.ui.outcomes[1].outcome is Ending.COMPLETED


async def test_reports_wait_for_a_ui_that_went_away(desk: Desk) -> None:
    desk.ui.lease_length_s = 30
    desk.ui.add("wait")

    async with desk.worker() as worker:
        await desk.until(lambda: "waiting" in desk.ui.lines())
        desk.ui.is_away = True
        worker.stop()
        await asyncio.sleep(1)
        desk.ui.is_away = False

    assert desk.ui.outcomes[1].outcome is Ending.RELEASED


async def test_a_full_disk_takes_no_work(desk: Desk) -> None:
    desk.ui.add("say")

    async with desk.worker(DISK_RESERVE_BYTES=2**62):
        await desk.until(lambda: len(desk.ui.beats) >= 2)

    assert desk.ui.requests == []


async def test_a_ui_that_drains_it_gives_it_nothing(desk: Desk) -> None:
    desk.ui.drain = True

    async with desk.worker() as worker:
        await desk.until(lambda: worker.is_draining)
        await asyncio.sleep(1.2)
        desk.ui.add("say")
        await asyncio.sleep(0.5)

    assert desk.ui.outcomes == {}


async def test_it_acknowledges_that_everything_is_paused_and_goes_on_afterwards(desk: Desk) -> None:
    desk.ui.standstill = 7

    async with desk.worker():
        await desk.until(lambda: desk.ui.beats and desk.ui.beats[-1].standstill == 7)
        desk.ui.standstill = None
        await desk.until(lambda: desk.ui.beats[-1].standstill is None)
        desk.ui.add("say")
        await desk.until(lambda: len(desk.ui.outcomes) == 1)

    assert desk.ui.registrations[0].libraries["instagrapi"].startswith("instagrapi ")


async def test_a_wrong_token_is_named_and_tried_again(desk: Desk) -> None:
    async with desk.worker(UI_API_TOKEN="wrong") as worker:
        await asyncio.sleep(0.3)
        told = worker._last_trouble

    assert told == "No such token."
    assert desk.ui.registrations == []


async def test_an_answer_that_is_not_the_ui_s_is_no_answer(desk: Desk) -> None:
    async with desk.bench() as bench:
        with pytest.raises(Unavailable, match="is not the ui's"):
            await bench.ui._call("POST", "/api/leases/renew", int, RenewRequest(leases=()), tries=1)
