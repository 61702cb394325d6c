"""A dry-run as the ui keeps it: no permit, no paid act, nothing counted, whatever a worker says."""

from typing import Any

import pytest
from sqlalchemy import text
from tests.domain import factories as make
from tests.serving import Served
from tests.ui_api.bodies import bodies
from tests.ui_api.holding import holder
from tests.ui_api.playing import Player
from tests.ui_api.stage import Stage, staged

from igfleet.errors import Conflict
from igfleet.ui.planning.cloning import real_one
from igfleet.ui.planning.draft import Draft, create
from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.start import start

pytestmark = pytest.mark.anyio
_POST = "/api/leases/{lease_id:uuid}/posts/{post_id:int}"


@pytest.fixture
def ui(ui_without_proxies: Served) -> Served:
    return ui_without_proxies


async def _call(stage: Stage, method: str, what: str, **changed: Any) -> tuple[int, dict[str, Any]]:
    [held] = stage.leases
    body = {**(bodies(stage).get(f"{method} {_POST}/{what}") or {}), **changed}
    async with stage.client("w1") as client:
        path = f"/api/leases/{held['id']}/posts/{held['posts'][0]['id']}/{what}"
        answer = await client.request(method, path, json=body or None)
    return answer.status_code, answer.json()


async def _intent(stage: Stage) -> None:
    assert (await _call(stage, "PUT", "intent", upload_id=stage.leases[0]["posts"][0]["upload_id"]))[0] == 200


async def _dry(ui: Served) -> Stage:
    return await staged(ui, 1, dry_run=True)


async def test_a_worker_that_asks_for_a_permit_all_the_same_gets_none(ui_without_proxies: Served) -> None:
    stage = await _dry(ui_without_proxies)
    await _intent(stage)

    status, told = await _call(stage, "POST", "permit")
    await _call(stage, "PUT", "outcome", kind="published")

    assert (status, told["reason_code"]) == (423, "dry_run")
    assert await stage.sql("SELECT state FROM posts") == "preparing", "that it is published is not believed"
    assert await stage.sql("SELECT permitted_at FROM posts") is None


async def test_what_is_simulated_is_told_so_and_counts_nowhere(ui_without_proxies: Served) -> None:
    stage = await _dry(ui_without_proxies)
    await _intent(stage)

    _, view = await _call(
        stage, "PUT", "outcome", kind="simulated", message="Dry-run: it would be published", media=None
    )
    again, _ = await _call(stage, "PUT", "outcome", kind="simulated", media=None)
    async with stage.client("w1") as client:
        ended = await client.put(f"/api/leases/{stage.leases[0]['id']}/outcome", json={"outcome": "completed"})

    assert stage.leases[0]["dry_run"] is True
    assert (view["state"], again, ended.json()["state"]) == ("simulated", 200, "completed")
    assert await stage.sql("SELECT count(*) FROM post_history WHERE why LIKE 'simulated: Dry-run%'") == 1
    assert await stage.sql("SELECT text FROM log_lines WHERE event = 'task_started'") == (
        "Dry-run started by test: 1 posts"
    )
    assert await stage.sql("SELECT counters FROM account_tasks") == {}
    await stage.until("SELECT state FROM tasks", "completed")


async def test_a_post_that_is_meant_cannot_be_simulated(ui_without_proxies: Served) -> None:
    stage = await staged(ui_without_proxies, 1)
    await _intent(stage)

    status, _ = await _call(stage, "PUT", "outcome", kind="simulated", media=None)

    assert (status, await stage.sql("SELECT state FROM posts")) == (409, "preparing")


async def test_a_worker_of_the_first_contract_can_neither_take_nor_end_one(ui_without_proxies: Served) -> None:
    stage = await _dry(ui_without_proxies)
    path = f"/api/bulk-accounts/{stage.leases[0]['account_task_id']}/status"
    async with ui_without_proxies.client() as client:
        ended = await client.post(path, json={"status": "COMPLETED"})
        async with stage.client("w1") as own:
            await own.put(f"/api/leases/{stage.leases[0]['id']}/outcome", json={"outcome": "released"})
        taken = await client.post(path, json={"status": "RUNNING"})

    assert (ended.json()["status"], taken.json()["status"]) == ("RUNNING", "PENDING")
    assert await stage.sql("SELECT state FROM posts") == "planned"


async def test_the_real_one_has_the_same_plan_and_is_not_held_back_by_it(ui_without_proxies: Served) -> None:
    ui = ui_without_proxies
    stage = await _dry(ui)

    async with holder(ui) as client:
        answer = await client.post(f"/api/v1/tasks/{stage.task}/real")
        started = await client.post(f"/api/v1/tasks/{answer.json()['task_id']}/start", json={})
        refused = await client.post(f"/api/v1/tasks/{answer.json()['task_id']}/real")

    made = answer.json()
    assert (made["plan_hash"], made["seed"]) == (await stage.sql("SELECT plan_hash FROM tasks WHERE id = 1"), 7)
    assert (made["count"], made["notes"], started.status_code, refused.status_code) == (1, [], 200, 409)
    assert await stage.sql("SELECT dry_run FROM tasks WHERE id = 2") is False


async def test_only_signing_in_and_looking_are_paid_for(player: Player) -> None:
    await _ordered(player, "bio", biography="Sea")
    lease = await player.lease("bio")
    assert lease is not None

    refused = [
        await player.spend(lease, action) for action in ("profile_edit", "like", "follow", "story_view", "publish")
    ]
    allowed = [await player.spend(lease, action) for action in ("login", "read")]

    assert (refused, allowed) == (["dry_run"] * 5, ["", ""])


async def test_what_a_dry_run_says_it_followed_is_not_believed(player: Player) -> None:
    await _ordered(player, "follow", targets=["bar_01"], follow_min_count=1, follow_max_count=1)
    lease = await player.lease("follow")
    assert lease is not None
    met = {"bar_01": {"user_id": "91", "standing": "followed"}}
    await player.call("POST", f"leases/{lease['id']}/reports", {"seq": 1, "checkpoints": {"met": met}})

    await player.end(lease, "completed")

    async with player.ui.context.database.sessions() as session:
        assert await session.scalar(text("SELECT count(*) FROM follows")) == 0


async def test_a_kind_that_writes_nothing_is_refused_with_the_reason(player: Player) -> None:
    with pytest.raises(Conflict, match="Bulk login writes nothing on Instagram"):
        await _ordered(player, "bulk_login")


async def test_no_other_task_becomes_a_dry_runs_real_one(player: Player) -> None:
    await _ordered(player, "bio", dry_run=False, biography="Sea")
    async with player.ui.context.database.sessions() as session:
        with pytest.raises(Conflict, match="was no dry-run"):
            await real_one(session, player.ui.context.settings, 1, "user:anna")


async def _ordered(player: Player, kind: str, *, dry_run: bool = True, **options: Any) -> None:
    ui = player.ui
    async with ui.context.database.sessions.begin() as session:
        [proxy] = await make.proxies(session, 1)
        [account] = await make.accounts(session, 1, proxy_id=proxy.id)
        order = Draft(kind=kind, name="Rehearsal", account_ids=(account.id,), options=options)
        task = await create(session, ui.context.settings, order, "user:anna")
        await plan(session, ui.context.settings, task.id)
        await start(session, ui.context.settings, task.id, plan_hash=None, actor="user:anna", dry_run=dry_run)
