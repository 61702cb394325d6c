"""Budgets: a permit or a paid act reserves a place, and how it ended settles it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.serving import Served, Standing
from tests.ui_api.bodies import bodies
from tests.ui_api.playing import Player, ordered
from tests.ui_api.stage import Stage, staged

from igfleet.ui.configuration.book import Book
from igfleet.ui.schedule.holding import Narrowed, hold_day, release

pytestmark = pytest.mark.anyio


@pytest.fixture
async def ui(standing: Standing) -> AsyncIterator[Served]:
    settings = {"REQUIRE_PROXY": "false", "LEASE_LENGTH": "60", "PUBLISH_BUDGET_PER_HOUR": "1"}
    async with standing.ui(**settings) as running:
        yield running


async def test_what_provably_did_not_leave_is_given_back_and_a_doubt_is_kept(ui: Served) -> None:
    plenty = ui.context.settings.model_copy(update={"publish_budget_per_hour": 10})
    stage = await staged(replace(ui, context=replace(ui.context, book=Book(plenty))), 1, videos_each=2)
    first, second = stage.leases[0]["posts"]

    assert (await _permit(stage, first)).status_code == 200
    assert (await _permit(stage, second)).json()["reason_code"] == "budget_spent"
    assert await _ended(stage, first, "not_sent") == "planned"
    assert (await _permit(stage, second)).status_code == 200, "the place is free again"
    assert await _ended(stage, second, "unknown") == "unknown"
    assert (await _permit(stage, first)).json()["reason_code"] == "budget_spent", "it may be live"


async def test_a_paid_act_that_provably_was_not_done_is_free_again(player: Player) -> None:
    await ordered(player.ui)
    lease = await player.leased()
    act = {"action": "profile_edit"}
    paid = [await player.call("POST", f"leases/{lease['id']}/spendings", act) for _ in range(4)]
    assert await player.spend(lease, "profile_edit") == "budget_spent"

    await player.end(lease, "released", unsent=[paid[-1]["id"]])
    again = await player.leased()

    assert await player.spend(again, "profile_edit") == ""
    assert await player.spend(again, "profile_edit") == "budget_spent", "what may have been done stays paid for"


async def _permit(stage: Stage, post: dict[str, Any]) -> Any:
    lease = stage.leases[0]
    known = bodies(Stage(stage.ui, stage.task, stage.workers, stage.tokens, [{**lease, "posts": [post]}]))
    path = f"/api/leases/{lease['id']}/posts/{post['id']}"
    async with stage.client("w1") as client:
        intent = known["PUT /api/leases/{lease_id:uuid}/posts/{post_id:int}/intent"]
        await client.put(f"{path}/intent", json=intent)
        return await client.post(f"{path}/permit")


async def _ended(stage: Stage, post: dict[str, Any], kind: str) -> Any:
    lease = stage.leases[0]
    async with stage.client("w1") as client:
        told = {"kind": kind, "message": "m"}
        return (await client.put(f"/api/leases/{lease['id']}/posts/{post['id']}/outcome", json=told)).json()["state"]


async def test_a_post_of_a_paused_day_gets_no_permit_and_waits_for_the_end_of_the_pause(ui: Served) -> None:
    stage = await staged(ui, 1)
    [post] = stage.leases[0]["posts"]
    async with ui.context.database.sessions.begin() as session:
        hold = await hold_day(session, datetime.now(UTC).date(), "UTC", Narrowed(), "user:anna")

    refused = (await _permit(stage, post)).json()["reason_code"]
    async with stage.client("w1") as client:
        path = f"/api/leases/{stage.leases[0]['id']}/outcome"
        await client.put(path, json={"outcome": "not_now", "reason_code": refused})
    [empty] = await stage.lease("w1")
    async with stage.client("w1") as client:
        ended = (await client.put(f"/api/leases/{empty['id']}/outcome", json={"outcome": "completed"})).json()["state"]
    waits = await stage.sql("SELECT available_at IS NULL FROM account_tasks")
    async with ui.context.database.sessions.begin() as session:
        await release(session, hold.id, "user:anna")

    assert (refused, empty["posts"], ended, waits) == ("paused", [], "scheduled", True)
    assert await stage.sql("SELECT available_at <= now() FROM account_tasks")
