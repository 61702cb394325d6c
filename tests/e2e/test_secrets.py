"""After a whole campaign, with its failures, no secret is anywhere but sealed: not in the database's files, not in a
log, not on a page, and in no encoding."""

import asyncio
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from igfleet.embedded.locator import find_binaries
from igfleet.settings import UiSettings, load
from igfleet.ui.context import opened
from tests.e2e.fleet import TOKEN, Fleet
from tests.e2e.hiding_places import disguises, files_below, hits
from tests.ui_api.routes import all_routes

pytestmark = pytest.mark.timeout(300)
PERSON = "canary-Dashb0ard pässword"
GOOD, WRONG, LOCKED = "nord_01", "nord_02", "nord_03"
TOTP_SECRET = "KVKFKRCPNZQUYMLXOVYDSQKJKZDTSRLD"


def test_a_secret_is_found_in_every_disguise() -> None:
    """The search below can fail."""
    secret = "canary-Pa$$ wörd"
    for name, form in disguises(secret).items():
        assert hits({"it": secret}, iter([("a place", b"before" + form + b"after")])), name
    assert not hits({"it": secret}, iter([("a place", b"nothing of it")]))


def test_no_secret_is_written_anywhere(own_fleet: Fleet, clips: list[Path]) -> None:
    fleet = own_fleet
    canaries = _import(fleet)
    fleet.worker("w1", LOG_LEVEL="debug")
    task = fleet.upload([GOOD, WRONG, LOCKED], clips[:1], "quiet", max_attempts=1)
    fleet.until(lambda: _is_over(fleet, task), 120)
    canaries |= asyncio.run(_sessions(fleet))
    assert len([name for name in canaries if "session" in name]) >= 2, "the campaign left no session to look for"

    found = hits(canaries, _places(fleet))

    assert not found, "\n".join(found)


def _import(fleet: Fleet) -> dict[str, str]:
    """Three accounts: one that works, one with a wrong password, one that must be confirmed."""
    made, lines, canaries = [], ["username,password,totp_secret,email,email_password,proxy"], {"a person": PERSON}
    address = fleet.sandbox["proxy_url"].removeprefix("http://")
    for name in (GOOD, WRONG, LOCKED):
        own = {kind: f"canary-{kind}-Zq7%{name}" for kind in ("password", "mailbox", "proxy")}
        canaries |= {f"{kind} of {name}": value for kind, value in own.items()}
        right = own["password"] if name != WRONG else "another one"
        state = {"state": "challenge_native"} if name == LOCKED else {}
        totp = TOTP_SECRET if name == GOOD else ""
        made.append({"username": name, "password": right, "totp_secret": totp or None, **state})
        proxy = f"http://via_{name}:{own['proxy'].replace('%', '%25')}@{address}"
        lines.append(f"{name},{own['password']},{totp},{name}@example.com,{own['mailbox']},{proxy}")
    fleet.control("POST", "accounts", {"accounts": made})
    (fleet.folder / "accounts.csv").write_text("\n".join(lines))
    fleet.cli("accounts", "import", "accounts.csv", "--authorised-by", "owner of all, in writing")
    (fleet.folder / "password").write_text(PERSON)
    fleet.cli("users", "add", "anna", "--role", "admin", "--password-file", "password")
    return canaries | {"totp": TOTP_SECRET}


def _is_over(fleet: Fleet, task: str) -> bool:
    states = {row["state"] for row in fleet.shown(task)["account_tasks"]}
    return states <= {"completed", "suspended", "discarded"}


async def _sessions(fleet: Fleet) -> dict[str, str]:
    """What the sign-ins brought back: the session and the signing key, as they lie in the vault."""
    settings = load(UiSettings, DATABASE_URL=fleet.database_url, IGFLEET_DATA_DIR=fleet.folder / "data")
    found: dict[str, str] = {}
    async with opened(settings, fleet.database_url) as ui, ui.database.sessions.begin() as session:
        for account in (1, 2, 3):
            fields = ["session_mobile"]
            kept = await ui.vault.open(session, "account", account, fields, actor="test", reason="test")
            if "session_mobile" in kept:
                told: dict[str, Any] = json.loads(kept["session_mobile"].get_secret_value())
                bearer = told.get("authorization_data") or {}
                cookies = told.get("cookies") or {}
                given = {"bearer session": bearer.get("sessionid"), "cookie session": cookies.get("sessionid")}
                found |= {f"{name} of {account}": value for name, value in given.items() if value}
    return found


def _places(fleet: Fleet) -> Iterator[tuple[str, bytes]]:
    yield "the dump", _dump(fleet.database_url)
    with psycopg.connect(fleet.database_url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    for where, data in files_below(Path(row[0])):
        yield f"the database's {where}", data
    for where, data in files_below(fleet.folder / "data"):
        yield f"the data folder's {where}", data
    for name in fleet.processes:
        yield f"the log of {name}", fleet.log(name).encode()
    yield from _pages(fleet)


def _dump(url: str) -> bytes:
    command = [str(find_binaries() / "pg_dump"), url]
    dumped = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    assert b"nord_01" in dumped
    return dumped


def _pages(fleet: Fleet) -> Iterator[tuple[str, bytes]]:
    """Every address that can be read, with each id that there is, signed in and with the workers' token."""
    with httpx.Client(base_url=fleet.ui, trust_env=False, timeout=30) as browser:
        page = browser.get("/signin").text
        csrf = page.split('name="csrf" value="', 1)[1].split('"', 1)[0]
        entered = browser.post("/signin", data={"csrf": csrf, "name": "anna", "password": PERSON})
        assert entered.status_code == 303, entered.text
        read = 0
        for route in all_routes(fleet.folder / "routes"):
            if route.method != "GET" or route.path == "/events":
                continue
            headers = {"Authorization": f"Bearer {TOKEN}"} if route.is_api else {"Accept": "text/html"}
            for number in (1, 2, 3) if ":int" in route.path else (1,):
                answer = browser.get(route.with_numbers(number), headers=headers)
                read += answer.status_code == 200
                yield f"the answer of {route.name} {number}", answer.content + str(answer.headers).encode()
        assert read > 25, "too few pages were readable for this to mean anything"
