"""What somebody does who means harm and has no leave, or somebody else's: over HTTP, against a running ui."""

import asyncio
import gc
import re
from functools import partial
from pathlib import Path

import httpx
import psutil
import pytest
import uvicorn
from sqlalchemy import text
from tests.authorities import PUBLIC
from tests.serving import PASSWORD, Served
from tests.ui_api.holding import holder
from tests.ui_api.routes import all_routes
from tests.ui_api.stage import token_in

from igfleet.ui.app import listen
from igfleet.ui.patience import Patient
from igfleet.ui.security.sessions import COOKIE

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]
OPEN = {"/health/live", "/health/ready", "/signin"}
"""What answers 200 to whoever comes."""
_LINK = re.compile(r"""(?:href|src|action|hx-get|hx-post)="([^"#]+)""")


async def test_a_forged_sender_does_not_help_against_the_limit_of_guesses(ui: Served) -> None:
    await ui.user("anna")
    async with ui.client(None) as thief:
        token = token_in(await thief.get("/signin"))
        statuses = []
        for number in range(12):
            there = f"198.51.100.{number}"
            answer = await thief.post(
                "/signin",
                data={"csrf": token, "name": "anna", "password": f"wrong {number}"},
                headers={"X-Forwarded-For": there, "Forwarded": f"for={there}", "X-Real-IP": there},
            )
            statuses.append(answer.status_code)

    assert statuses == [401] * 10 + [429] * 2


async def test_a_session_that_somebody_planted_is_not_taken_over(ui: Served) -> None:
    await ui.user("anna")
    planted = "A" * 43
    async with ui.client(None) as anna:
        anna.cookies.set(COOKIE, planted)
        token = token_in(await anna.get("/signin"))
        signed = await anna.post("/signin", data={"csrf": token, "name": "anna", "password": PASSWORD})
        async with ui.client(None) as thief:
            thief.cookies.set(COOKIE, planted)
            before = await thief.get("/accounts")

    assert signed.cookies[COOKIE] != planted
    assert before.status_code == 401


async def test_over_https_a_browser_takes_the_cookies_from_this_host_only(ui: Served) -> None:
    await ui.user("anna")
    https = {"X-Forwarded-Proto": "https"}
    async with ui.client(None) as anna:
        page = await anna.get("/signin", headers=https)
        own = {**https, "Cookie": page.headers["set-cookie"].partition(";")[0]}
        given = {"csrf": token_in(page), "name": "anna", "password": PASSWORD}
        signed = await anna.post("/signin", data=given, headers=own)
        held = next(one for one in signed.headers.get_list("set-cookie") if COOKIE in one)
        key = held.partition("=")[2].partition(";")[0]
        there = [
            (await anna.get("/accounts", headers={**https, "Cookie": f"{name}={key}"})).status_code
            for name in (f"__Host-{COOKIE}", COOKIE)
        ]

    assert signed.status_code == 303
    for one in (page.headers["set-cookie"], *signed.headers.get_list("set-cookie")):
        assert one.startswith("__Host-igfleet_")
        assert {"Path=/", "Secure", "HttpOnly", "SameSite=lax"} <= set(one.split("; "))
        assert "Domain" not in one
    assert there == [200, 401], "what a neighbour planted under the plain name is not looked at"


@pytest.mark.parametrize("change", ["seen_at = now() - interval '31 min'", "created_at = now() - interval '12 h 1 s'"])
async def test_a_session_ends_when_it_is_idle_and_when_it_is_old(ui: Served, change: str) -> None:
    async with ui.signed_in() as anna:
        before = await anna.get("/accounts")
        async with ui.context.database.sessions.begin() as session:
            await session.execute(text(f"UPDATE user_sessions SET {change}"))
        after = await anna.get("/accounts")

    assert (before.status_code, after.status_code) == (200, 401)


async def test_whoever_is_not_signed_in_finds_the_sign_in_health_and_static_files_only(
    ui: Served, tmp_path: Path
) -> None:
    await ui.user("anna")  # a fresh one offers to be set up
    seen: dict[str, int] = {}
    todo = {route.address() for route in all_routes(tmp_path) if route.is_safe}
    todo |= {"/docs", "/redoc", "/schema/swagger", "/openapi.json", "/debug", "/.env", "/static/", "/robots.txt"}
    async with ui.client(None) as nobody:
        while left := todo - seen.keys():
            path = left.pop()
            answer = await nobody.get(path, headers={"Accept": "text/html"})
            seen[path] = answer.status_code
            if answer.status_code == 200 and "html" in answer.headers["content-type"]:
                todo |= {link for link in _LINK.findall(answer.text) if link.startswith("/")}
    found = {path for path, status in seen.items() if status == 200 and not path.startswith("/static/")}

    assert found - {"/metrics"} == OPEN, found
    assert any(path.startswith("/static/") and status == 200 for path, status in seen.items())


@pytest.mark.parametrize("path", ["/api/v1/accounts/imports", "/api/v1/media/uploads/1"])
async def test_a_body_without_end_is_refused_and_never_gathered(ui: Served, path: str) -> None:
    async with holder(ui) as program:
        await program.post("/api/v1/media/uploads", json={"name": "clip.mp4", "size": 1000})
        authorization = program.headers["authorization"]
    method = "PATCH" if path.endswith("1") else "POST"
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\nUpload-Offset: 0\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    host, port = httpx.URL(ui.address).host, httpx.URL(ui.address).port
    before = psutil.Process().memory_info().rss
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(head.encode())
    sent, answer = 0, asyncio.ensure_future(reader.readline())
    while not answer.done() and sent < 10 * 1024**3:  # ten gigabytes, if nobody stops it
        try:
            writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
            await writer.drain()
        except ConnectionError:
            break
        sent += 0x10000
        await asyncio.sleep(0)
    line = await answer
    writer.close()

    assert b" 413 " in line
    assert sent < 64 * 1024**2
    assert psutil.Process().memory_info().rss - before < 150 * 1024**2


async def test_a_request_that_dribbles_in_is_dropped_and_a_whole_one_is_served() -> None:
    async def app(scope: dict[str, object], receive: object, send: object) -> None:
        while (await receive())["more_body"]:  # type: ignore[operator]
            pass
        await send({"type": "http.response.start", "status": 204, "headers": []})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b""})  # type: ignore[operator]

    listener = listen("127.0.0.1", 0)
    protocol = partial(Patient, headers_s=0.5, silence_s=0.5)
    server = uvicorn.Server(uvicorn.Config(app, http=protocol, log_config=None, lifespan="off", ws="none"))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    port = listener.getsockname()[1]
    while not server.started:  # noqa: ASYNC110  # uvicorn has a flag and no event
        await asyncio.sleep(0.01)
    try:
        slow = [await _dribble(port, head) for head in (b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nX: ", _POST)]
        async with httpx.AsyncClient(trust_env=False, verify=PUBLIC) as client:
            whole = await client.get(f"http://127.0.0.1:{port}/")
            again = await client.post(f"http://127.0.0.1:{port}/", content=b"x" * 100_000)
    finally:
        server.should_exit = True
        await task

    assert (whole.status_code, again.status_code) == (204, 204)
    assert slow == [b""] * 4, "each was dropped without an answer"


async def test_the_ui_is_served_with_such_patience(ui: Served) -> None:
    async with ui.client(None) as client:
        await client.get("/health/live")
        port = httpx.URL(ui.address).port
        kept = [one for one in gc.get_objects() if isinstance(one, Patient) and one.server == ("127.0.0.1", port)]

    assert kept
    assert (kept[0]._headers_s, kept[0]._silence_s) == (30, 60)


_POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx"


async def _dribble(port: int, head: bytes) -> bytes:
    """What comes to whoever sends this and then one byte now and then, as long as the other side listens."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head)
    answer = asyncio.ensure_future(reader.read(100))
    while not answer.done():
        if b"Content-Length" not in head:  # each part of a body begins a new wait
            writer.write(b"a")
        await asyncio.wait([answer], timeout=0.1)
    writer.close()
    try:
        return await answer
    except ConnectionError:
        return b""
