"""The operator API at work: what the dashboard does, done by a program."""

import hashlib
from typing import Any

import pytest
from sqlalchemy import text
from tests.domain.factories import accounts, videos
from tests.serving import Served
from tests.ui_api.holding import holder
from tests.ui_api.playing import Player, ordered

from igfleet.contracts.files import Origin
from igfleet.ui.models import Proxy, Worker

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]


async def test_a_task_is_ordered_planned_started_paused_and_cancelled(ui_without_proxies: Served) -> None:
    ui = ui_without_proxies
    await _stock(ui)
    async with holder(ui) as client:
        body = {
            "name": "May reels", "accounts": ["nord_02", "@nord_01"], "media": [{"media_id": 1}],
            "captions": {"form": "one", "text": "Hello"}, "options": {"distribution": "every_video_to_every_account"},
        }  # fmt: skip
        plan = (await client.post("/api/v1/tasks", json=body)).json()
        path = f"/api/v1/tasks/{plan['task_id']}"
        stale = await client.post(f"{path}/start", json={"plan_hash": "another"})
        started = (await client.post(f"{path}/start", json={"plan_hash": plan["plan_hash"]})).json()
        paused = (await client.post(f"{path}/pause", json={"why": "the client asked"})).json()
        unpaused = (await client.post(f"{path}/pause/end")).json()
        again = await client.post(f"{path}/pause/end")
        cancelled = (await client.post(f"{path}/cancellation")).json()
        posts = (await client.get("/api/v1/posts", params={"task_id": plan["task_id"]})).json()["items"]
        rows = (await client.get(f"{path}/rows")).json()["items"]
        log = (await client.get(f"{path}/log")).json()["items"]
        results = (await client.get(f"{path}/results.csv")).text

    assert (plan["state"], plan["posts"], plan["accounts"]) == ("draft", 2, 2)
    assert (stale.status_code, stale.json()["reason_code"]) == (409, "plan_stale")
    assert started["state"] == "queued"
    assert (paused["paused_why"], unpaused["paused_at"]) == ("the client asked", None)
    assert (again.status_code, again.json()["reason_code"]) == (409, "nothing_to_do")
    assert (cancelled["state"], cancelled["counts"]["posts"]) == ("cancelled", {"total": 2, "cancelled": 2})
    assert [(post["account"], post["video"], post["caption"]) for post in posts] == [
        ("nord_02", "clip_1.mp4", "Hello"), ("nord_01", "clip_1.mp4", "Hello"),
    ]  # fmt: skip
    assert [row["state"] for row in rows] == ["cancelled", "cancelled"]
    assert next(line["event"] for line in log) == "task_started"
    assert results.startswith("account_task,account,")


async def test_pages_follow_each_other_and_miss_nothing(ui: Served) -> None:
    async with ui.context.database.sessions.begin() as session:
        await accounts(session, 7)
    seen: list[str] = []
    async with holder(ui) as client:
        cursor: str | None = None
        pages = 0
        while pages == 0 or cursor:
            page = (
                await client.get("/api/v1/accounts", params={"limit": 3, **({"cursor": cursor} if cursor else {})})
            ).json()
            seen += [row["username"] for row in page["items"]]
            cursor, pages = page["next_cursor"], pages + 1

    assert (seen, pages) == ([f"nord_{number:02}" for number in range(1, 8)], 3)


async def test_the_same_request_under_one_key_is_done_once(ui: Served) -> None:
    body = {"kind": "bulk_login", "accounts": ["nord_01"]}
    async with ui.context.database.sessions.begin() as session:
        await accounts(session, 1)
    async with holder(ui) as client:
        headers = {"Idempotency-Key": "order-1"}
        first, again = [await client.post("/api/v1/tasks", json=body, headers=headers) for _ in range(2)]
        other = await client.post("/api/v1/tasks", json={**body, "name": "x"}, headers=headers)
        tasks = (await client.get("/api/v1/tasks")).json()["items"]

    assert first.status_code == 201
    assert (again.json(), again.headers["idempotency-replayed"]) == (first.json(), "true")
    assert (other.status_code, other.json()["reason_code"]) == (422, "idempotency_key_reused")
    assert len(tasks) == 1


async def test_a_file_is_uploaded_in_parts_and_comes_back_whole(ui: Served) -> None:
    content = b"0123456789" * 3
    async with holder(ui) as client:
        begun = (await client.post("/api/v1/media/uploads", json={"name": "clip.mp4", "size": len(content)})).json()
        path = f"/api/v1/media/uploads/{begun['id']}"
        first = (await client.patch(path, content=content[:10], headers={"Upload-Offset": "0"})).json()
        wrong = await client.patch(path, content=content[:10], headers={"Upload-Offset": "0"})
        last = (await client.patch(path, content=content[10:], headers={"Upload-Offset": "10"})).json()
        shown = (await client.get(f"/api/v1/media/{last['media_id']}")).json()
        bytes_ = (await client.get(f"/api/v1/media/{last['media_id']}/content")).content

    assert (first["offset"], wrong.status_code, last["is_new"]) == (10, 409, True)
    assert (shown["sha256"], bytes_) == (hashlib.sha256(content).hexdigest(), content)


async def test_small_pictures_and_what_was_made_of_a_file_are_had(ui: Served) -> None:
    async with ui.context.database.sessions.begin() as session:
        first, second, other = await videos(session, 3)
        second.source_id, second.origin = first.id, Origin.CONVERTED
        small = ui.context.storage.thumbnail(first.sha256)
    small.parent.mkdir(parents=True, exist_ok=True)
    small.write_bytes(b"\xff\xd8small")
    async with holder(ui) as client:
        picture = await client.get(f"/api/v1/media/{first.id}/thumbnail")
        none = await client.get(f"/api/v1/media/{other.id}/thumbnail")
        made = (await client.get("/api/v1/media", params={"source_id": first.id})).json()["items"]

    assert (picture.headers["content-type"], picture.content) == ("image/jpeg", b"\xff\xd8small")
    assert (none.status_code, none.json()["detail"]) == (404, f"There is no thumbnail of {other.name}.")
    assert [one["id"] for one in made] == [second.id]


async def test_the_overview_tells_what_the_page_tells(ui_without_proxies: Served) -> None:
    ui = ui_without_proxies
    await ordered(ui, 2)
    ended = "state = 'completed', head = false, finished_at = now() - interval '9 s'"
    async with ui.context.database.sessions.begin() as session:
        await session.execute(text(f"UPDATE account_tasks SET {ended} WHERE id = 1"))
        await session.execute(text("UPDATE account_tasks SET state = 'suspended' WHERE id = 2"))
    async with holder(ui) as client, holder(ui, tags=["north"]) as narrow:
        seen = (await client.get("/api/v1/overview")).json()
        refused = await narrow.get("/api/v1/overview")

    assert [hour["done"] for hour in seen["hours"]] == [0] * 23 + [1]
    assert (seen["need_person"], seen["accounts"], seen["in_doubt"]) == (1, 2, 0)
    assert seen["published"]["allowed"] > 0
    assert refused.status_code == 403


async def test_a_code_is_handed_in_and_an_account_stopped_and_resumed(player: Player) -> None:
    ui = player.ui
    await ordered(ui)
    await player.meet(await player.leased())
    async with holder(ui) as client:
        [challenge] = (await client.get("/api/v1/challenges")).json()["items"]
        no_code = await client.post(f"/api/v1/challenges/{challenge['id']}/answer", json={"code": "x"})
        answered = (await client.post(f"/api/v1/challenges/{challenge['id']}/answer", json={"code": "123 456"})).json()
        path = f"/api/v1/accounts/{challenge['account_id']}"
        stopped = (await client.post(f"{path}/stop")).json()
        resumed = (await client.post(f"{path}/resumption")).json()
        tagged = (await client.put(f"{path}/tags", json={"tags": ["north", "reels"]})).json()

    assert (challenge["kind"], challenge["account"], no_code.status_code) == ("email_code", "nord_01", 422)
    assert (answered["state"], answered["answered_by"].split("/")[0]) == ("answered", "user:boss")
    assert (stopped["status"], resumed["status"], tagged["tags"]) == ("inactive", "active", ["north", "reels"])


async def test_workers_are_drained_and_everything_is_paused(player: Player) -> None:
    async with holder(player.ui) as client:
        [worker] = (await client.get("/api/v1/workers")).json()["items"]
        drained = (await client.post(f"/api/v1/workers/{worker['id']}/drain", json={"on": True})).json()
        back = (await client.post(f"/api/v1/workers/{worker['id']}/drain", json={"on": False})).json()
        paused = (await client.post("/api/v1/standstill", json={"why": "trouble"})).json()
        ended = (await client.post("/api/v1/standstill/end")).json()

    assert [worker["state"], drained["state"], back["state"]] == ["online", "draining", "online"]
    assert (paused["is_on"], paused["why"], ended["is_on"]) == (True, "trouble", False)


async def test_the_audit_names_the_person_and_the_key(ui: Served) -> None:
    async with holder(ui) as client:
        number = (await client.get("/api/v1/me")).json()["key_id"]
        await client.post("/api/v1/targets", json={"name": "bars", "usernames": ["@bar_01"]})
    async with ui.context.database.sessions() as session:
        query = text("SELECT actor FROM audit WHERE action = 'targets_added'")
        assert (await session.execute(query)).scalar() == f"user:boss/key:{number}"


async def test_each_example_of_the_reference_works(ui_without_proxies: Served) -> None:
    ui = ui_without_proxies
    await _stock(ui)
    worked, told = {}, set()
    async with holder(ui) as client:
        document = (await client.get("/api/v1/openapi.json")).json()
        schemas = document["components"]["schemas"]
        await client.post("/api/v1/tasks", json=schemas["NewTask"]["examples"][0])  # something to start and pause
        for path, item in document["paths"].items():
            for method, operation in item.items():
                example = _example(operation, schemas)
                if example is None:
                    continue
                told.add((method, path))
                answer = await client.request(method, _filled(path), json=example)
                worked[method, path] = answer.status_code
    # what needs more than a stock of things has its own test, here or beside
    apart = {("post", one) for one in (
        "/api/v1/challenges/{challenge_id}/answer", "/api/v1/posts/{post_id}/settlement",
        "/api/v1/tasks/{task_id}/resumption", "/api/v1/tasks/{task_id}/canary/end",
        "/api/v1/holds", "/api/v1/schedule/moves", "/api/v1/posts/{post_id}/move",
    )} | {("put", f"/api/v1/{name}") for name in (
        "users/{user_id}/role", "settings/{name}", "methods/{method}",
    )}  # fmt: skip

    assert apart < told
    assert {call: code for call, code in worked.items() if code >= 300 and call not in apart} == {}
    assert {worked[call] for call in apart} <= {404, 409}, "the example's body is taken, the state is another"


async def test_every_call_that_takes_a_body_has_an_example_and_says_what_it_does(ui: Served) -> None:
    async with holder(ui) as client:
        document = (await client.get("/api/v1/openapi.json")).json()
    schemas = document["components"]["schemas"]
    silent = []
    for path, item in document["paths"].items():
        for method, operation in item.items():
            has_body = "application/json" in operation.get("requestBody", {}).get("content", {})
            if not operation.get("description") or (has_body and _example(operation, schemas) is None):
                silent.append((method, path))

    assert silent == []
    assert all(path.startswith("/api/v1/") for path in document["paths"])
    assert len(document["paths"]) > 40


async def test_the_reference_page_shows_every_call(ui: Served) -> None:
    async with holder(ui) as client:
        document = (await client.get("/api/v1/openapi.json")).json()
    async with ui.signed_in() as browser:
        page = (await browser.get("/docs/api", headers={"accept": "text/html"})).text
    async with ui.client(None) as nobody:
        outside = await nobody.get("/docs/api", headers={"accept": "text/html"})

    assert [path for path in document["paths"] if path not in page] == []
    assert outside.status_code == 302 or "signin" in outside.headers.get("location", "")


def _example(operation: dict[str, Any], schemas: dict[str, Any]) -> Any:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    ref = content.get("schema", {}).get("$ref", "").rsplit("/", 1)[-1]
    return next(iter(schemas.get(ref, {}).get("examples", [])), None)


def _filled(path: str) -> str:
    return "/".join("1" if part.startswith("{") else part for part in path.split("/"))


async def _stock(ui: Served) -> None:
    """Two accounts, a video, two proxies and a worker, each number 1."""
    async with ui.context.database.sessions.begin() as session:
        session.add_all([Proxy(scheme="http", host="127.0.0.1", port=port) for port in (9, 10)])
        session.add(Worker(name="w1", version="0", slots=1, kinds=[], methods=[]))
        await accounts(session, 2)
        await videos(session, 1)
