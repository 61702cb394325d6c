"""Input that no honest caller sends: it is refused with what is wrong, and never with an unexpected error."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.serving import Served
from tests.ui_api.bodies import bodies
from tests.ui_api.holding import holder
from tests.ui_api.routes import Route, all_routes
from tests.ui_api.stage import Stage, form_token, staged

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]
NUMBERS = (2**63, -1)
WORDS = ("a\x00b", "\ud800", "x" * 20_000)
RAW = ("1e400", "[" * 3000 + "]" * 3000, "true", "{}", '"0001-01-01T00:00:00+14:00"')


async def test_numbers_and_words_that_no_table_holds_are_refused_everywhere(ui: Served, tmp_path: Path) -> None:
    odd = []
    async with ui.signed_in() as browser, ui.client() as worker, holder(ui) as program:
        token = await form_token(browser)
        for route in all_routes(tmp_path / "routes"):
            client = worker if route.is_api else program if route.is_operator_api else browser
            for address in _addresses(route):
                form = _form(token) if route.is_page and not route.is_safe else None
                async with client.stream(route.method, address, data=form) as answer:  # /events has no end
                    if answer.status_code >= 500:
                        odd.append((route.name, address[:100], answer.status_code))
    assert not odd, "\n".join(map(str, odd))


async def test_forms_with_odd_fields_are_refused(ui: Served, tmp_path: Path) -> None:
    odd = []
    async with ui.signed_in() as browser:
        token = await form_token(browser)
        for number, route in enumerate(all_routes(tmp_path / "routes")):
            if route.is_safe or not route.is_page or route.path in ("/signin", "/signout"):
                continue
            for word in ("a\x00b", "x" * 20_000) if number % 2 else ("²", ""):
                answer = await browser.request(route.method, route.address(), data=_form(token, word))
                if answer.status_code >= 500:
                    odd.append((route.name, word[:10], answer.status_code))
    assert not odd, "\n".join(map(str, odd))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"csrf=%ff&text=%ff%fe"),
        ("application/x-www-form-urlencoded", b"\xff\xfe=1"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: nonsense\r\n\r\n\xff\r\n--x--"),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"--y never ends"),
        ("application/json", b"{"),
    ],
)
async def test_a_broken_form_is_refused(ui: Served, kind: str, body: bytes) -> None:
    async with ui.signed_in() as browser:
        for path in ("/accounts/import/preview", "/signin", "/tasks"):
            answer = await browser.post(path, content=body, headers={"Content-Type": kind})

            assert 400 <= answer.status_code < 500, (path, answer.text)


async def test_bodies_with_one_odd_value_are_refused(ui_without_proxies: Served, tmp_path: Path) -> None:
    stage = await staged(ui_without_proxies)
    right = bodies(stage)
    odd, refused = [], 0
    async with stage.ui.client() as client:
        for route in _with_body(stage, tmp_path):
            for label, content in _spoilt(right[route.name]):
                await _set_the_stage(stage, route)
                answer = await client.request(
                    route.method, _address(route, stage), content=content, headers={"Content-Type": "application/json"}
                )
                refused += 400 <= answer.status_code < 500
                if answer.status_code >= 500:
                    odd.append((route.name, label[:120], answer.status_code, answer.text[:80]))
    assert not odd, "\n".join(map(str, odd))
    assert refused > 200


async def test_bodies_that_are_no_json_are_refused(ui_without_proxies: Served, tmp_path: Path) -> None:
    stage = await staged(ui_without_proxies)
    async with stage.ui.client() as client:
        for route in _with_body(stage, tmp_path):
            for content in (b"", b"{", b"\xff\xfe", b"null", b"[]", b'"x"', b'{"a": "\xff"}', b"[" * 100_000):
                answer = await client.request(route.method, _address(route, stage), content=content)

                assert 400 <= answer.status_code < 500, (route.name, content[:20], answer.text)
                assert answer.headers["content-type"] == "application/problem+json"


async def test_a_body_beyond_the_limit_is_refused_and_not_read_into_memory(ui_without_proxies: Served) -> None:
    stage = await staged(ui_without_proxies)
    big = json.dumps({"log": "x" * (9 * 1024**2)})
    async with stage.ui.client() as client:
        answer = await client.post(f"/api/bulk-tasks/{stage.task}/status", content=big)

    assert (answer.status_code, answer.json()["reason_code"]) == (413, "too_large")


@pytest.mark.parametrize("wanted", ["bytes=" + "9" * 5000 + "-", "bytes=-" + "9" * 5000, "bytes=5-1", "bytes=²-", "x"])
async def test_an_odd_range_is_no_error(ui: Served, wanted: str) -> None:
    async def clip() -> Any:
        yield b"0123456789"

    async with ui.context.database.sessions.begin() as session:
        from igfleet.ui import library

        media = (await library.add(session, await library.receive(ui.context, clip()), "clip.mp4", "test")).media
    async with ui.client() as client:
        headers = {b"Range": wanted.encode("latin-1")}
        answer = await client.get(f"/api/media/{media.id}/download", headers=headers)

    assert answer.status_code in (200, 206, 416)


_NUMBERED = ("after", "page", "id", "batch_index", "batch_count")


def _addresses(route: Route) -> dict[str, None]:
    """What is sent by a form is asked only for the numbers in its path: its fields are another test's.

    Routes take turns: each meets one of the odd words and of the odd numbers.
    """
    turn = len(route.path) % 2
    if route.is_page and not route.is_safe:
        numbered = (route.with_numbers(number) for number in NUMBERS)
        return dict.fromkeys(address for address in numbered if address != route.address())
    names = ("q", "tag", "status", "state", "next", "token", "name", "topic")
    words = (f"{route.address()}?" + "&".join(f"{name}={word}" for name in names) for word in (("%00", "%ff")[turn],))
    queries = ("&".join(f"{name}={number}" for name in _NUMBERED) for number in NUMBERS)
    numbers = (f"{route.with_numbers(number)}?{query}" for number, query in zip(NUMBERS, queries, strict=True))
    alone = f"{route.address()}?" + "&".join(f"{name}={NUMBERS[turn]}" for name in _NUMBERED)
    return dict.fromkeys((*words, *numbers, alone))


def _form(token: str, word: str = "1") -> dict[str, str]:
    names = (
        "name", "token", "password", "settlement", "permalink", "text", "key", "authorised_by", "accounts", "media",
        "caption_text", "caption_form", "plan_hash", "account_task_id", "timezone", "tag", "start_at", "location",
        "mentions", "distribution", "delay_min_s", "on", "kind",
    )  # fmt: skip
    return {**dict.fromkeys(names, word), "csrf": token}


def _with_body(stage: Stage, folder: Path) -> list[Route]:
    right = bodies(stage)
    routes = [route for route in all_routes(folder / "routes") if route.is_api and not route.is_safe]
    assert {route.name for route in routes} == set(right), "give the new route a body in tests/ui_api/bodies.py"
    return [route for route in routes if right[route.name] is not None]


def _address(route: Route, stage: Stage) -> str:
    lease = stage.leases[0]
    return route.address(
        worker_id=stage.workers["w1"],
        lease_id=lease["id"],
        post_id=lease["posts"][0]["id"],
        kind="bulk_login" if "accounts" in route.path else "bulk-tasks",
        task_id=stage.task,
        sha256="a" * 64,
        account_task_id=lease["account_task_id"],
    )


async def _set_the_stage(stage: Stage, route: Route) -> None:
    """Whatever the call before it did: the lease lives, and the post is in the state that the call is about."""
    lease = stage.leases[0]
    live = "state = 'running', head = true, lease_expires_at = now() + interval '1 hour', report_seq = 0"
    await stage.sql(f"UPDATE account_tasks SET {live} WHERE lease_id = :id", id=lease["id"])
    state = "unknown" if route.path.endswith("readings") else "publishing" if "posts" in route.path else "planned"
    intent = json.dumps(bodies(stage)["PUT /api/leases/{lease_id:uuid}/posts/{post_id:int}/intent"])
    if route.path.endswith("intent"):
        state = "planned"
    await stage.sql(
        "UPDATE posts SET state = :state, intent = CAST(:intent AS jsonb), readings = '[]', media_pk = NULL, "
        "permitted_at = now(), settle_until = now() + interval '20 seconds' WHERE id = :id",
        state=state, intent=intent, id=lease["posts"][0]["id"],
    )  # fmt: skip


def _spoilt(body: Any) -> Iterator[tuple[str, str]]:
    """The body with one value at a time replaced by an odd one: by half of them, and its neighbour by the others."""
    odd = (*(json.dumps(value) for value in (*NUMBERS, *WORDS)), *RAW)
    for number, path in enumerate(_leaves(body)):
        for raw in odd[number % 2 :: 2]:
            yield f"{path} = {raw}"[:80], json.dumps(_with(body, path, "@RAW@")).replace('"@RAW@"', raw)
    yield "a name with a zero byte", json.dumps({**body, "a\x00b": 1})


def _leaves(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if at:
        yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _leaves(item, (*at, key))


def _with(body: Any, path: tuple[Any, ...], value: object) -> Any:
    changed = copy.deepcopy(body)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed
