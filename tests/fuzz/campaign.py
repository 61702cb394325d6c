"""Runs schemathesis against a ui, once for every kind of caller, and adds up what it found."""

import asyncio
import json
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from igfleet import clock
from igfleet.ui.api.description import whole_description
from igfleet.ui.app import create_app
from igfleet.ui.models import Breaker, Challenge, PostIncident, Role
from igfleet.ui.security.sessions import COOKIE
from tests.domain.factories import proxies
from tests.fuzz.hooks import KNOWN
from tests.fuzz.pages import description
from tests.serving import SHARED_TOKEN, Served
from tests.ui_api.holding import key
from tests.ui_api.stage import Stage, form_token, staged

BROWSER = "a browser"
OPERATORS, WORKERS, EVERYTHING = "^/api/v1/", "^/api/(?!v1/)", "^/"
_ROOT = Path(__file__).parent.parent.parent
_CONFIG = Path(__file__).parent / "schemathesis.toml"
_NUMBERED = (
    "account_id", "task_id", "post_id", "proxy_id", "media_id", "upload_id", "challenge_id", "incident_id",
    "worker_id", "breaker_id", "account_task_id", "job_id", "hold_id", "recurring_id", "set_id",
    "webhook_id", "delivery_id", "mail_id",
)  # fmt: skip


@dataclass(frozen=True)
class Caller:
    """Somebody who calls, and what of the APIs is called."""

    name: str
    token: str | None
    paths: str
    is_deep: bool = False
    """Whether each value at the edge of what the schema allows is tried too, besides what is drawn."""


@dataclass(frozen=True)
class Found:
    """What one caller found. `told` is schemathesis' own report."""

    caller: str
    cases: int
    failures: int
    told: str


async def callers(ui: Served, stage: Stage) -> list[Caller]:
    """Every kind: none, each role's key, keys that may less, a worker's token and the shared one."""
    keys = {str(role): await key(ui, f"boss-{role}", role) for role in Role}
    keys["reader"] = await key(ui, "boss-admin", may_write=False)
    keys["narrow"] = await key(ui, "boss-admin", tags=["north"], kinds=["bulk_upload"])
    return [
        Caller("nobody", None, EVERYTHING),
        *(Caller(f"key: {name}", made.token, OPERATORS, name == "admin") for name, made in keys.items()),
        Caller("worker", stage.tokens["w1"], WORKERS),
        Caller("shared token", SHARED_TOKEN, WORKERS, is_deep=True),
    ]


async def set_stage(ui: Served) -> Stage:
    """Something of everything that a path can name."""
    stage = await staged(ui, 4)
    async with ui.context.database.sessions.begin() as session:
        made = await proxies(session, 3)
        post = stage.leases[0]["posts"][0]["id"]
        session.add_all(
            [
                Challenge(account_id=1, kind="email_code", method="instagrapi"),
                PostIncident(post_id=post, kind="vanished"),
                Breaker(
                    scope="proxy",
                    key=str(made[0].id),
                    rule="r",
                    reason="proxy_unreachable",
                    subjects=[1],
                    rest_s=600,
                    until=clock.now() + timedelta(hours=1),
                ),
            ]
        )
    return stage


async def attack(ui: Served, stage: Stage, caller: Caller, folder: Path, *more: str, examples: int, seed: int) -> Found:
    """One run of schemathesis as this caller."""
    app = create_app(ui.context.settings, ui.context.settings.database_url or "")
    phases = "examples,coverage,fuzzing,stateful" if caller.is_deep else "fuzzing"
    rest = ("--checks", "all", "--phases", phases, *_signed(caller), *more)
    return await _run(ui, stage, caller.name, _part(whole_description(app), caller), folder, examples, seed, *rest)


async def attack_pages(
    ui: Served, stage: Stage, folder: Path, *more: str, paths: str, examples: int, seed: int
) -> Found:
    """One run of schemathesis as an admin in a browser, over all forms too: whatever is sent, no page fails."""
    async with ui.signed_in("boss-in-browser") as browser:
        described = await description(browser)
        chosen = {path: one for path, one in described["paths"].items() if re.search(paths, path)}
        signed = {"Cookie": f"{COOKIE}={browser.cookies[COOKIE]}", "X-CSRF-Token": await form_token(browser)}
        headers = [
            word for name, value in {**signed, "Accept": "text/html"}.items() for word in ("-H", f"{name}: {value}")
        ]
        rest = ("--checks", "not_a_server_error", "--phases", "fuzzing", *headers, *more)
        found = await _run(ui, stage, BROWSER, {**described, "paths": chosen}, folder, examples, seed, *rest)
        assert (await browser.get("/accounts")).status_code == 200, "the session ended on the way: it shows nothing"
    return found


async def _run(
    ui: Served, stage: Stage, name: str, described: dict[str, Any], folder: Path, examples: int, seed: int, *rest: str
) -> Found:
    document, report = folder / "api.json", folder / "report.json"
    document.write_text(json.dumps(described), encoding="utf-8")
    report.unlink(missing_ok=True)
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(_CONFIG), "--no-color",
        "run", str(document), "--url", ui.address, "--max-examples", str(examples), "--seed", str(seed),
        "--report", "json", "--report-json-path", str(report), *rest,
    ]  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,  # it keeps things there
        env={**os.environ, KNOWN: json.dumps(_known(stage)), "PYTHONPATH": str(_ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await process.communicate()
    return _found(name, process.returncode or 0, report, told.decode(errors="replace"))


def _part(document: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """What this caller calls of it."""
    return {
        **document,
        "paths": {path: one for path, one in document["paths"].items() if re.search(caller.paths, path)},
    }


def _found(caller: str, code: int, report: Path, told: str) -> Found:
    if not report.exists():
        return Found(caller, 0, 1, told)
    cases = json.loads(report.read_text(encoding="utf-8"))["test_cases"]
    failures = cases["unique_failures"] + cases["errored"]
    return Found(caller, cases["generated"], failures or int(code != 0), told)


def _signed(caller: Caller) -> Sequence[str]:
    return () if caller.token is None else ("-H", f"Authorization: Bearer {caller.token}")


def _known(stage: Stage) -> dict[str, list[Any]]:
    numbers = {name: list(range(1, 6)) for name in _NUMBERED}
    return {**numbers, "lease_id": [one["id"] for one in stage.leases], "kind": ["bulk-tasks", "bulk_login"]}
