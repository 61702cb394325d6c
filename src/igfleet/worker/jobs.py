"""Jobs: the lives of start calls on this worker, kept in a small file over a restart."""

import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from igfleet import clock, log
from igfleet.contracts.leases import Ending, LeaseOutcome
from igfleet.contracts.worker_api import Job, JobState, StartOptions
from igfleet.errors import NotFound

_log = log.get(__name__)
_KEPT = 500
_LIVE = (JobState.PENDING, JobState.RUNNING)


class Jobs:
    """By id, newest last. Every change is on disk when the call returns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._options: dict[UUID, StartOptions] = {}
        self._jobs = {job.job_id: job for job in _read(path)}
        for job in list(self._jobs.values()):
            if job.status in _LIVE:
                self._end(job, JobState.CANCELLED, "the worker was restarted; what was left goes on without a job")

    def start(self, kind: str, task_id: int, options: StartOptions) -> Job:
        """A new job, or the one that is under way for the same task."""
        for job in self._of(task_id):
            if job.kind == kind:
                return job
        job = Job(job_id=uuid.uuid4(), kind=kind, task_id=task_id, started_at=clock.now())
        self._options[job.job_id] = options
        return self._put(job)

    def find(self, job_id: UUID) -> Job:
        """Raises `NotFound`."""
        if job_id not in self._jobs:
            raise NotFound(f"There is no job {job_id} on this worker.")
        return self._jobs[job_id]

    def all(self) -> list[Job]:
        return list(self._jobs.values())

    def ran(self, task_id: int) -> None:
        """An account task of the task is running here."""
        for job in self._of(task_id):
            self._put(job.model_copy(update={"status": JobState.RUNNING}))

    def ended(self, task_id: int, outcome: LeaseOutcome, counters: Mapping[str, int]) -> None:
        """An account task of the task ended here."""
        good = outcome.outcome is Ending.COMPLETED
        for job in self._of(task_id):
            changed = {
                "successful_accounts": job.successful_accounts + good,
                "failed_accounts": job.failed_accounts + (not good and outcome.outcome is not Ending.RELEASED),
                "total_uploaded": job.total_uploaded + counters.get("success", 0),
                "total_failed_uploads": job.total_failed_uploads + counters.get("failed", 0),
                "message": outcome.message,
            }
            self._put(job.model_copy(update=changed))

    def over(self, task_id: int) -> None:
        """The ui has no more account task of it for this worker."""
        for job in self._of(task_id):
            never_ran = job.status is JobState.PENDING
            message = "nothing was left to lease" if never_ran else job.message
            failed = job.failed_accounts and not job.successful_accounts
            self._end(job, JobState.FAILED if failed else JobState.COMPLETED, message)

    def options(self, task_id: int) -> StartOptions | None:
        """The options of the task's live job; None when there is no such job."""
        for job in self._of(task_id):
            return self._options.get(job.job_id, StartOptions())
        return None

    def stop(self, job_id: UUID) -> Job:
        """The job is over; its runs are told by the caller."""
        job = self.find(job_id)
        if job.status not in _LIVE:
            return job
        return self._end(job, JobState.CANCELLED, "stopped on this worker")

    def _end(self, job: Job, status: JobState, message: str) -> Job:
        self._options.pop(job.job_id, None)
        return self._put(job.model_copy(update={"status": status, "finished_at": clock.now(), "message": message}))

    def _of(self, task_id: int) -> list[Job]:
        return [job for job in self._jobs.values() if job.task_id == task_id and job.status in _LIVE]

    def _put(self, job: Job) -> Job:
        self._jobs[job.job_id] = job
        while len(self._jobs) > _KEPT:
            self._jobs.pop(next(iter(self._jobs)))
        text = json.dumps([known.model_dump(mode="json") for known in self._jobs.values()])
        fresh = self._path.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(self._path)
        return job


def _read(path: Path) -> list[Job]:
    """The jobs of the file; a file that cannot be read is one without jobs."""
    if not path.exists():
        return []
    try:
        return TypeAdapter(list[Job]).validate_json(path.read_bytes())
    except ValidationError as error:
        _log.warning("jobs_forgotten", file=str(path), error=f"{error.error_count()} errors")
        return []
