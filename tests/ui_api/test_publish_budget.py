"""The budget of publishing: a permit reserves a place, and how the post ended settles it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from tests.serving import Served, Standing
from tests.ui_api.bodies import bodies
from tests.ui_api.stage import Stage, staged

pytestmark = pytest.mark.anyio


@pytest.fixture
async def ui(standing: Standing) -> AsyncIterator[Served]:
    settings = {"REQUIRE_PROXY": "false", "LEASE_LENGTH": "60", "PUBLISH_BUDGET_PER_HOUR": "1"}
    async with standing.ui(**settings) as running:
        yield running


async def test_what_provably_did_not_leave_is_given_back_and_a_doubt_is_kept(ui: Served) -> None:
    plenty = ui.context.settings.model_copy(update={"publish_budget_per_hour": 10})
    stage = await staged(replace(ui, context=replace(ui.context, settings=plenty)), 1, videos_each=2)
    first, second = stage.leases[0]["posts"]

    assert (await _permit(stage, first)).status_code == 200
    assert (await _permit(stage, second)).json()["reason_code"] == "budget_spent"
    assert await _ended(stage, first, "not_sent") == "planned"
    assert (await _permit(stage, second)).status_code == 200, "the place is free again"
    assert await _ended(stage, second, "unknown") == "unknown"
    assert (await _permit(stage, first)).json()["reason_code"] == "budget_spent", "it may be live"


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
