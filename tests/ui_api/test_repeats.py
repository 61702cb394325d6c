"""`Idempotency-Key`: a request sent again is answered again, and not done again."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.serving import Served
from tests.ui_api.bodies import bodies
from tests.ui_api.routes import all_routes
from tests.ui_api.stage import Stage, staged

from igfleet.ui.jobs.tick import prune

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]
_LINES = "SELECT count(*) FROM log_lines WHERE text = 'said once'"


async def test_every_unsafe_call_is_answered_again_and_not_done_again(
    ui_without_proxies: Served, tmp_path: Path
) -> None:
    stage = await staged(ui_without_proxies)
    right = bodies(stage)
    routes = [route for route in all_routes(tmp_path / "routes") if route.is_api and not route.is_safe]
    async with stage.ui.client() as client:
        for route in routes:
            [post] = stage.leases[0]["posts"]
            address = route.address(
                lease_id=stage.leases[0]["id"], post_id=post["id"], task_id=stage.task, sha256="c" * 64,
                worker_id=stage.workers["w1"], account_task_id=stage.leases[0]["account_task_id"],
                kind="bulk-tasks" if "{task_id" in route.path else "bulk_login",
            )  # fmt: skip
            headers = {"Idempotency-Key": "once", "Upload-Offset": "0"}
            first = await client.request(route.method, address, json=right[route.name], headers=headers)
            again = await client.request(route.method, address, json=right[route.name], headers=headers)

            kept = first.status_code < 500 and "retry-after" not in first.headers
            assert (again.status_code, again.content) == (first.status_code, first.content), route.name
            assert (again.headers.get("idempotency-replayed") == "true") == kept, route.name


async def test_what_is_appended_or_added_under_one_key_is_there_once(ui_without_proxies: Served) -> None:
    stage = await staged(ui_without_proxies)
    said = {"log_append": "said once"}
    async with stage.ui.client() as client:
        answers = [await _said(client, stage, said) for _ in range(3)]

    assert len({answer.content for answer in answers}) == 1
    assert await stage.sql(_LINES) == 1


async def test_a_key_that_comes_with_another_body_is_refused(ui_without_proxies: Served) -> None:
    stage = await staged(ui_without_proxies)
    async with stage.ui.client() as client:
        await _said(client, stage, {"log_append": "said once"})

        other = await _said(client, stage, {"log_append": "said otherwise"})

    assert (other.status_code, other.json()["reason_code"]) == (422, "idempotency_key_reused")


async def test_a_twin_of_a_request_under_way_is_told_to_come_back(ui_without_proxies: Served) -> None:
    stage = await staged(ui_without_proxies)
    waiting = {"worker_id": stage.workers["w2"], "kinds": ["bulk_upload"], "limit": 1, "wait_s": 1}
    headers = {"Idempotency-Key": "once"}
    async with stage.ui.client() as client:
        first = asyncio.create_task(client.post("/api/leases", json=waiting, headers=headers))
        while not await stage.sql("SELECT count(*) FROM kept_answers"):
            assert not first.done()

        twin = await client.post("/api/leases", json=waiting, headers=headers)
        await first
        again = await client.post("/api/leases", json=waiting, headers=headers)

    assert (twin.status_code, twin.json()["reason_code"], twin.json()["retryable"]) == (409, "under_way", True)
    assert int(twin.headers["retry-after"]) > 0
    assert again.headers["idempotency-replayed"] == "true"


async def test_the_same_key_of_another_caller_is_another_key(ui_without_proxies: Served) -> None:
    stage = await staged(ui_without_proxies)
    ids = []
    for name in ("w1", "w2"):
        async with stage.client(name) as client:
            body = {"name": name, "version": "0", "kinds": ["bulk_upload"], "methods": ["instagrapi"], "slots": 1}
            answer = await client.post("/api/workers/register", json=body, headers={"Idempotency-Key": "once"})
            ids.append(answer.json()["worker_id"])

    assert ids == [stage.workers["w1"], stage.workers["w2"]]


async def test_nobody_without_a_token_gets_a_kept_answer(ui_without_proxies: Served) -> None:
    stage = await staged(ui_without_proxies)
    said = {"log_append": "said once"}
    async with stage.ui.client() as client, stage.ui.client(None) as stranger:
        await _said(client, stage, said)

        assert (await _said(stranger, stage, said)).status_code == 401


async def test_a_lease_is_given_again_and_its_secrets_are_kept_sealed(ui_without_proxies: Served) -> None:
    stage = await staged(ui_without_proxies)
    await stage.sql("UPDATE account_tasks SET state = 'available', head = true, lease_id = NULL, lease_holder = NULL")
    asked = {"worker_id": stage.workers["w1"], "kinds": ["bulk_upload"], "limit": 1}
    async with stage.client("w1") as client:
        first, again = [
            (await client.post("/api/leases", json=asked, headers={"Idempotency-Key": "once"})).json() for _ in range(2)
        ]

    [lease] = first
    assert again == first
    kept = await stage.sql("SELECT string_agg(sealed, '') FROM kept_answers")
    assert lease["id"].encode() not in kept
    assert await stage.sql("SELECT count(*) FROM audit WHERE action = 'answer_repeated'") == 1


async def test_a_refusal_that_says_to_come_back_is_not_kept(ui_without_proxies: Served) -> None:
    """A budget is whole again some time: the same key may then be granted."""
    stage = await staged(ui_without_proxies)
    async with stage.ui.client() as client:
        body = {"action": "login", "amount": 1}
        path = f"/api/leases/{stage.leases[0]['id']}/spendings"
        spent = [await client.post(path, json=body, headers={"Idempotency-Key": str(n)}) for n in range(60)]
        refused = next(number for number, answer in enumerate(spent) if "retry-after" in answer.headers)
        await stage.sql("DELETE FROM spendings")
        granted = await client.post(path, json=body, headers={"Idempotency-Key": str(refused)})

    assert granted.status_code == 200


async def test_a_request_whose_process_died_in_it_may_be_done_after_a_while(ui_without_proxies: Served) -> None:
    stage = await staged(ui_without_proxies)
    said = {"log_append": "said once"}
    async with stage.ui.client() as client:
        await _said(client, stage, said)
        await stage.sql("UPDATE kept_answers SET status = NULL, sealed = NULL")
        too_soon = await _said(client, stage, said)
        await stage.sql("UPDATE kept_answers SET began_at = now() - interval '3 minutes'")

        in_the_end = await _said(client, stage, said)

    assert (too_soon.status_code, in_the_end.status_code) == (409, 200)


async def test_answers_are_forgotten_after_48_hours(ui_without_proxies: Served) -> None:
    stage = await staged(ui_without_proxies)
    async with stage.ui.client() as client:
        await _said(client, stage, {"log_append": "said once"})
        await stage.sql("UPDATE kept_answers SET began_at = now() - interval '49 hours'")

        other = await _said(client, stage, {"log_append": "said otherwise"})

    assert other.status_code == 200
    await stage.sql("UPDATE kept_answers SET began_at = now() - interval '49 hours'")
    await prune(stage.ui.context)
    assert await stage.sql("SELECT count(*) FROM kept_answers") == 0


async def test_what_is_no_key_is_refused(ui_without_proxies: Served) -> None:
    async with ui_without_proxies.client() as client:
        answers = [
            await client.post("/api/leases/renew", json={"leases": []}, headers={"Idempotency-Key": key})
            for key in ("", "x" * 201, "a\tb")
        ]

    assert [answer.status_code for answer in answers] == [422] * 3


async def _said(client: httpx.AsyncClient, stage: Stage, body: dict[str, Any]) -> httpx.Response:
    path = f"/api/bulk-accounts/{stage.leases[0]['account_task_id']}/status"
    return await client.post(path, json=body, headers={"Idempotency-Key": "once"})
