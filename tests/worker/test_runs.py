"""A run from its lease to its outcome, in a real process."""

import asyncio
from datetime import timedelta

import pytest
from pydantic import SecretStr

from igfleet.contracts.leases import Ending, LeasedAccount
from igfleet.errors import PermitRefused
from igfleet.reasons import ReasonCode
from tests.worker.conftest import Desk
from tests.worker.memory_ui import TOKEN

pytestmark = pytest.mark.anyio


async def _reached(desk: Desk, port: int, **settings: object) -> None:
    """A run asks its gate for the mail server of its account, which is no host of Instagram."""
    account = LeasedAccount(id=1, username="nord_01", email="nord_01@example.com")
    desk.ui.add("connect", account=account, options={"play": "connect", "word": f"https://localhost:{port}/"})
    given = {"REQUIRE_PROXY": "false", "MAILBOX_SERVERS": f"example.com=LocalHost:{port}/tls", **settings}
    async with desk.worker(**given):
        await desk.until(lambda: desk.ui.outcomes)


@pytest.mark.parametrize("is_wanted", [True, False])
async def test_the_gate_leads_to_the_account_s_mail_server_only_when_that_is_wanted(
    desk: Desk, is_wanted: bool
) -> None:
    came: list[object] = []
    server = await asyncio.start_server(lambda _, writer: (came.append(1), writer.close())[1], "localhost", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        await _reached(desk, port, MAILBOX_VIA_PROXY=str(is_wanted).lower())

    assert came == [1] * is_wanted


async def test_a_run_reports_what_it_says_and_how_it_ended(desk: Desk) -> None:
    desk.ui.add("say")

    async with desk.worker():
        await desk.until(lambda: desk.ui.outcomes)

    assert desk.ui.outcomes[1].outcome is Ending.COMPLETED
    [line] = [line for report in desk.ui.reports for line in report.lines if line.event == "said"]
    assert line.step == "speaking", "the step of that moment, whatever it is when the line is sent"
    assert [report.step for report in desk.ui.reports if report.step][-1] == "falling silent"
    assert desk.ui.counters() == {"success": 2}
    assert desk.ui.checkpoints() == {"heard": True}
    assert [report.seq for report in desk.ui.reports] == list(range(1, len(desk.ui.reports) + 1))


async def test_a_sign_in_gets_a_code_and_stores_its_session_at_once(desk: Desk) -> None:
    desk.ui.add("sign_in")

    async with desk.worker():
        await desk.until(lambda: desk.ui.outcomes)

    assert desk.ui.checkpoints()["code"] == "492039"
    sessions = [report.session for report in desk.ui.reports if report.session]
    assert sessions[0].settings.get_secret_value() == '{"session": "fresh"}'


async def test_what_was_remembered_is_stored_before_an_act_is_paid_for(desk: Desk) -> None:
    desk.ui.add("act")

    async with desk.worker():
        await desk.until(lambda: desk.ui.outcomes)

    assert desk.ui.events == ["spend like, known: begun"]
    assert desk.ui.outcomes[1].outcome is Ending.DIED


@pytest.mark.parametrize(
    ("refusal", "told"),
    [
        (ReasonCode.BUDGET_SPENT, (Ending.NOT_NOW, ReasonCode.BUDGET_SPENT)),
        (ReasonCode.ACTION_BLOCKED, (Ending.NOT_NOW, ReasonCode.ACTION_BLOCKED)),
        (ReasonCode.ACCOUNT_STOPPED, (Ending.NEEDS_PERSON, ReasonCode.ACCOUNT_STOPPED)),
    ],
)
async def test_an_act_that_may_not_be_done_ends_the_run(
    desk: Desk, refusal: ReasonCode, told: tuple[Ending, ReasonCode]
) -> None:
    desk.ui.refusal = PermitRefused("not now", refusal, timedelta(seconds=60))
    desk.ui.add("act")

    async with desk.worker():
        await desk.until(lambda: desk.ui.outcomes)

    ended = desk.ui.outcomes[1]
    assert (ended.outcome, ended.reason_code) == told


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        ("RetryLater", Ending.RETRY_LATER),
        ("BudgetSpent", Ending.NOT_NOW),
        ("BadPassword", Ending.NEEDS_PERSON),
        ("MediaRefused", Ending.GAVE_UP),
        ("Cancelled", Ending.CANCELLED),
        ("WorkerStopping", Ending.RELEASED),
    ],
)
async def test_each_error_ends_the_lease_in_its_own_way(desk: Desk, error: str, ending: Ending) -> None:
    desk.ui.add("fail", options={"play": "fail", "word": error})

    async with desk.worker():
        await desk.until(lambda: desk.ui.outcomes)

    assert desk.ui.outcomes[1].outcome is ending
    assert desk.ui.outcomes[1].retry_after_s == 7


async def test_a_bug_is_told_by_its_number_and_without_secrets(desk: Desk) -> None:
    account = LeasedAccount(id=1, username="nord_01", password=SecretStr("canary-password"))
    desk.ui.add("bug", account=account)

    async with desk.worker():
        await desk.until(lambda: desk.ui.outcomes)

    outcome = desk.ui.outcomes[1]
    assert (outcome.outcome, outcome.reason_code) == (Ending.RETRY_LATER, ReasonCode.UNEXPECTED_ERROR)
    assert outcome.message.startswith("Unexpected error ")
    assert "canary-password" not in outcome.message


async def test_a_run_never_sees_the_worker_s_token(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UI_API_TOKEN", TOKEN)
    desk.ui.add("look_around")

    async with desk.worker():
        await desk.until(lambda: desk.ui.outcomes)

    assert "PATH" in str(desk.ui.checkpoints()["environment"])
    assert TOKEN not in str(desk.ui.checkpoints()["environment"])


async def test_a_run_hands_a_file_over_and_remembers_it(desk: Desk) -> None:
    desk.ui.add("store")

    async with desk.worker():
        await desk.until(lambda: desk.ui.outcomes)

    assert desk.ui.outcomes[1].outcome is Ending.COMPLETED
    assert desk.ui.files == {"made.txt": b"made by the run"}
    assert desk.ui.checkpoints() == {"knows": True}


async def test_a_run_hands_over_nothing_from_outside_its_folder(desk: Desk) -> None:
    desk.ui.add("store", options={"play": "store", "word": "/etc/hostname"})

    async with desk.worker():
        await desk.until(lambda: desk.ui.outcomes)

    assert desk.ui.outcomes[1].outcome is Ending.RETRY_LATER
    assert "no file of the run's folder" in desk.ui.outcomes[1].message
    assert desk.ui.files == {}


@pytest.mark.parametrize(("days", "told"), [(30, 7 * 86400), (0.5, 43200), (-1, 0)])
async def test_a_run_may_rest_for_weeks(desk: Desk, days: float, told: float) -> None:
    """As long as the contract allows at once: when that is over, it rests again."""
    desk.ui.add("rest", options={"play": "rest", "word": str(days)})

    async with desk.worker():
        await desk.until(lambda: desk.ui.outcomes)

    assert (desk.ui.outcomes[1].outcome, desk.ui.outcomes[1].retry_after_s) == (Ending.NOT_NOW, told)


async def test_a_simulated_task_stays_on_this_machine_on_a_live_worker_too(desk: Desk) -> None:
    desk.ui.add("connect", options={"play": "connect", "word": "http://i.instagram.com/"})

    async with desk.worker(IGFLEET_MODE="live", EGRESS_PROXY="http://0.0.0.0:9"):
        await desk.until(lambda: desk.ui.outcomes)

    assert desk.ui.outcomes[1].reason_code is ReasonCode.EGRESS_REFUSED


async def test_what_no_report_can_hold_is_dropped_and_spoils_nothing(desk: Desk) -> None:
    desk.ui.add("nonsense")

    async with desk.worker():
        await desk.until(lambda: desk.ui.outcomes)

    assert desk.ui.outcomes[1].outcome is Ending.COMPLETED
    assert desk.ui.counters() == {"success": 1}
    assert desk.ui.checkpoints() == {}
