"""Users, my own page, the sign-in with a second factor, the audit, and secrets behind a password."""

import asyncio
import re

import httpx
import pytest
from sqlalchemy import update
from tests.authorities import PUBLIC
from tests.dashboard.conftest import Visitor
from tests.domain import factories as make
from tests.serving import PASSWORD, Served

from igfleet import totp
from igfleet.ui.models import Account, Role, User

pytestmark = pytest.mark.anyio
_SEED = re.compile(r'<span class="mono">([A-Z2-7 ]+)</span>')
SECRET = "canary-Pa$$word-1"


def stranger(ui: Served) -> Visitor:
    headers = {"accept": "text/html", "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}
    return Visitor(httpx.AsyncClient(base_url=ui.address, headers=headers, trust_env=False, verify=PUBLIC, timeout=60))


async def test_somebody_is_invited_comes_in_and_is_put_out(visitor: Visitor, ui: Served) -> None:
    shown = await visitor.send("/users", "/users", name="vera", role="viewer", way="link")
    link = re.search(r"http://\S+(/invitation\?token=[\w-]+)", shown.text)
    assert link
    vera = stranger(ui)
    inside = await vera.send(link[1], "/invitation", token=link[1].partition("=")[2], password=PASSWORD)

    assert "Overview" in inside.text
    assert (await vera.client.get("/users")).status_code == 403
    listed = await visitor.read("/users")
    assert "vera" in listed
    assert "Firefox on Linux" in await visitor.read("/users/2")
    assert "is viewer already" in (await visitor.send("/users/2", "/users/2/role", role="viewer")).text
    assert "is the only admin" in (await visitor.send("/users/2", "/users/1/disabling")).text
    await visitor.send("/users/2", "/users/2/disabling")
    assert (await vera.client.get("/tasks")).headers["location"].startswith("/signin")
    audit = await visitor.read("/audit?subject=user:2")
    assert all(words in audit for words in ("user invited", "user link made", "user password changed", "user disabled"))
    assert link[1].partition("=")[2] not in audit
    assert "No entry matches." in await visitor.read("/audit?actor=nobody")
    assert (await visitor.client.get("/audit?since=yesterday")).status_code == 422
    assert (await visitor.client.get("/audit.csv?subject=user:2")).text.count(",user:2,") == 5


async def test_a_second_factor_is_set_up_asked_for_and_lost(visitor: Visitor, ui: Served) -> None:
    refused = await visitor.send("/me", "/me/second-factor", password="not mine at all")
    begun = await visitor.send("/me", "/me/second-factor", password=PASSWORD)
    seed = _SEED.search(begun.text)
    assert refused.status_code == 422
    assert seed
    on = await visitor.send("/me", "/me/second-factor/confirmation", code=totp.code_at(seed[1]))
    recovery = re.findall(r"<li>([a-z2-7-]{19})</li>", on.text)

    other = stranger(ui)
    asked = await other.send("/signin", "/signin", name="anna", password=PASSWORD)
    half = re.search(r'name="half" value="([^"]+)"', asked.text)
    assert half
    assert (await other.client.get("/tasks")).headers["location"].startswith("/signin"), "half a sign-in opens nothing"
    again = await other.send("/signin", "/signin/code", half=half[1], code=totp.code_at(seed[1]))
    inside = await other.send("/signin", "/signin/code", half=half[1], code=recovery[0])

    assert "not right, or it was used already" in again.text
    assert "Overview" in inside.text
    assert (await stranger(ui).send("/signin", "/signin/code", half=half[1], code=recovery[1])).status_code == 403
    await visitor.send("/me", "/me/sessions/others/revocation")
    assert (await other.client.get("/tasks")).headers["location"].startswith("/signin")
    await visitor.send("/me", "/me/second-factor/removal", password=PASSWORD)
    assert "second factor off" in await visitor.read("/audit")


async def test_who_must_have_a_second_factor_sets_it_up_before_anything_else(visitor: Visitor, ui: Served) -> None:
    setting, needed = "/settings/values/REQUIRE_SECOND_FACTOR", "/me/second-factor"
    await ui.user("vera", Role.VIEWER)
    vera = stranger(ui)
    await vera.send("/signin", "/signin", name="vera", password=PASSWORD)
    assert (await visitor.client.get(needed)).headers["location"] == "/me", "nobody must"

    await visitor.send("/settings", setting, value="admins")
    await _until_led(visitor, needed)
    led, others = await visitor.client.get("/tasks", follow_redirects=True), await vera.client.get("/tasks")
    refused = await visitor.client.post("/me/password", data={"csrf": "x"})
    wrong = await visitor.send(needed, needed, password="not mine at all")
    begun = await visitor.send(needed, needed, password=PASSWORD)
    seed = _SEED.search(begun.text)
    assert seed
    on = await visitor.client.post(f"{needed}/confirmation", data=_with_token(begun, code=totp.code_at(seed[1])))
    await visitor.send("/settings", setting, value="all")
    await _until_led(vera, needed)
    out = await vera.send(needed, "/signout")
    await visitor.send("/settings", f"{setting}/removal")
    await vera.send("/signin", "/signin", name="vera", password=PASSWORD)
    await _until_led(vera, None)

    assert led.url.path == needed
    assert "Here every admin signs in with a code" in led.text
    assert [one.url.path for one in (led, wrong, begun, on) if 'aria-label="Main"' in one.text] == []
    assert (others.status_code, refused.status_code) == (200, 403)
    assert "Set up your second factor first" in refused.text
    assert (wrong.status_code, "Set it up" in wrong.text) == (422, True)
    assert "Recovery codes" in on.text
    assert out.url.path == "/signin"


async def _until_led(who: Visitor, path: str | None) -> None:
    """Until the ui has heard of the setting."""
    async with asyncio.timeout(30):
        while (await who.client.get("/tasks")).headers.get("location") != path:  # noqa: ASYNC110  # another process
            await asyncio.sleep(0.05)


def _with_token(page: httpx.Response, **fields: str) -> dict[str, str]:
    token = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert token
    return {"csrf": token[1], **fields}


async def test_another_password_ends_every_other_session(visitor: Visitor, ui: Served) -> None:
    other = stranger(ui)
    await other.send("/signin", "/signin", name="anna", password=PASSWORD)
    before = dict(visitor.client.cookies)

    short = await visitor.send("/me", "/me/password", old=PASSWORD, password="short")
    changed = await visitor.send("/me", "/me/password", old=PASSWORD, password="another horse battery")

    assert "Between 10 and 500 characters." in short.text
    assert "Your password is changed" in changed.text
    assert dict(visitor.client.cookies) != before
    assert (await other.client.get("/tasks")).headers["location"].startswith("/signin")


async def test_a_secret_is_shown_to_who_says_the_password_and_the_audit_tells(visitor: Visitor, ui: Served) -> None:
    async with ui.context.database.sessions.begin() as session:
        (account,) = await make.accounts(session, 1)
        await ui.context.vault.seal(session, "account", account.id, {"password": SECRET})
        await session.execute(update(Account).values(has_password=True))
    path = "/accounts/1/secrets/password"
    assert f'href="{path}"' in await visitor.read("/accounts/1")

    wrong = await visitor.send(path, path, password="not mine at all")
    shown = await visitor.send(path, path, password=PASSWORD)

    assert (wrong.status_code, SECRET in wrong.text) == (422, False)
    assert SECRET in shown.text
    assert shown.headers["refresh"] == "30; url=/accounts/1"
    assert shown.headers["cache-control"] == "no-store"
    audit = await visitor.read("/audit?subject=account:1&action=secret_opened")
    assert "user:anna" in audit
    assert "shown to a person" in audit
    assert SECRET not in audit
    assert (await visitor.client.get("/accounts/1/secrets/session_mobile")).status_code == 404
    async with ui.context.database.sessions.begin() as session:
        await session.execute(update(User).values(role=Role.OPERATOR))
    assert (await visitor.client.get(path)).status_code == 403
    assert path not in await visitor.read("/accounts/1")


async def test_a_page_tells_what_was_done_and_nothing_that_a_link_makes_up(visitor: Visitor, ui: Served) -> None:
    await ui.user("vera", Role.ADMIN)
    done = await visitor.send("/users/2", "/users/2/role", role="operator")
    address = str(done.url).removeprefix(ui.address)

    assert "vera is operator now" in done.text
    assert "vera is operator now" in await visitor.read(address)
    for made_up in ("/users?done=Call+us", address.replace("operator", "manager"), "/users?done=%FF.Call+us"):
        assert "alert-success" not in await visitor.read(made_up)
    vera = stranger(ui)
    await vera.send("/signin", "/signin", name="vera", password=PASSWORD)
    assert "alert-success" not in await vera.read("/me" + address[address.index("?") :])


async def test_another_password_is_told_of_although_the_session_is_a_new_one(visitor: Visitor) -> None:
    done = await visitor.send("/me", "/me/password", old=PASSWORD, password="another long password")

    assert "Your password is changed" in done.text
