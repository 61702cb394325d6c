"""How far tasks are, by what they count: posts where the kind has them, else account tasks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.states import AccountTaskState, PostState
from igfleet.contracts.tasks import Subject
from igfleet.runners import runner_of
from igfleet.runners.base import Options, Runner
from igfleet.ui.models import AccountTask, Post, Task
from igfleet.ui.models.base import among

_NOUNS = {Subject.ACCOUNT: "account", Subject.MEDIUM: "video", Subject.PROXY: "proxy"}
_P, _A = PostState, AccountTaskState
_ORDER: dict[str, tuple[StrEnum, ...]] = {
    "post": (
        _P.PUBLISHED,
        _P.SIMULATED,
        _P.PUBLISHING,
        _P.PREPARING,
        _P.RECONCILING,
        _P.UNKNOWN,
        _P.NEEDS_PERSON,
        _P.FAILED,
        _P.CANCELLED,
        _P.PLANNED,
    ),
    "account_task": (
        _A.COMPLETED,
        _A.RUNNING,
        _A.SUSPENDED,
        _A.DISCARDED,
        _A.CANCELLED,
        _A.RETRYABLE,
        _A.AVAILABLE,
        _A.SCHEDULED,
    ),
}
"""Of the parts of a bar: what is done first."""


def _counts(table: type[Post] | type[AccountTask]) -> Select[int, str, int]:
    """How many of each state these tasks have."""
    counted = select(table.task_id, table.state, func.count()).group_by(table.task_id, table.state)
    return counted.where(among(table.task_id, bindparam("ids")))


_POSTS, _ACCOUNT_TASKS = _counts(Post), _counts(AccountTask)


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of a task's posts or account tasks are in each state, in the order of a bar."""

    states: str
    """Whose states they are: `post` or `account_task`."""
    noun: str
    """What is counted, in one word: post, account, video or proxy."""
    counts: dict[str, int] = field(default_factory=dict)
    is_dry: bool = False
    """Of a dry-run: what is done is simulated."""

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def done(self) -> int:
        if self.is_dry and self.states == "post":
            return self.counts.get(_P.SIMULATED, 0)
        return self.counts.get(_P.PUBLISHED if self.states == "post" else _A.COMPLETED, 0)

    @property
    def done_word(self) -> str:
        if self.is_dry:
            return "simulated"
        return "published" if self.states == "post" else "done"


def noun_of(runner: type[Runner[Options]]) -> str:
    """What a task of the kind counts."""
    return "post" if runner.has_posts else _NOUNS[runner.subject]


async def progress(session: AsyncSession, tasks: Sequence[Task]) -> dict[int, Progress]:
    """How far each of these tasks is."""
    with_posts = {task.id for task in tasks if runner_of(task.kind).has_posts}
    others = {task.id for task in tasks} - with_posts
    counted: dict[int, dict[str, int]] = {task.id: {} for task in tasks}
    for query, ids in ((_POSTS, with_posts), (_ACCOUNT_TASKS, others)):
        for task_id, state, count in await session.execute(query, {"ids": list(ids)}) if ids else ():
            counted[task_id][state] = count
    return {task.id: _made(task, counted[task.id]) for task in tasks}


def _made(task: Task, counted: dict[str, int]) -> Progress:
    runner = runner_of(task.kind)
    states = "post" if runner.has_posts else "account_task"
    in_order = {state.value: counted[state] for state in _ORDER[states] if state in counted}
    return Progress(states, noun_of(runner), in_order, task.dry_run)
