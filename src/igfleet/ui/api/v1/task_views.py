"""Tasks, their rows and log lines as the API tells them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from igfleet.contracts.states import AccountTaskState, PostState, TaskState
from igfleet.contracts.tasks import Mode, Place
from igfleet.ui.api.v1.paging import View
from igfleet.ui.models import AccountTask, LogEntry, Post, Task
from igfleet.ui.planning.notes import Note

type Counts = dict[str, dict[str, int]]


class TaskShort(View):
    """A task in a list."""

    id: int
    name: str
    kind: str
    state: TaskState
    mode: Mode
    dry_run: bool
    """Nothing of it is written on Instagram."""
    created_by: str
    created_at: datetime
    start_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    paused_at: datetime | None
    paused_why: str


class TaskView(TaskShort):
    """A task."""

    options: Mapping[str, Any]
    seed: int
    plan_hash: str | None
    cancelled_by: str | None
    canary: int | None
    """So many account tasks run first."""
    canary_ended_at: datetime | None
    """When the others were let go."""
    notes: list[Note]
    """What its plan leaves out, and why."""
    counts: Counts
    """Account tasks and posts: in all, and by state."""


class RowView(View):
    """One account task."""

    id: int
    position: int
    account_id: int | None
    account: str | None
    proxy_id: int | None
    """The proxy that it is about, if it is about one."""
    title: str
    """What it is about when it is about no account."""
    state: AccountTaskState
    attempt: int
    max_attempts: int
    step: str
    reason_code: str | None
    message: str
    counters: Mapping[str, Any]
    share: Mapping[str, Any]
    result: Mapping[str, Any]
    available_at: datetime | None
    behind_canary: bool
    """Held until the first account tasks of the task have ended and the others are let go."""
    finished_at: datetime | None


class PostView(View):
    """One post: a video on an account."""

    id: int
    task_id: int
    account_task_id: int
    account_id: int
    account: str
    media_id: int
    video: str
    media_sha256: str
    position: int
    round: int
    state: PostState
    caption: str
    location: Place | None
    mentions: list[str]
    scheduled_at: datetime | None
    upload_id: str
    media_pk: str | None
    """Instagram's id of it."""
    code: str | None
    permalink: str | None
    published_at: datetime | None
    reason_code: str | None
    message: str
    changed_at: datetime


class LineView(View):
    """One line of a task's log."""

    id: int
    at: datetime
    account_task_id: int | None
    level: str
    event: str
    text: str


class Started(View):
    """How many account tasks it concerns."""

    account_tasks: int


def task_view(task: Task, counts: Counts, *, is_whole: bool = True) -> TaskView:
    """The notes name accounts: who sees a part of the task only is not told them."""
    own = {name: getattr(task, name) for name in TaskView.model_fields if hasattr(Task, name)}
    return TaskView.model_validate(own | {"notes": task.plan_notes if is_whole else [], "counts": counts})


def row_view(row: AccountTask) -> RowView:
    """The account must be loaded."""
    own = {name: getattr(row, name) for name in RowView.model_fields if name != "account"}
    return RowView(**own, account=row.account.username if row.account else None)


def post_view(post: Post) -> PostView:
    """Account and file must be loaded."""
    own = {name: getattr(post, name) for name in PostView.model_fields if name not in ("account", "video")}
    return PostView(**own, account=post.account.username, video=post.file.name)


def line_view(entry: LogEntry) -> LineView:
    return LineView.model_validate(entry)
