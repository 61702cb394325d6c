"""After a whole campaign, with its failures, no secret is anywhere but sealed: not in the database's files, not in a
backup, a log, a page, an export, a picture of a browser or an answer of an API, and in no encoding. `./igfleet siege`
does it with 1,000 accounts."""

import asyncio
import base64
import gzip
import io
import json
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from igfleet.embedded.locator import find_binaries
from igfleet.settings import UiSettings, load
from igfleet.ui.context import opened
from tests.e2e.fleet import TOKEN, Fleet
from tests.e2e.hiding_places import disguises, files_below, hits, unpacked
from tests.ui_api.routes import all_routes

pytestmark = pytest.mark.timeout(300)
PERSON = "canary-Dashb0ard pässword"
GOOD, WRONG, LOCKED = "nord_01", "nord_02", "nord_03"
SEEN = "nord_00"
"""Signs in by browser with a wrong password, which leaves evidence of it."""
KINDS = ("password", "mailbox", "proxy")
BEGINS = {kind: f"canary-{kind}-Zq7%" for kind in KINDS}
TOTP_BEGINS = "KVKFKRCPNZQUYMLX"
"""What the secrets of all accounts begin with is looked for: that finds every one of them, and parts of them too."""
MANY, AT_WORK = 1_000, 40
_EVIDENCE = """
SELECT e.name FROM evidence e JOIN account_tasks a ON a.id = e.account_task_id WHERE a.task_id = %s
"""


def test_a_secret_is_found_in_every_disguise() -> None:
    """The search below can fail."""
    secret = "canary-Pa$$ wörd"
    for name, form in disguises(secret).items():
        assert hits({"it": secret}, iter([("a place", b"before" + form + b"after")])), name
    assert not hits({"it": secret}, iter([("a place", b"nothing of it")]))


@pytest.mark.parametrize("packed", ["zip", "gzip", "png"])
def test_a_secret_is_found_where_it_is_packed(packed: str) -> None:
    secret, file = "canary-Pa$$ word", io.BytesIO()
    if packed == "zip":
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("within", secret * 9)
    elif packed == "gzip":
        file.write(gzip.compress(secret.encode() * 9))
    else:
        notes = PngInfo()
        notes.add_text("note", secret * 9, zip=True)
        Image.new("L", (9, 9)).save(file, "png", pnginfo=notes)
    place = ("a place", file.getvalue())

    assert hits({"it": secret}, unpacked(iter([place])))
    assert not hits({"it": secret}, iter([place]))


@pytest.mark.timeout(3600)
def test_no_secret_is_written_anywhere(own_fleet: Fleet, clips: list[Path], is_whole: bool) -> None:
    fleet = own_fleet
    names = [f"nord_{number:02d}" for number in range(1, (MANY if is_whole else 3) + 1)]
    _import(fleet, [*names, SEEN])
    fleet.worker("w1", LOG_LEVEL="debug")
    task = fleet.upload(names[:AT_WORK], clips[:1], "quiet", max_attempts=1)
    fleet.until(lambda: _is_over(fleet, task), 1800 if is_whole else 120)
    by_browser = fleet.order("bulk_login", [GOOD, SEEN], method="playwright", max_attempts=1)
    fleet.until(lambda: _is_over(fleet, by_browser), 120)
    kept = fleet.rows(_EVIDENCE, int(by_browser))
    assert {row["name"] for row in kept} == {"1-page.png", "1-trace.txt"}
    sessions = asyncio.run(_sessions(fleet, len(names[:AT_WORK])))
    assert len(sessions) >= 3, "the campaign left no session to look for"

    with closing(_entered(fleet)) as browser:
        key = json.loads(fleet.cli("api-keys", "add", "canaries", "--user", "anna", "--role", "admin", "--json"))[
            "token"
        ]
        own = {"a person": PERSON, "a key": key, "a visit": _visit(browser)}
        found = hits(BEGINS | {"totp": TOTP_BEGINS} | sessions | own, unpacked(_places(fleet, browser, key)))

    assert not found, "\n".join(found)


def _import(fleet: Fleet, names: list[str]) -> None:
    """Accounts: all work but those with a wrong password and one that must be confirmed; and a person."""
    made, lines = [], ["username,password,totp_secret,email,email_password,proxy"]
    address = fleet.sandbox["proxy_url"].removeprefix("http://")
    for number, name in enumerate(names):
        own = {kind: begin + name for kind, begin in BEGINS.items()}
        right = own["password"] if name not in (WRONG, SEEN) else "another one"
        state = {"state": "challenge_native"} if name == LOCKED else {}
        totp = TOTP_BEGINS + base64.b32encode(number.to_bytes(10)).decode() if name not in (WRONG, LOCKED, SEEN) else ""
        made.append({"username": name, "password": right, "totp_secret": totp or None, **state})
        proxy = f"http://via_{name}:{own['proxy'].replace('%', '%25')}@{address}"
        lines.append(f"{name},{own['password']},{totp},{name}@example.com,{own['mailbox']},{proxy}")
    fleet.control("POST", "accounts", {"accounts": made})
    (fleet.folder / "accounts.csv").write_text("\n".join(lines))
    fleet.cli("accounts", "import", "accounts.csv", "--authorised-by", "owner of all, in writing")
    (fleet.folder / "password").write_text(PERSON)
    fleet.cli("users", "add", "anna", "--role", "admin", "--password-file", "password")


def _is_over(fleet: Fleet, task: str) -> bool:
    states = {row["state"] for row in fleet.shown(task)["account_tasks"]}
    return states <= {"completed", "suspended", "discarded"}


async def _sessions(fleet: Fleet, count: int) -> dict[str, str]:
    """What the sign-ins brought back: the session and the signing key, as they lie in the vault."""
    settings = load(UiSettings, DATABASE_URL=fleet.database_url, IGFLEET_DATA_DIR=fleet.folder / "data")
    found: dict[str, str] = {}
    async with opened(settings, fleet.database_url) as ui, ui.database.sessions.begin() as session:
        for account in range(1, count + 1):
            fields = ["session_mobile", "session_web"]
            kept = await ui.vault.open(session, "account", account, fields, actor="test", reason="test")
            if "session_web" in kept:
                cookies = json.loads(kept["session_web"].get_secret_value())["cookies"]
                [value] = [cookie["value"] for cookie in cookies if cookie["name"] == "sessionid"]
                found[f"browser session of {account}"] = value
            if "session_mobile" in kept:
                told: dict[str, Any] = json.loads(kept["session_mobile"].get_secret_value())
                bearer = told.get("authorization_data") or {}
                cookies = told.get("cookies") or {}
                given = {"bearer session": bearer.get("sessionid"), "cookie session": cookies.get("sessionid")}
                found |= {f"{name} of {account}": value for name, value in given.items() if value}
    return found


def _places(fleet: Fleet, browser: httpx.Client, key: str) -> Iterator[tuple[str, bytes]]:
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
    yield from _pages(fleet, browser, key)
    yield from _bundle(browser)
    yield from _backup(fleet)


def _dump(url: str) -> bytes:
    command = [str(find_binaries() / "pg_dump"), url]
    dumped = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    assert b"nord_01" in dumped
    return dumped


def _backup(fleet: Fleet) -> Iterator[tuple[str, bytes]]:
    """Every file in it; the database as it is, and unpacked."""
    fleet.cli("backup", "--out", "backup.tar")
    with tarfile.open(fleet.folder / "backup.tar") as archive:
        archive.extractall(fleet.folder / "unpacked", filter="data")
    for where, data in files_below(fleet.folder / "unpacked"):
        yield f"the backup's {where}", data
    command = [str(find_binaries() / "pg_restore"), "-f", "-", str(fleet.folder / "unpacked/database.dump")]
    restored = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    assert b"nord_01" in restored
    yield "the backup's database", restored


def _bundle(browser: httpx.Client) -> Iterator[tuple[str, bytes]]:
    """The file for whoever helps."""
    packed = browser.post("/system/bundle", data={"csrf": _form_token(browser, "/system")})
    assert packed.status_code == 200, packed.text
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        for name in archive.namelist():
            yield f"the diagnostic file's {name}", archive.read(name)


def _form_token(browser: httpx.Client, path: str) -> str:
    return browser.get(path).text.split('name="csrf" value="', 1)[1].split('"', 1)[0]


def _entered(fleet: Fleet) -> httpx.Client:
    browser = httpx.Client(base_url=fleet.ui, trust_env=False, timeout=30)
    given = {"csrf": _form_token(browser, "/signin"), "name": "anna", "password": PERSON}
    entered = browser.post("/signin", data=given)
    assert entered.status_code == 303, entered.text
    return browser


def _visit(browser: httpx.Client) -> str:
    """The id of the visit: the longest of the cookies."""
    return max((value for value in browser.cookies.values() if value), key=len)


def _pages(fleet: Fleet, browser: httpx.Client, key: str) -> Iterator[tuple[str, bytes]]:
    """Every address that can be read, exports too, with each id that there is: signed in, with the workers' token, and
    with a key of the operator API."""
    read = {"page": 0, "worker": 0, "key": 0}
    for route in all_routes(fleet.folder / "routes"):
        if route.method != "GET" or route.path == "/events":
            continue
        who = "worker" if route.is_api else "key" if route.is_operator_api else "page"
        given = {"worker": f"Bearer {TOKEN}", "key": f"Bearer {key}"}.get(who)
        headers = {"Authorization": given} if given else {"Accept": "text/html"}
        for number in (1, 2, 3) if ":int" in route.path else (1,):
            answer = browser.get(route.with_numbers(number), headers=headers)
            read[who] += answer.status_code == 200
            yield f"the answer of {route.name} {number}", answer.content + str(answer.headers).encode()
    assert read["page"] > 25, "too few pages were readable for this to mean anything"
    assert read["key"] > 10, "too few answers of the operator API were readable"
