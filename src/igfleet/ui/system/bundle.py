"""A file about this installation for whoever helps: versions, checks, settings, figures, latest trouble. No secrets.

Only what is listed here goes in; every text passes the redactor, and secret settings are masked where they are read.
"""

import io
import json
import platform
import zipfile
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from importlib.metadata import distributions
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.log import redactor
from igfleet.ui.audit import chain
from igfleet.ui.configuration import effective
from igfleet.ui.context import UiContext
from igfleet.ui.system import health
from igfleet.ui.system.checks import Finding

_LINES = 1000
_COUNTS = {
    "accounts": "SELECT status AS word, count(*) FROM accounts GROUP BY 1",
    "proxies": "SELECT state AS word, count(*) FROM proxies GROUP BY 1",
    "tasks": "SELECT kind || ' ' || state AS word, count(*) FROM tasks GROUP BY 1",
    "account_tasks": "SELECT kind || ' ' || state AS word, count(*) FROM account_tasks GROUP BY 1",
    "posts": "SELECT state AS word, count(*) FROM posts GROUP BY 1",
    "reasons": "SELECT coalesce(reason_code, 'none') AS word, count(*) FROM account_tasks GROUP BY 1",
}
_WORKERS = "SELECT name, version, kinds, methods, slots, running, labels, libraries, seen_at FROM workers"
_BREAKERS = "SELECT scope, rule, reason, opened_at, until, ended_at FROM breakers ORDER BY id DESC LIMIT 200"
_TROUBLE = f"""
SELECT at, level, event, text FROM log_lines WHERE level IN ('warning', 'error') ORDER BY id DESC LIMIT {_LINES}
"""


async def pack(session: AsyncSession, ui: UiContext, findings: Sequence[Finding]) -> bytes:
    """The file, a zip."""
    counts = {name: {row[0]: row[1] for row in await session.execute(text(sql))} for name, sql in _COUNTS.items()}
    rows = await effective.every(session, ui.book)
    parts = {
        "versions.json": _versions(),
        "checks.json": [asdict(one) for one in findings],
        "settings.json": [{"name": one.name, "value": one.value, "source": one.source} for one in rows],
        "health.json": (await health.gather(session, ui)).plain(),
        "counts.json": counts,
        "workers.json": await _rows(session, _WORKERS),
        "breakers.json": await _rows(session, _BREAKERS),
        "trouble.json": await _rows(session, _TROUBLE),
        "audit.json": {"head": str(await chain.head(session))},
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, part in parts.items():
            clean = redactor.value("", json.loads(json.dumps(part, default=_plain)))
            file.writestr(name, json.dumps(clean, ensure_ascii=False, indent=1))
    return packed.getvalue()


def _versions() -> dict[str, Any]:
    found = sorted({(one.name.lower(), one.version) for one in distributions()})
    return {"python": platform.python_version(), "system": platform.platform(), "libraries": dict(found)}


async def _rows(session: AsyncSession, statement: str) -> list[dict[str, Any]]:
    return [dict(row) for row in (await session.execute(text(statement))).mappings()]


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
