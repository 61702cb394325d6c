"""Jobs: the lives of start calls on this worker, kept in a small file over a restart."""

import json
import os
import uuid
from pathlib import Path
from uuid import UUID

from igfleet import clock
from igfleet.contracts.leases import Ending, LeaseOutcome
from igfleet.contracts.worker_api import Job, JobState
from igfleet.errors import NotFound

_KEPT = 500
_LIVE = (JobState.PENDING, JobState.RUNNING)


class Jobs:
    """By id, newest last. Every change is on disk when the call returns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._jobs: dict[UUID, Job] = {}
        if path.exists():
            listed = json.loads(path.read_text(encoding="utf-8"))
            self._jobs = {job.job_id: job for job in map(Job.model_validate, listed)}

    def start(self, kind: str, task_id: int) -> Job:
        """A new job, or the one that is under way for the same task."""
        for job in self._jobs.values():
            if (job.kind, job.task_id) == (kind, task_id) and job.status in _LIVE:
                return job
        return self._put(Job(job_id=uuid.uuid4(), kind=kind, task_id=task_id, started_at=clock.now()))

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

    def ended(self, task_id: int, outcome: LeaseOutcome, counters: dict[str, int], *, more: bool) -> None:
        """An account task ended; `more` tells whether others of the same task still run here."""
        good = outcome.outcome is Ending.COMPLETED
        for job in self._of(task_id):
            changed = {
                "successful_accounts": job.successful_accounts + good,
                "failed_accounts": job.failed_accounts + (not good and outcome.outcome is not Ending.RELEASED),
                "total_uploaded": job.total_uploaded + counters.get("success", 0),
                "total_failed_uploads": job.total_failed_uploads + counters.get("failed", 0),
                "message": outcome.message,
            }
            self._put(self._over(job.model_copy(update=changed)) if not more else job.model_copy(update=changed))

    def nothing_to_do(self, task_id: int) -> None:
        """The ui had no account task of it for this worker."""
        for job in self._of(task_id):
            if job.status is JobState.PENDING:
                self._put(self._over(job.model_copy(update={"message": "nothing was left to lease"})))

    def stop(self, job_id: UUID) -> Job:
        """The job is over; its runs are told by the caller."""
        job = self.find(job_id)
        if job.status not in _LIVE:
            return job
        return self._put(job.model_copy(update={"status": JobState.CANCELLED, "finished_at": clock.now()}))

    def _over(self, job: Job) -> Job:
        failed = job.failed_accounts and not job.successful_accounts
        status = JobState.FAILED if failed else JobState.COMPLETED
        return job.model_copy(update={"status": status, "finished_at": clock.now()})

    def _of(self, task_id: int) -> list[Job]:
        return [job for job in self._jobs.values() if job.task_id == task_id and job.status in _LIVE]

    def _put(self, job: Job) -> Job:
        self._jobs[job.job_id] = job
        while len(self._jobs) > _KEPT:
            self._jobs.pop(next(iter(self._jobs)))
        text = json.dumps([known.model_dump(mode="json") for known in self._jobs.values()])
        fresh = self._path.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        os.replace(fresh, self._path)  # noqa: PTH105  # atomic on every system
        return job
