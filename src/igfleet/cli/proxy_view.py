"""Proxies as commands print them, and checks as they order them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from igfleet.cli.database import ACTOR

if TYPE_CHECKING:
    from igfleet.ui.context import UiContext
    from igfleet.ui.proxy_list import ProxyRow

type Json = dict[str, object]


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
    names = ("verdict", "latency_ms", "exit_ip", "country", "sentence")
    async with ui.database.sessions() as session:
        return [
            {"id": row.proxy_id, "address": row.title, "accounts": row.share.get("accounts", [])}
            | {name: row.result.get(name) for name in names}
            | ({} if "sentence" in row.result else {"sentence": row.message or row.state})
            for row in await session.scalars(query)
        ]
