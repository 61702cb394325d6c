"""What can be done to many account tasks of one task at once, by whoever sees them."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.states import AccountTaskState, TaskState
from igfleet.errors import NothingToDo, WrongState
from igfleet.settings import UiSettings
from igfleet.ui.bulk.act import Act, Listed, Work
from igfleet.ui.cancelling import cancel_only
from igfleet.ui.models import Account, AccountTask
from igfleet.ui.models.base import among
from igfleet.ui.retrying import resume_only, retry_failed
from igfleet.ui.task_page import TaskPage
from igfleet.ui.words import look

_TASK = "task"
type Verb = Callable[[AsyncSession, int, Collection[int], str], Awaitable[int]]
"""Do it to these of a task's account tasks; how many that changed."""


def _those(verb: Verb) -> Callable[[Work, Sequence[int]], Awaitable[int]]:
    async def do(work: Work, ids: Sequence[int]) -> int:
        try:
            async with work.session.begin_nested():
                return await verb(work.session, int(work.job.options[_TASK]), ids, work.job.created_by)
        except (NothingToDo, WrongState):
            return 0  # the result line counts them among the others

    return do


async def _retry(session: AsyncSession, task_id: int, ids: Collection[int], actor: str) -> int:
    return await retry_failed(session, task_id, actor, only=ids)


ACTS = {
    "retry": Act("Retry", "refresh", "retried", _those(_retry), others="nothing failed in the others"),
    "resume": Act(
        "Resume",
        "player-play",
        "resumed",
        _those(resume_only),
        others="the others do not wait, or you are still to say whether a post of theirs is live",
    ),
    "cancel": Act(
        "Cancel", "ban", "cancelled", _those(cancel_only), others="the others were over already", is_grave=True
    ),
}


def offered_acts(seen: TaskPage) -> Mapping[str, Act]:
    """Those that could change anything of the task."""
    state = TaskState(seen.task.state)
    may = {
        "retry": seen.has_failures and state is not TaskState.CANCELLED,
        "resume": bool(seen.needs_person),
        "cancel": not state.is_final,
    }
    return {name: act for name, act in ACTS.items() if may[name]}


def _filtered(given: Mapping[str, Any]) -> dict[str, str]:
    return {"state": str(given["state"])} if given.get("state") else {}


def _query(given: Mapping[str, Any], _settings: UiSettings) -> Select[int]:
    query = select(AccountTask.id).where(AccountTask.task_id == int(given[_TASK]))
    if state := _filtered(given).get("state"):
        query = query.where(AccountTask.state == state)
    return query.order_by(AccountTask.id)


def _words(given: Mapping[str, Any]) -> list[str]:
    state = _filtered(given).get("state", "")
    told = look("account_task", state).label if state in set(AccountTaskState) else state
    return [f"of task {given[_TASK]}", *([f"state {told}"] if state else [])]


def _present(ids: Sequence[int]) -> Select[int]:
    return select(AccountTask.id).where(among(AccountTask.id, ids)).order_by(AccountTask.id)


def _names(ids: Sequence[int]) -> Select[str]:
    named = select(func.coalesce("@" + Account.username, AccountTask.title))
    rows = named.select_from(AccountTask).outerjoin(Account, Account.id == AccountTask.account_id)
    return rows.where(among(AccountTask.id, ids)).order_by(AccountTask.id)


ACCOUNT_TASKS = Listed(
    noun="account task",
    path="/tasks",
    acts=ACTS,
    query=_query,
    words=_words,
    filtered=_filtered,
    wrong=lambda given: dict.fromkeys(set(given) - {_TASK, "state"}, "is no filter of this list"),
    names=_names,
    present=_present,
    of=_TASK,
)
