"""Proxies as commands print them, and checks as they order them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from igfleet.cli import tasks_afar
from igfleet.cli.afar import Afar
from igfleet.cli.database import ACTOR
from igfleet.cli.output import say

if TYPE_CHECKING:
    from igfleet.ui.context import UiContext
    from igfleet.ui.proxy_list import ProxyRow

type Json = dict[str, Any]
_FOUND = ("verdict", "latency_ms", "exit_ip", "country", "sentence")


def row_of(row: "ProxyRow") -> Json:
    """A proxy with its last check; never a secret."""
    from igfleet.ui.proxy_list import COLUMNS

    proxy = row.proxy
    cells: Json = dict(zip(COLUMNS, row.cells(), strict=True))
    return cells | {
        "address": proxy.label,
        "name": proxy.name,
        "has_password": proxy.has_password,
        "rotates": proxy.has_change_ip_url,
    }


async def order(ui: "UiContext", ids: Sequence[int] | None) -> int:
    """Start a check of these proxies, or of all that are on, and tell the workers. The task's id."""
    from sqlalchemy import select

    from igfleet.contracts.states import ProxyState
    from igfleet.ui.bus import Change, tell_after_commit
    from igfleet.ui.models import Proxy
    from igfleet.ui.proxies import order_check

    async with ui.database.sessions.begin() as session:
        query = select(Proxy.id).where(Proxy.state != ProxyState.DISABLED).order_by(Proxy.id)
        chosen = list(ids) if ids else list(await session.scalars(query))
        task = await order_check(session, ui.settings, chosen, ACTOR)
        await tell_after_commit(session, Change("task", task.id), Change("work", 0))
    await ui.nudges.nudge(ui.database, task.id)
    return task.id


async def outcome(ui: "UiContext", task_id: int) -> list[Json]:
    """What was found of each proxy; of one that was not checked, why."""
    from sqlalchemy import select

    from igfleet.ui.models import AccountTask

    query = select(AccountTask).where(AccountTask.task_id == task_id).order_by(AccountTask.position)
    async with ui.database.sessions() as session:
        return [
            _found(row.proxy_id, row.title, row.share, row.result, row.message or row.state)
            for row in await session.scalars(query)
        ]


def checked_there(ui: Afar, ids: Sequence[int] | None, timeout_s: float | None) -> Json:
    """The same on another ui; what was found, when there is a time to wait for it."""
    chosen = list(ids) if ids else [row["id"] for row in ui.rows("proxies") if row["state"] != "disabled"]
    task = int(ui.post("proxies/checks", {"ids": chosen})["task_id"])
    if timeout_s is None:
        return {"task": task}
    state = tasks_afar.waited_for(ui, task, timeout_s, say)
    rows = [
        _found(row["proxy_id"], row["title"], row["share"], row["result"], row["message"] or row["state"])
        for row in ui.rows(f"tasks/{task}/rows")
    ]
    return {"task": task, "is_over": state["is_over"], "proxies": rows}


def _found(proxy_id: int | None, address: str, share: Mapping[str, Any], result: Mapping[str, Any], why: str) -> Json:
    told = {"id": proxy_id, "address": address, "accounts": share.get("accounts", [])}
    return {**told, **{name: result.get(name) for name in _FOUND}, "sentence": result.get("sentence", why)}
