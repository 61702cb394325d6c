"""Which tasks are meant: the filter of their list."""

from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import defer

from igfleet.contracts.states import TaskState
from igfleet.runners import KINDS
from igfleet.ui.finding.filters import ListFilter
from igfleet.ui.models import Task
from igfleet.ui.words import look

LISTED = tuple(defer(one, raiseload=True) for one in (Task.options, Task.captions, Task.account_ids, Task.plan_notes))
"""To load tasks for a list: without what they are made of, which may be a hundred times the rest."""


@dataclass(frozen=True, slots=True)
class TaskFilter(ListFilter):
    """Everything empty means all tasks that people order."""

    choices = {"state": [*TaskState], "kind": KINDS}
    q: str = ""
    """A part of the name."""
    state: str = ""
    kind: str = ""

    def select(self) -> Select[Task]:
        """The tasks."""
        query = select(Task).where(Task.kind.in_(KINDS))
        if self.state in set(TaskState):
            query = query.where(Task.state == self.state)
        if self.kind in KINDS:
            query = query.where(Task.kind == self.kind)
        if self.q:
            query = query.where(Task.name.icontains(self.q, autoescape=True))
        return query

    def told(self) -> list[str]:
        """The same in words."""
        state = look("task", self.state).label if self.state in set(TaskState) else self.state
        kind = KINDS[self.kind].title if self.kind in KINDS else self.kind
        words = {"name with": self.q, "state": state, "kind": kind}
        return [f"{word} {value}" for word, value in words.items() if value]
