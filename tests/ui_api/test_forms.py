"""Who may use which page, and whose forms are taken: generated from the routes, so that a new page is met as well."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.serving import Served
from tests.ui_api.routes import Route, all_routes
from tests.ui_api.stage import form_token, token_in

from igfleet.ui.models import Role

pytestmark = pytest.mark.anyio
FOR_A_VIEWER = {
    "POST /signout", "POST /me/password", "POST /me/sessions/revocation", "POST /me/sessions/others/revocation",
    "POST /me/second-factor", "POST /me/second-factor/confirmation", "POST /me/second-factor/removal",
    "POST /me/notifications", "POST /me/notifications/tests", "POST /views", "POST /views/{view_id:int}/deletion",
}  # fmt: skip
"""What a viewer may change: what is the viewer's own."""
HEADERS = (
    "content-security-policy", "x-content-type-options", "referrer-policy", "cross-origin-opener-policy",
    "cross-origin-resource-policy", "permissions-policy", "strict-transport-security", "x-frame-options",
    "cache-control",
)  # fmt: skip


async def test_nobody_sees_or_changes_anything_before_the_sign_in(ui: Served, tmp_path: Path) -> None:
    async with ui.client(None) as nobody:
        for route in _pages(tmp_path):
            answer = await nobody.request(route.method, route.address())
            as_page = await nobody.request(route.method, route.address(), headers={"Accept": "text/html"})

            assert answer.status_code == 401, route.name
            if route.is_safe:
                assert as_page.headers["location"].startswith("/signin"), route.name
            else:
                assert as_page.status_code == 401, route.name


async def test_a_viewer_changes_nothing(ui: Served, tmp_path: Path) -> None:
    async with ui.signed_in("vera", Role.VIEWER) as viewer:
        token = await form_token(viewer)
        for route in _pages(tmp_path):
            least = route.opt.get("role", Role.VIEWER if route.is_safe else Role.OPERATOR)
            if least is Role.VIEWER:
                assert route.is_safe or route.name in FOR_A_VIEWER, route.name
                continue
            answer = await _send(viewer, route, token)

            assert (answer.status_code, answer.json()["reason_code"]) == (403, "forbidden"), route.name
            assert "needs the role" in answer.json()["detail"], route.name


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.MANAGER])
async def test_what_is_the_admins_is_refused_to_all_others(ui: Served, tmp_path: Path, role: Role) -> None:
    async with ui.signed_in("otto", role) as other:
        token = await form_token(other)
        for route in _pages(tmp_path):
            if route.opt.get("role") is Role.ADMIN:
                answer = await _send(other, route, token)

                assert "needs the role" in answer.json()["detail"], route.name


async def test_no_form_is_taken_without_a_token_of_this_session(ui: Served, tmp_path: Path) -> None:
    async with ui.signed_in("otto") as other:
        others = await form_token(other)
    async with ui.signed_in() as anna, ui.client(None) as nobody:
        own, visitors = await form_token(anna), token_in(await nobody.get("/signin"))
        wrong = (None, "", "wrong", own[:-1], f"{own}0", "." + own.partition(".")[2], others, visitors)
        for number, route in enumerate(_unsafe_pages(tmp_path)):
            for token in (
                wrong[number % 8],
                wrong[(number + 3) % 8],
            ):  # each route two of them, each of them many routes
                answer = await _send(anna, route, token)

                assert answer.status_code == 403, (route.name, token)
            if route.path != "/signout":
                assert (await _send(anna, route, own)).status_code != 403, f"{route.name}: the right token is refused"


async def test_no_form_is_taken_that_another_site_sent(ui: Served, tmp_path: Path) -> None:
    strange = (
        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": f"{ui.address}.evil.example"},
        {"Origin": "http://127.0.0.1:1"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
    )  # fmt: skip
    async with ui.signed_in() as anna:
        token = await form_token(anna)
        for number, route in enumerate([*_unsafe_pages(tmp_path), *_public_forms(tmp_path)]):
            for headers in (strange[number % 6], strange[(number + 2) % 6]):
                answer = await _send(anna, route, token, headers)

                assert answer.status_code == 403, (route.name, headers)
                assert "another site" in answer.json()["detail"]
            if route.path not in ("/signout", "/signin"):
                same = {"Origin": ui.address, "Sec-Fetch-Site": "same-origin"}
                assert "another site" not in (await _send(anna, route, token, same)).text, route.name


async def test_a_visitors_forms_need_the_visitors_own_token(ui: Served, tmp_path: Path) -> None:
    async with ui.client(None) as one, ui.client(None) as another:
        token = token_in(await one.get("/signin"))
        await another.get("/signin")
        for route in _public_forms(tmp_path):
            for client, given in ((another, token), (one, "wrong"), (one, None)):
                answer = await _send(client, route, given)

                assert answer.status_code == 403, (route.name, given)
                assert "form" in answer.json()["detail"]


async def test_a_session_is_over_after_the_sign_out(ui: Served) -> None:
    async with ui.signed_in() as anna:
        stolen = dict(anna.cookies)
        token = await form_token(anna)
        await anna.post("/signout", data={"csrf": token})
        async with ui.client(None) as thief:
            thief.cookies.update(stolen)

            assert (await thief.get("/accounts")).status_code == 401


async def test_every_answer_carries_the_headers_that_keep_browsers_safe(ui: Served, tmp_path: Path) -> None:
    async with ui.signed_in() as anna:
        for route in all_routes(tmp_path):
            async with anna.stream(route.method, route.address()) as answer:
                missing = [name for name in HEADERS if name not in answer.headers]

                assert not missing, (route.name, answer.status_code)
        for path in ("/nowhere", "/accounts/%00", "/static/x/../../etc/passwd"):
            answer = await anna.get(path)

            assert not [name for name in HEADERS if name not in answer.headers], path


def _pages(folder: Path) -> Iterator[Route]:
    """What only people who are signed in may use."""
    return (route for route in all_routes(folder) if route.is_page and not route.is_public)


def _unsafe_pages(folder: Path) -> list[Route]:
    """Signing out comes last: it ends the session."""
    return sorted((route for route in _pages(folder) if not route.is_safe), key=lambda route: route.path == "/signout")


def _public_forms(folder: Path) -> list[Route]:
    return [route for route in all_routes(folder) if route.is_public and not route.is_safe]


async def _send(
    client: httpx.AsyncClient, route: Route, token: str | None, headers: dict[str, str] | None = None
) -> httpx.Response:
    """The form with its token where the route looks for it."""
    given = dict(headers or {})
    if route.opt.get("token_in_header") and token is not None:
        given["X-CSRF-Token"] = token
    form = {"csrf": token} if token is not None and not route.is_safe else None
    return await client.request(route.method, route.address(), data=form, headers=given)
