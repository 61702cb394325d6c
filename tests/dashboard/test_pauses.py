"""What a person sees and does when something rests, a task is paused, or everything is."""

import pytest
from sqlalchemy import text
from tests.dashboard.conftest import Visitor
from tests.serving import Served
from tests.ui_api.playing import Player, ordered
from tests.ui_api.stage import form_token

from igfleet.ui.breaker_list import shown
from igfleet.ui.models import Role
from igfleet.ui.templating import environment
from igfleet.ui.why_waiting import why_waiting

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]


async def _audited(ui: Served, like: str) -> list[tuple[str, str]]:
    async with ui.context.database.sessions() as session:
        found = text("SELECT actor, action FROM audit WHERE action LIKE :like ORDER BY id")
        return [(row[0], row[1]) for row in await session.execute(found, {"like": like})]


async def _rests(player: Player) -> None:
    """A proxy through which three accounts were challenged; three more wait for it."""
    await ordered(player.ui, 6, on_one_proxy=True)
    for _ in range(3):
        lease = await player.lease()
        assert lease is not None
        await player.end(lease, "needs_person", "challenge_required")


async def test_what_rests_is_told_wherever_one_looks_for_it(visitor: Visitor, player: Player) -> None:
    await _rests(player)

    inbox, proxy, task = [await visitor.read(path) for path in ("/inbox", "/proxies/1", "/tasks/1")]

    told = "Instagram asks several accounts of this proxy to confirm who they are"
    for page in (inbox, proxy, task):
        assert told in page
    assert "Met by @nord_01, @nord_02, @nord_03" in inbox
    assert "No account of this proxy is run until" in inbox
    assert "Check the proxy, or replace it on its accounts." in inbox
    assert 'title="4 wait for you"' in inbox, "three challenges and one incident"
    assert "Why it waits" in task


async def test_where_breakers_only_tell_nothing_is_said_to_rest(player: Player) -> None:
    await _rests(player)
    async with player.ui.context.database.sessions() as session:
        found = await shown(session)
        waiting = await why_waiting(session, 1, breakers_hold=False)

    template = environment(player.ui.context.settings).get_template("_breakers.html")
    told = template.render(open_breakers=found, csrf="x", breakers_hold=False)

    assert "It is only told: BREAKERS is off, so nothing is held back." in told
    assert "is run until" not in told
    assert [(one.count, one.why) for one in waiting] == [(3, "for a free worker that can do it")]


async def test_a_person_lets_it_go_on(visitor: Visitor, player: Player) -> None:
    await _rests(player)
    assert await player.lease() is None

    await visitor.send("/inbox", "/breakers/1/end")
    page = (await visitor.send("/inbox", "/breakers/1/end")).text

    assert "Resting, because several failed alike" not in page
    assert await player.lease() is not None
    assert await _audited(player.ui, "breaker%") == [("system", "breaker_opened"), ("user:anna", "breaker_closed")]


async def test_a_worker_and_a_version_that_rest_are_told_on_the_workers_page(visitor: Visitor, player: Player) -> None:
    await ordered(player.ui, 6)
    for _ in range(5):
        lease = await player.lease()
        assert lease is not None
        await player.end(lease, "died", "runner_died")

    page = await visitor.read("/workers")

    assert "Runs of several accounts break on this worker" in page
    assert "This worker gets no work until" in page


async def test_a_task_is_paused_and_goes_on(visitor: Visitor, player: Player) -> None:
    await ordered(player.ui, 2)
    under_way = await player.lease()
    assert under_way is not None

    page = (await visitor.send("/tasks/1", "/tasks/1/pause")).text
    refused, state = await player.spend(under_way, "login"), await player.end(under_way, "not_now", "paused")
    while_paused = await player.lease()
    await visitor.send("/tasks/1", "/tasks/1/pause/end")

    assert "Paused by user:anna" in page
    assert (refused, state, while_paused) == ("paused", "available", None)
    assert await player.lease() is not None
    assert await player.lease() is not None
    assert await _audited(player.ui, "task_%paused") == [("user:anna", "task_paused"), ("user:anna", "task_unpaused")]


async def test_an_account_does_the_work_of_other_tasks_while_one_is_paused(visitor: Visitor, player: Player) -> None:
    await ordered(player.ui)
    await ordered(player.ui)

    await visitor.send("/tasks/1", "/tasks/1/pause")
    other = await player.lease()
    assert other is not None
    await player.end(other, "completed")
    nothing = await player.lease()
    await visitor.send("/tasks/1", "/tasks/1/pause/end")
    own = await player.lease()

    assert (other["task_id"], nothing) == (2, None)
    assert own is not None
    assert own["task_id"] == 1


async def test_a_stopped_task_says_why_and_is_cancelled_like_any_other(visitor: Visitor, player: Player) -> None:
    await ordered(player.ui, 4, stop_in_a_row=2)
    for _ in range(2):
        lease = await player.lease()
        assert lease is not None
        await player.end(lease, "gave_up", "not_supported")

    page = await visitor.read("/tasks/1")
    cancelled = (await visitor.send("/tasks/1", "/tasks/1/cancellation")).text

    assert "A stop rule of this task has paused it" in page
    assert "2 attempts in a row failed." in page
    assert 'id="paused"' not in cancelled


async def test_everything_is_paused_acknowledged_and_goes_on(visitor: Visitor, player: Player) -> None:
    await ordered(player.ui, 2)
    under_way = await player.lease()
    assert under_way is not None
    beat = f"workers/{player.worker_id}/heartbeat"

    await visitor.send("/standstill", "/standstill", why="It looks odd")
    before = await visitor.read("/standstill")
    told = await player.call("POST", beat, {"running": 1})
    await player.call("POST", beat, {"running": 1, "standstill": told["standstill"]})
    after = await visitor.read("/standstill")
    refused, leased = await player.spend(under_way, "login"), await player.lease()
    elsewhere = await visitor.read("/tasks")
    await visitor.send("/standstill", "/standstill/end")

    assert "not yet acknowledged" in before
    assert "not yet acknowledged" not in after
    assert "It looks odd" in elsewhere
    assert (refused, leased) == ("paused", None)
    assert await player.lease() is not None
    assert (await player.call("POST", beat, {"running": 1}))["standstill"] is None
    assert await _audited(player.ui, "everything%") == [
        ("user:anna", "everything_paused"),
        ("user:anna", "everything_resumed"),
    ]


async def test_an_operator_sees_it_but_cannot_pause_everything(ui: Served) -> None:
    async with ui.signed_in("olaf", Role.OPERATOR) as olaf:
        page = await olaf.get("/standstill", headers={"accept": "text/html"})
        answer = await olaf.post("/standstill", data={"csrf": await form_token(olaf)})

    assert "A manager or an admin can do it" in page.text
    assert answer.status_code == 403
