"""The operator API over many rows at once: bulk jobs, and the schedule."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.domain.factories import accounts, draft, videos
from tests.serving import Served
from tests.ui_api.holding import holder

from igfleet.ui.models import Task
from igfleet.ui.planning.draft import CaptionForm
from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.start import start

pytestmark = pytest.mark.anyio
_HOUR = timedelta(hours=1)
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)


async def test_a_selection_is_counted_then_done_as_a_job_with_a_result(ui_without_proxies: Served) -> None:
    ui = ui_without_proxies
    async with ui.context.database.sessions.begin() as session:
        await accounts(session, 3)
    tag = {"of": "accounts", "act": "tag", "option": "north", "filter": {"q": "nord"}}
    async with holder(ui) as client:
        seen = (await client.post("/api/v1/bulk-jobs/previews", json=tag)).json()
        uncounted = await client.post("/api/v1/bulk-jobs", json=tag)
        drifted = await client.post("/api/v1/bulk-jobs", json={**tag, "rows": 4})
        made = await client.post("/api/v1/bulk-jobs", json={**tag, "rows": 3}, headers={"Idempotency-Key": "a"})
        again = await client.post("/api/v1/bulk-jobs", json={**tag, "rows": 3}, headers={"Idempotency-Key": "a"})
        done = await _over(client, made.json()["id"])
        export = await client.post("/api/v1/bulk-jobs", json={"of": "accounts", "act": "export", "ids": [1, 3, 99]})
        written = await _over(client, export.json()["id"])
        file = await client.get(f"/api/v1/bulk-jobs/{written['id']}/file")
        none = await client.get(f"/api/v1/bulk-jobs/{done['id']}/file")
        late = await client.post(f"/api/v1/bulk-jobs/{done['id']}/cancellation")
        listed = (await client.get("/api/v1/bulk-jobs", params={"of": "accounts", "limit": 1})).json()
        tagged = (await client.get("/api/v1/accounts", params={"tag": "north"})).json()["items"]

    assert (seen["rows"], seen["names"][0], seen["filter"]) == (3, "@nord_01", ["name with nord"])
    assert (uncounted.status_code, drifted.json()["reason_code"]) == (422, "selection_changed")
    assert (made.status_code, made.json()["total"], again.json()["id"]) == (201, 3, made.json()["id"])
    assert (done["state"], done["changed"], done["message"]) == ("done", 3, "3 accounts tagged")
    assert (done["created_by"].split("/")[0], len(tagged)) == ("user:boss", 3)
    assert (written["total"], written["has_file"], done["has_file"]) == (2, True, False)
    assert ("nord_01" in file.text, "nord_02" in file.text, none.status_code) == (True, False, 404)
    assert (late.status_code, late.json()["reason_code"]) == (409, "wrong_state")
    assert ([one["id"] for one in listed["items"]], listed["next_cursor"]) == ([written["id"]], str(written["id"]))


WRONG: list[tuple[dict[str, Any], int]] = [
    ({"filter": {"sttus": "active"}}, 422),
    ({"filter": {"status": "actve"}}, 422),
    ({"ids": [1], "filter": {}}, 422),
    ({}, 422),
    ({"ids": [1], "act": "shout"}, 422),
    ({"ids": [1], "act": "order", "option": "warmup"}, 422),
    ({"ids": [1], "option": "two words"}, 422),
    ({"ids": [1], "rows": 2}, 409),
    ({"ids": [99]}, 409),
    ({"ids": [1], "act": "proxy", "option": "77"}, 404),
]


async def test_what_selects_or_does_something_else_than_was_meant_is_refused(ui_without_proxies: Served) -> None:
    ui = ui_without_proxies
    async with ui.context.database.sessions.begin() as session:
        await accounts(session, 1)
    usual = {"of": "accounts", "act": "tag", "option": "x"}
    async with holder(ui) as client:
        answers = [await client.post("/api/v1/bulk-jobs", json={**usual, **change}) for change, _ in WRONG]
        jobs = (await client.get("/api/v1/bulk-jobs")).json()["items"]

    assert [answer.status_code for answer in answers] == [status for _, status in WRONG]
    assert jobs == []


async def test_a_key_for_some_accounts_does_to_these_only_and_sees_its_own_jobs(ui_without_proxies: Served) -> None:
    ui = ui_without_proxies
    async with ui.context.database.sessions.begin() as session:
        north, south, _ = await accounts(session, 3)
        north.tags, south.tags = ["north"], ["south"]
    pause = {"of": "accounts", "act": "pause"}
    async with holder(ui) as boss, holder(ui, tags=["north", "south"], kinds=["bulk_login"]) as narrow:
        theirs = (await boss.post("/api/v1/bulk-jobs", json={**pause, "ids": [3]})).json()["id"]
        seen = (await narrow.post("/api/v1/bulk-jobs/previews", json={**pause, "filter": {}})).json()
        made = (await narrow.post("/api/v1/bulk-jobs", json={**pause, "ids": [1, 3]})).json()
        done = await _over(narrow, made["id"])
        listed = [one["id"] for one in (await narrow.get("/api/v1/bulk-jobs")).json()["items"]]
        both = [one["id"] for one in (await boss.get("/api/v1/bulk-jobs")).json()["items"]]
        refused = [
            (await narrow.get(f"/api/v1/bulk-jobs/{theirs}")).status_code,
            (await narrow.post(f"/api/v1/bulk-jobs/{theirs}/cancellation")).status_code,
            (await narrow.post("/api/v1/bulk-jobs", json={**pause, "ids": [3]})).status_code,
            await _refused(narrow, of="proxies", act="check", ids=[1]),
            await _refused(narrow, of="accounts", act="proxy", option="none", ids=[1]),
            await _refused(narrow, of="accounts", act="untag", option="north", ids=[1]),
        ]

    assert (seen["rows"], made["total"], done["message"]) == (2, 1, "1 account paused")
    assert (listed, both) == ([made["id"]], [made["id"], theirs])
    assert refused == [404, 404, 409, 403, 403, 403]


async def test_account_tasks_of_one_task_are_cancelled_and_those_of_another_left(ui_without_proxies: Served) -> None:
    ui = ui_without_proxies
    first = await _planned(ui)
    login = {"kind": "bulk_login", "accounts": ["nord_01", "nord_02"]}
    cancel = {"of": "account_tasks", "act": "cancel", "task_id": first.id}
    async with holder(ui) as client, holder(ui, tags=["south"]) as other:
        rows = [row["id"] for row in (await client.get(f"/api/v1/tasks/{first.id}/rows")).json()["items"]]
        again = (await client.post("/api/v1/tasks", json=login)).json()["task_id"]
        (await client.post(f"/api/v1/tasks/{again}/start", json={})).raise_for_status()
        foreign = [row["id"] for row in (await client.get(f"/api/v1/tasks/{again}/rows")).json()["items"]]
        made = (await client.post("/api/v1/bulk-jobs", json={**cancel, "ids": [rows[0], *foreign]})).json()
        done = await _over(client, made["id"])
        states = [row["state"] for row in (await client.get(f"/api/v1/tasks/{first.id}/rows")).json()["items"]]
        seen = (
            await client.post("/api/v1/bulk-jobs/previews", json={**cancel, "filter": {"state": "scheduled"}})
        ).json()
        wrong = [
            (await client.post("/api/v1/bulk-jobs", json={**cancel, "task_id": None, "ids": rows})).status_code,
            (await client.post("/api/v1/bulk-jobs", json={**cancel, "of": "tasks", "ids": rows})).status_code,
            (await other.post("/api/v1/bulk-jobs", json={**cancel, "ids": rows})).status_code,
        ]

    assert (made["total"], done["message"], len(foreign)) == (1, "1 account task cancelled", 2)
    assert (states, seen["rows"], wrong) == (["cancelled", "scheduled"], 1, [422, 422, 404])


async def test_what_stands_on_the_schedule_is_moved_skipped_and_held(ui_without_proxies: Served) -> None:
    ui = ui_without_proxies
    task = await _planned(ui)
    day = {"view": "day", "date": str(TOMORROW.date()), "task_id": task.id}
    first = {"task_id": task.id, "since": TOMORROW.isoformat(), "until": (TOMORROW + _HOUR).isoformat()}
    async with holder(ui) as client:
        before = await _batches(client, day)
        moved = (await client.post("/api/v1/schedule/moves", json={**first, "to": _at(3)})).json()
        nothing = await client.post("/api/v1/schedule/moves", json={**first, "to": _at(3)})
        past = await client.post("/api/v1/posts/2/move", json={"to": "2020-05-31T12:00:00Z"})
        single = (await client.post("/api/v1/posts/2/move", json={"to": _at(5)})).json()
        skipped = await client.post("/api/v1/posts/4/omission")
        twice = await client.post("/api/v1/posts/4/omission")
        after = await _batches(client, day)
        hold = await client.post(
            "/api/v1/holds", json={"date": day["date"], "timezone": "UTC", "why": "A holiday", "task_id": task.id}
        )
        held = (await client.get("/api/v1/holds")).json()["items"]
        wrong = await client.post("/api/v1/holds", json={"date": day["date"], "timezone": "Mars"})
        ended = (await client.post(f"/api/v1/holds/{hold.json()['id']}/end")).json()
        left = (await client.get("/api/v1/holds")).json()["items"]

    assert before == [("12:00", {"planned": 2}), ("13:00", {"planned": 2})]
    assert (moved["count"], moved["of"], moved["by_s"]) == (2, "post", 3 * 3600)
    assert (nothing.status_code, past.status_code, single["count"]) == (409, 422, 1)
    assert (skipped.status_code, twice.status_code) == (200, 409)
    assert after == [("13:00", {"cancelled": 1}), ("15:00", {"planned": 2}), ("17:00", {"planned": 1})]
    assert (hold.status_code, hold.json()["count"], wrong.status_code) == (201, 3, 422)
    assert [(one["left"], one["overdue"], one["why"]) for one in held] == [(3, 0, "A holiday")]
    assert (ended["ended_at"] is None, left) == (False, [])


async def test_a_key_with_limits_names_a_task_on_the_schedule_and_in_the_logs(ui_without_proxies: Served) -> None:
    ui = ui_without_proxies
    task = await _planned(ui)
    hold = {"date": str(TOMORROW.date()), "timezone": "UTC"}
    to = {"to": _at(5)}
    async with (
        holder(ui) as boss,
        holder(ui, tags=["north"]) as narrow,
        holder(ui, kinds=["bulk_login"]) as other,
    ):
        theirs = (await boss.post("/api/v1/holds", json=hold)).json()["id"]
        refused = [
            (await narrow.get("/api/v1/schedule")).status_code,
            (await narrow.get("/api/v1/logs")).status_code,
            (await narrow.post("/api/v1/holds", json=hold)).status_code,
            (await narrow.post(f"/api/v1/holds/{theirs}/end")).status_code,
            (await other.get("/api/v1/schedule")).status_code,
            (await other.get("/api/v1/logs", params={"task_id": task.id})).status_code,
            (await other.post("/api/v1/posts/1/move", json=to)).status_code,
            (await other.post("/api/v1/posts/1/omission")).status_code,
        ]
        hidden = (await narrow.get("/api/v1/holds")).json()["items"]
        own = (await narrow.get("/api/v1/logs", params={"task_id": task.id})).json()["items"]
        (await boss.post(f"/api/v1/holds/{theirs}/end")).raise_for_status()
        made = await narrow.post("/api/v1/holds", json={**hold, "task_id": task.id})
        shown = [one["id"] for one in (await narrow.get("/api/v1/holds")).json()["items"]]

    assert refused == [403, 403, 403, 404, 403, 404, 404, 404]
    assert (hidden, shown) == ([], [made.json()["id"]])
    assert {line["task_id"] for line in own} == {task.id}


async def _planned(ui: Served) -> Task:
    """A started task of two accounts; each publishes a video at noon tomorrow and one an hour later."""
    async with ui.context.database.sessions.begin() as session:
        who, clips = await accounts(session, 2, tags=["north"]), await videos(session, 2)
        lines = [f"{clip.name},Hello,{_at(number)}" for number, clip in enumerate(clips)]
        csv = "\n".join(["video,caption,publish_at", *lines])
        how: dict[str, Any] = {"form": CaptionForm.CSV, "distribution": "every_video_to_every_account"}
        task = await draft(session, ui.context.settings, who, clips, captions=csv, **how)
        await plan(session, ui.context.settings, task.id)
        return await start(session, ui.context.settings, task.id, plan_hash=None, actor="user:anna")


def _at(hours: int) -> str:
    return (TOMORROW + hours * _HOUR).isoformat()


async def _batches(client: httpx.AsyncClient, params: dict[str, Any]) -> list[tuple[str, dict[str, int]]]:
    [day] = (await client.get("/api/v1/schedule", params=params)).raise_for_status().json()["days"]
    return [(one["begins"][11:16], one["counts"]) for one in day["batches"]]


async def _over(client: httpx.AsyncClient, job_id: int) -> dict[str, Any]:
    """The job, once the background has done it."""
    async with asyncio.timeout(60):
        while True:
            job: dict[str, Any] = (await client.get(f"/api/v1/bulk-jobs/{job_id}")).raise_for_status().json()
            if job["finished_at"] is not None:
                return job
            await asyncio.sleep(0.02)


async def _refused(client: httpx.AsyncClient, **body: object) -> int:
    return (await client.post("/api/v1/bulk-jobs", json=body)).status_code
