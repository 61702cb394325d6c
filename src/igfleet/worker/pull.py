"""The pull loop: make itself known, ask for work while slots are free, keep the leases, drain."""

import asyncio
import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from igfleet import __version__, backoff, clock, log
from igfleet.contracts.leases import Lease, LeaseRequest
from igfleet.contracts.tasks import Method
from igfleet.contracts.worker_api import Registered, Registration, StartOptions
from igfleet.errors import Forbidden, NotFound, NotSignedIn, Unavailable, UserError
from igfleet.worker import machine
from igfleet.worker.jobs import Jobs
from igfleet.worker.messages import Stop
from igfleet.worker.supervisor import Bench, Run, report_leftovers

_log = log.get(__name__)
_WAIT_S = 20.0
_FIRST_RETRY, _LONGEST_RETRY = timedelta(seconds=0.5), timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Nudge:
    """A hint that a task has work, and which share of it is meant for this worker."""

    task_id: int
    options: StartOptions


class Pull:
    """The worker's life. `run` ends when `stop` was called and the last run is over."""

    def __init__(self, bench: Bench, name: str, base_url: str | None, jobs: Jobs) -> None:
        self._bench, self._name, self._base_url = bench, name, base_url
        self.jobs = jobs
        self.worker_id: int | None = None
        self.runs: dict[UUID, Run] = {}
        self.is_draining = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._nudges: asyncio.Queue[Nudge] = asyncio.Queue(1000)
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._hurry = asyncio.Event()
        self._freed = asyncio.Event()

    def nudge(self, nudge: Nudge) -> None:
        """Ask for work now."""
        with suppress(asyncio.QueueFull):
            self._nudges.put_nowait(nudge)
        self._wake.set()

    def stop(self) -> None:
        """Drain: lease nothing more, end at the next safe points. A second call hurries."""
        if self._stopping.is_set():
            self._hurry.set()
        self._stopping.set()
        self._wake.set()

    def stop_task(self, task_id: int) -> None:
        """End the runs of one task at their next safe point."""
        for run in self.runs.values():
            if run.lease.task_id == task_id:
                run.ask_to_stop(Stop.WORKER_STOPPING)

    async def run(self) -> None:
        """Register, then work until stopped."""
        registered = await self._register()
        if registered is None:
            return
        await self._report_leftovers()
        helpers = [
            asyncio.create_task(self._beat(registered.heartbeat_every_s)),
            asyncio.create_task(self._renew(registered.lease_length_s / 3)),
        ]
        try:
            await self._lease_until_stopped()
            await self._drain()
        finally:
            for task in helpers:
                task.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)

    async def _register(self) -> Registered | None:
        """Try until the ui answers; None when stopped before."""
        number = 0
        while not self._stopping.is_set():
            try:
                registered = await self._bench.ui.register(self._registration())
                self.worker_id = registered.worker_id
                _log.info("registered", worker=self._name, worker_id=registered.worker_id, ui=self._bench.ui.base)
                return registered
            except (NotSignedIn, Forbidden) as error:
                _log.error("token_refused", error=str(error), advice="UI_API_TOKEN is not a token of this ui")
            except UserError as error:
                advice = "Is the ui running, is UI_API_BASE right? The worker goes on trying."
                _log.warning("ui_unreachable", error=str(error), ui=self._bench.ui.base, advice=advice)
            number += 1
            await self._rest(backoff.delay(number, first=_FIRST_RETRY, most=_LONGEST_RETRY).total_seconds())
        return None

    async def _report_leftovers(self) -> None:
        try:
            await report_leftovers(self._bench.ui, self._bench.folder)
        except (UserError, OSError) as error:
            _log.warning("leftovers_kept", error=str(error))

    def _registration(self) -> Registration:
        kinds = self._bench.kinds
        methods = {method for kind in kinds.values() for method in kind.methods}
        return Registration.model_validate(
            {
                "name": self._name,
                "base_url": self._base_url,
                "version": __version__,
                "slots": self._bench.settings.slots,
                "kinds": tuple(kinds),
                "methods": tuple(sorted(methods)),
                "labels": self._bench.settings.labels,
            }
        )

    async def _lease_until_stopped(self) -> None:
        number = 0
        while not self._stopping.is_set():
            if self._room() <= 0:
                await self._until_room()
                continue
            try:
                await self._lease_once()
                number = 0
            except NotFound:
                await self._register()
            except UserError as error:
                number += 1
                _log.warning("lease_failed", error=str(error))
                await self._rest(backoff.delay(number, first=_FIRST_RETRY, most=_LONGEST_RETRY).total_seconds())

    def _room(self) -> int:
        """Free slots; none while draining or while the disk is nearly full."""
        if self.is_draining or self._disk_is_full():
            return 0
        return self._bench.settings.slots - len(self.runs)

    def _disk_is_full(self) -> bool:
        free = machine.free_bytes(self._bench.folder)
        full = free < self._bench.settings.disk_reserve_bytes
        if full:
            _log.error("worker_disk", free_bytes=free, advice="free space on the worker; nothing is leased meanwhile")
        return full

    async def _lease_once(self) -> None:
        nudge = None if self._nudges.empty() else self._nudges.get_nowait()
        request = self._request(nudge)
        leases = await self._asked(request)
        if leases:
            await self._accept(leases)
        if nudge is not None and not any(run.lease.task_id == nudge.task_id for run in self.runs.values()):
            self.jobs.nothing_to_do(nudge.task_id)

    async def _accept(self, leases: list[Lease]) -> None:
        """Renew at once: a lease's local deadline counts from a call that did not wait for work."""
        asked_at = clock.boot_seconds()
        held = {renewal.id for renewal in await self._bench.ui.renew([lease.id for lease in leases]) if renewal.is_held}
        for lease in leases:
            if lease.id in held:
                self._start(lease, asked_at)

    def _request(self, nudge: Nudge | None) -> LeaseRequest:
        kinds = self._bench.kinds
        methods = {method for kind in kinds.values() for method in kind.methods}
        limit = min(self._room(), self._bench.settings.batch_size)
        options = nudge.options if nudge else StartOptions()
        assert self.worker_id is not None
        return LeaseRequest(
            worker_id=self.worker_id,
            kinds=tuple(kinds),
            methods=tuple(Method(method) for method in sorted(methods)),
            limit=max(limit, 1),
            task_id=nudge.task_id if nudge else None,
            batch_index=options.batch_index,
            batch_count=options.batch_count,
            wait_s=0 if nudge else _WAIT_S,
            request_id=uuid.uuid4(),
        )

    async def _asked(self, request: LeaseRequest) -> list[Lease]:
        """The leases; a nudge or a stop ends the waiting. The same request is sent again after a lost answer."""
        self._wake.clear()
        asking = asyncio.create_task(self._bench.ui.lease(request))
        waking = asyncio.create_task(self._wake.wait())
        try:
            await asyncio.wait({asking, waking}, return_when=asyncio.FIRST_COMPLETED)
            if asking.done() and not isinstance(asking.exception(), Unavailable):
                return asking.result()
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            return await self._bench.ui.lease(request.model_copy(update={"wait_s": 0}))
        finally:
            waking.cancel()

    def _start(self, lease: Lease, asked_at: float) -> None:
        if lease.id in self.runs:
            return
        run = self.runs[lease.id] = Run(self._bench, lease, asked_at)
        self.jobs.ran(lease.task_id)
        task = asyncio.create_task(self._execute(run))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _execute(self, run: Run) -> None:
        try:
            await run.execute()
        except UserError as error:
            _log.error("run_not_reported", lease=str(run.lease.id), error=str(error))
        except Exception as error:  # a run must never end the worker
            _log.error("run_broken", lease=str(run.lease.id), exc_info=error)
        finally:
            self.runs.pop(run.lease.id, None)
            more = any(other.lease.task_id == run.lease.task_id for other in self.runs.values())
            if run.ending is not None:
                self.jobs.ended(run.lease.task_id, run.ending, run.counted, more=more)
            self._freed.set()

    async def _until_room(self) -> None:
        self._freed.clear()
        waiting = [asyncio.create_task(event.wait()) for event in (self._freed, self._stopping)]
        await asyncio.wait(waiting, timeout=2, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()

    async def _beat(self, every_s: float) -> None:
        while True:
            beat = machine.measure(len(self.runs), self._bench.folder)
            try:
                assert self.worker_id is not None
                reply = await self._bench.ui.heartbeat(self.worker_id, beat)
                self.is_draining = reply.drain
                for lease in reply.cancel:
                    if lease in self.runs:
                        self.runs[lease].ask_to_stop(Stop.CANCELLED)
            except UserError as error:
                _log.warning("heartbeat_failed", error=str(error))
            await asyncio.sleep(every_s)

    async def _renew(self, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            if not self.runs:
                continue
            asked_at = clock.boot_seconds()
            try:
                renewals = await self._bench.ui.renew(list(self.runs))
            except UserError as error:
                _log.warning("renewal_failed", error=str(error))
                continue
            for renewal in renewals:
                run = self.runs.get(renewal.id)
                if run is None:
                    continue
                if not renewal.is_held:
                    run.lose()
                    continue
                run.renewed(asked_at)
                if renewal.cancel_requested:
                    run.ask_to_stop(Stop.CANCELLED)

    async def _drain(self) -> None:
        """Give the runs time to reach a safe point, then let go of what is left."""
        for run in self.runs.values():
            run.ask_to_stop(Stop.WORKER_STOPPING)
        limit = self._bench.settings.drain_timeout.total_seconds()
        hurry = asyncio.create_task(self._hurry.wait())
        while self._tasks and not hurry.done() and limit > 0:
            before = clock.boot_seconds()
            await asyncio.wait({*self._tasks, hurry}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
            limit -= clock.boot_seconds() - before
        hurry.cancel()
        for run in list(self.runs.values()):
            run.release()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=10)

    async def _rest(self, seconds: float) -> None:
        """Wait, unless the worker is stopped meanwhile."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
