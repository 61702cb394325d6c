"""What the account tasks of a task came to: one row each, for the result table, the exports and the command line."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.runners import runner_of
from igfleet.runners.base import Options, Runner
from igfleet.ui.exports import Sheet
from igfleet.ui.models import Account, AccountTask
from igfleet.ui.planning.plan import find_task

_OF_ALL = ("account_task", "account", "title", "state", "attempt", "reason_code", "message", "finished_at")


async def results_of(session: AsyncSession, task_id: int, state: str = "") -> Sheet:
    """One row for each account task, in the order of the plan; of one state when it is given. Raises `NotFound`."""
    runner = runner_of((await find_task(session, task_id)).kind)
    query = select(AccountTask, Account.username).outerjoin(Account, Account.id == AccountTask.account_id)
    query = query.where(AccountTask.task_id == task_id).order_by(AccountTask.position, AccountTask.id)
    if state:
        query = query.where(AccountTask.state == state)
    found = [(row, username) for row, username in await session.execute(query)]
    columns = _columns(runner, [row for row, _ in found])
    return Sheet([name for _, name, _ in columns], [_row(row, username, columns) for row, username in found])


type _Column = tuple[str, str, str]
"""Where the value is, its name in the export, its name there."""


def _columns(runner: type[Runner[Options]], rows: Sequence[AccountTask]) -> list[_Column]:
    """What the kind declares, and counters that a worker sent besides. A name that stands twice says where from."""
    counted = dict.fromkeys(runner.counters) | dict.fromkeys(name for row in rows for name in sorted(row.counters))
    parts = (("share", runner.share_columns), ("counters", tuple(counted)), ("result", runner.result_columns))
    names = [name for _, part in parts for name in part]
    found: list[_Column] = [("", name, name) for name in _OF_ALL]
    for where, part in parts:
        for name in part:
            is_free = names.count(name) == 1 and name not in _OF_ALL
            found.append((where, name if is_free else f"{where}_{name}", name))
    return found


def _row(row: AccountTask, username: str | None, columns: Sequence[_Column]) -> list[object]:
    own = {
        "account_task": row.id,
        "account": username,
        "title": row.title or username or "",
        "state": row.state,
        "attempt": row.attempt,
        "reason_code": row.reason_code,
        "message": row.message,
        "finished_at": row.finished_at,
    }
    given: dict[str, Mapping[str, object]] = {"": own, "share": row.share, "counters": row.counters}
    given["result"] = row.result
    return [given[where].get(name, 0 if where == "counters" else None) for where, _, name in columns]
