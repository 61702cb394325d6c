"""What workers tell the ui about themselves, and what the ui asks of a worker."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, HttpUrl

from igfleet.contracts.base import Contract, Id, Whole, Word
from igfleet.contracts.tasks import Method


class Registration(Contract):
    """`POST /api/workers/register`: safe to repeat; the name identifies the worker."""

    name: Word
    base_url: HttpUrl | None = None
    version: Word
    slots: Annotated[int, Field(ge=1, le=1000)]
    kinds: tuple[Word, ...]
    methods: tuple[Method, ...]
    labels: tuple[Word, ...] = ()
    libraries: dict[Method, Word] = {}
    """By method: the library that drives it, with its version, as in `instagrapi 3.2.2`."""


class Registered(Contract):
    worker_id: Id
    heartbeat_every_s: float
    lease_length_s: float


class Heartbeat(Contract):
    """`POST /api/workers/{id}/heartbeat`"""

    running: Whole
    cpu_percent: Annotated[float, Field(ge=0)] | None = None
    memory_bytes: Whole | None = None
    disk_free_bytes: Whole | None = None
    standstill: Id | None = None
    """The standstill that it obeys: it takes no new work and knows why."""


class HeartbeatReply(Contract):
    drain: bool = False
    cancel: tuple[UUID, ...] = ()
    """Leases whose run is to stop at the next safe point."""
    standstill: Id | None = None
    """Everything is paused: take nothing new, and say so in the next heartbeat, at once."""


class StartOptions(Contract):
    """Options of a start call. All are hints: the task's own options decide."""

    concurrency: Annotated[int, Field(ge=1, le=1000)] | None = None
    headless: bool | None = None
    visible: bool | None = None
    batch_index: Annotated[int, Field(ge=0, le=10_000)] | None = None
    batch_count: Annotated[int, Field(ge=1, le=10_000)] | None = None
    upload_method: Method | None = None


class StartRequest(Contract):
    """`POST /api/v1/bulk-tasks/start`"""

    mode: Literal["pull"] = "pull"
    task_id: Id
    options: StartOptions = StartOptions()


class Started(Contract):
    job_id: UUID
    accepted: bool = True


class JobState(StrEnum):
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class Job(Contract):
    """A start call's life on one worker."""

    job_id: UUID
    kind: Word
    task_id: Id
    status: JobState = JobState.PENDING
    successful_accounts: int = 0
    failed_accounts: int = 0
    total_uploaded: int = 0
    total_failed_uploads: int = 0
    message: str = ""
    started_at: datetime
    finished_at: datetime | None = None


class Health(Contract):
    ok: bool = True
    version: str
    worker_id: int | None
    slots: int
    running: int


class Problem(Contract):
    """RFC 9457 problem details, as every error of both APIs."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    reason_code: str
    retryable: bool = False
    errors: tuple[dict[str, str], ...] = ()
