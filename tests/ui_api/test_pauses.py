"""A pause at each step of a publication: before the permit nothing leaves, after it the commit is finished."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.serving import Served
from tests.ui_api.bodies import bodies
from tests.ui_api.stage import Stage, staged

from igfleet.ui import pausing, standstill

pytestmark = pytest.mark.anyio
_POST = "/api/leases/{lease_id:uuid}/posts/{post_id:int}"
type Pause = Callable[[Stage], Awaitable[None]]


async def _task(stage: Stage) -> None:
    async with stage.ui.context.database.sessions.begin() as session:
        await pausing.pause(session, stage.task, "user:anna")


async def _everything(stage: Stage) -> None:
    async with stage.ui.context.database.sessions.begin() as session:
        await standstill.begin(session, "", "user:anna")


PAUSES = pytest.mark.parametrize("pause", [_task, _everything], ids=["the task", "everything"])


async def _call(stage: Stage, method: str, what: str, body: Any = None, lease: int = 0) -> tuple[int, dict[str, Any]]:
    held = stage.leases[lease]
    async with stage.client("w1") as client:
        path = f"/api/leases/{held['id']}/posts/{held['posts'][0]['id']}/{what}"
        answer = await client.request(method, path, json=body)
    return answer.status_code, answer.json()


async def _intent(stage: Stage, lease: int = 0) -> None:
    body = bodies(stage)[f"PUT {_POST}/intent"]
    assert body is not None
    upload_id = stage.leases[lease]["posts"][0]["upload_id"]
    assert (await _call(stage, "PUT", "intent", {**body, "upload_id": upload_id}, lease))[0] == 200


async def _end(stage: Stage, outcome: str, reason: str | None = None) -> str:
    async with stage.client("w1") as client:
        body = {"outcome": outcome, "reason_code": reason}
        answer = await client.put(f"/api/leases/{stage.leases[0]['id']}/outcome", json=body)
    state: str = answer.raise_for_status().json()["state"]
    return state


@PAUSES
async def test_before_the_permit_it_is_refused_and_goes_back_unharmed(ui_without_proxies: Served, pause: Pause) -> None:
    stage = await staged(ui_without_proxies, 1)
    await _intent(stage)

    await pause(stage)
    status, told = await _call(stage, "POST", "permit")
    state = await _end(stage, "not_now", told["reason_code"])

    assert (status, told["reason_code"], state) == (423, "paused", "available")
    assert await stage.sql("SELECT state FROM posts") == "planned"
    assert await stage.sql("SELECT attempt FROM account_tasks") == 0
    assert await stage.lease("w1") == []


@PAUSES
async def test_after_the_permit_the_commit_is_finished(ui_without_proxies: Served, pause: Pause) -> None:
    stage = await staged(ui_without_proxies, 1)
    await _intent(stage)
    assert (await _call(stage, "POST", "permit"))[0] == 200

    await pause(stage)
    again, _ = await _call(stage, "POST", "permit")
    outcome = {**(bodies(stage)[f"PUT {_POST}/outcome"] or {}), "kind": "published"}
    answer, view = await _call(stage, "PUT", "outcome", outcome)
    state = await _end(stage, "completed")

    assert (again, answer, view["state"], state) == (200, 200, "published", "completed")


@PAUSES
async def test_a_doubt_is_still_read_under_the_lease_that_holds_it(ui_without_proxies: Served, pause: Pause) -> None:
    stage = await staged(ui_without_proxies, 1)
    await _intent(stage)
    await _call(stage, "POST", "permit")
    await _call(stage, "PUT", "outcome", {"kind": "unknown", "message": "no answer"})

    await pause(stage)
    answer, verdict = await _call(stage, "POST", "readings", bodies(stage)[f"POST {_POST}/readings"])

    assert (answer, verdict["state"]) == (200, "reconciling")


async def test_each_permit_is_counted_as_past_or_refused(ui_without_proxies: Served) -> None:
    """At the same moment as the pause: no permit is neither the one nor the other."""
    stage = await staged(ui_without_proxies, 8)
    for number in range(8):
        await _intent(stage, number)

    permits = [asyncio.create_task(_call(stage, "POST", "permit", lease=number)) for number in range(8)]
    await asyncio.gather(_everything(stage), *permits)

    given = sum(permit.result()[0] == 200 for permit in permits)
    assert await stage.sql("SELECT past_permit FROM standstills") == given
    assert await stage.sql("SELECT count(*) FROM posts WHERE state = 'publishing'") == given


async def test_pausing_everything_again_keeps_the_first_reason(ui_without_proxies: Served) -> None:
    async with ui_without_proxies.context.database.sessions.begin() as session:
        first = await standstill.begin(session, "It looks odd", "user:anna")
    async with ui_without_proxies.context.database.sessions.begin() as session:
        again = await standstill.begin(session, "Another", "cli")

    assert (again.id, again.why, again.began_by) == (first.id, "It looks odd", "user:anna")


async def test_a_worker_of_the_first_contract_claims_nothing_that_is_paused(ui_without_proxies: Served) -> None:
    stage = await staged(ui_without_proxies, 1)
    await _end(stage, "released")
    claim = f"/api/bulk-accounts/{stage.leases[0]['account_task_id']}/status"
    await _task(stage)

    async with ui_without_proxies.client() as client:
        answer = await client.post(claim, json={"status": "RUNNING"})

    assert answer.json()["status"] == "PENDING"
