"""The pull loop: make itself known, ask for work while slots are free, drain."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from igfleet import __version__, backoff, clock, log
from igfleet.contracts.leases import Lease
from igfleet.contracts.worker_api import Heartbeat, HeartbeatReply, Registered, Registration
from igfleet.errors import Forbidden, NotFound, NotSignedIn, UserError
from igfleet.worker import keeping, machine
from igfleet.worker.jobs import Jobs
from igfleet.worker.kinds import Kind
from igfleet.worker.leasing import Claimed, Leasing, Nudge
from igfleet.worker.messages import Stop
from igfleet.worker.supervisor import Bench, Run, report_leftovers

_log = log.get(__name__)
_FIRST_RETRY, _LONGEST_RETRY = timedelta(seconds=0.5), timedelta(seconds=15)
_LOOK_S = 2.0
_FAREWELL_S = 15.0


class Pull:
    """The worker's life. `run` ends when `stop` was called and the last run is over."""

    def __init__(self, bench: Bench, name: str, base_url: str | None, jobs: Jobs) -> None:
        self._bench, self._name, self._base_url = bench, name, base_url
        self.jobs = jobs
        self.worker_id: int | None = None
        self.runs: dict[UUID, Run] = {}
        self._leasing = Leasing(bench.ui, bench.kinds)
        self._tasks: set[asyncio.Task[None]] = set()
        self._nudges: asyncio.Queue[Nudge] = asyncio.Queue(1000)
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._hurry = asyncio.Event()
        self._ui_drains = False
        self._standstill: int | None = None
        self._disk_was_full = False
        self._last_trouble = ""

    @property
    def kinds(self) -> dict[str, Kind]:
        """What this worker serves."""
        return self._bench.kinds

    @property
    def is_draining(self) -> bool:
        """No new work is taken."""
        return self._ui_drains or self._stopping.is_set()

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
                run.ask_to_stop(Stop.JOB_STOPPED)

    async def run(self) -> None:
        """Register, then work until stopped."""
        leftovers = sorted((self._bench.folder / "journals").glob("*.jsonl"))
        registered = await self._register()
        if registered is None:
            return
        ui, beat_s, lease_s = self._bench.ui, registered.heartbeat_every_s, registered.lease_length_s
        helpers = [
            asyncio.create_task(keeping.beat(ui, self._id, self._measure, self.runs, self._hears, beat_s)),
            asyncio.create_task(keeping.renew(ui, self.runs, lease_s / 3)),
            asyncio.create_task(report_leftovers(ui, leftovers)),
        ]
        try:
            await self._lease_until_stopped()
            await self._drain()
        finally:
            for task in helpers:
                task.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)

    def _id(self) -> int:
        assert self.worker_id is not None
        return self.worker_id

    def _measure(self) -> Heartbeat:
        return machine.measure(len(self.runs), self._bench.folder, self._standstill)

    def _hears(self, reply: HeartbeatReply) -> bool:
        """What the ui wants of it. Whether it is to be acknowledged at once."""
        self._ui_drains = reply.drain
        is_new = reply.standstill != self._standstill
        self._standstill = reply.standstill
        if is_new:
            self._wake.set()
        return is_new

    async def _register(self) -> Registered | None:
        """Try until the ui answers; None when stopped before."""
        number = 0
        while not self._stopping.is_set():
            try:
                registered = await self._bench.ui.register(self._registration())
                self.worker_id = registered.worker_id
                self._last_trouble = ""
                _log.info("registered", worker=self._name, worker_id=registered.worker_id, ui=self._bench.ui.base)
                return registered
            except UserError as error:
                number += 1
                self._tell(error)
                await self._rest(number)
        return None

    def _tell(self, error: UserError) -> None:
        """One line for each new trouble, with what to do."""
        if str(error) == self._last_trouble:
            return
        self._last_trouble = str(error)
        if isinstance(error, NotSignedIn | Forbidden):
            advice = "UI_API_TOKEN is refused: it is not a token of this ui, or not of this worker's name"
            _log.error("token_refused", error=str(error), ui=self._bench.ui.base, advice=advice)
        else:
            advice = "Is the ui running, is UI_API_BASE right? The worker goes on trying."
            _log.warning("ui_unreachable", error=str(error), ui=self._bench.ui.base, advice=advice)

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
                "libraries": machine.libraries(),
            }
        )

    async def _lease_until_stopped(self) -> None:
        number = 0
        while not self._stopping.is_set():
            try:
                await self._turn()
                number = 0
            except NotFound:
                await self._register()
            except UserError as error:
                number += 1
                self._tell(error)
                await self._rest(number)
        for lease in await self._leasing.end():
            await self._give_back(lease)

    async def _turn(self) -> None:
        """Follow a nudge, else wait for what the waiting request brings or for something to change."""
        self._wake.clear()
        if self._room() > 0 and not self._nudges.empty():
            await self._follow(self._nudges.get_nowait())
            return
        if self._room() > 0:
            self._leasing.wait(self._id(), min(self._room(), self._bench.settings.batch_size))
        waiting = self._leasing.waiting
        woken = asyncio.create_task(self._wake.wait())
        try:
            await asyncio.wait({woken, waiting} if waiting else {woken}, timeout=_LOOK_S, return_when="FIRST_COMPLETED")
        finally:
            woken.cancel()
        if waiting is not None and waiting.done():
            await self._take(self._leasing.taken())
            self._last_trouble = ""

    async def _follow(self, nudge: Nudge) -> None:
        limit = min(self._room(), self._bench.settings.batch_size)
        try:
            await self._take(await self._leasing.follow(self._id(), limit, nudge))
        except UserError:
            self.nudge(nudge)
            raise
        if not self._runs_of(nudge.task_id):
            await self._take(await self._leasing.interrupted())  # it may hold what the nudge did not find
        if not self._runs_of(nudge.task_id):
            self.jobs.over(nudge.task_id)

    def _room(self) -> int:
        """Free slots; none while draining, while everything is paused, or while the disk is nearly full."""
        if self.is_draining or self._standstill is not None or self._disk_is_full():
            return 0
        return self._bench.settings.slots - len(self.runs)

    def _disk_is_full(self) -> bool:
        free = machine.free_bytes(self._bench.folder)
        is_full = free < self._bench.settings.disk_reserve_bytes
        if is_full and not self._disk_was_full:
            _log.error("worker_disk", free_bytes=free, advice="Free space on the worker; nothing is leased meanwhile.")
        self._disk_was_full = is_full
        return is_full

    async def _take(self, claimed: Claimed) -> None:
        """Start what there is room for; the rest goes back at once."""
        for lease in claimed.leases:
            if lease.id in self.runs:
                continue
            if self._room() > 0 and lease.kind in self._bench.kinds:
                self._start(lease, claimed.since)
            else:
                await self._give_back(lease)

    async def _give_back(self, lease: Lease) -> None:
        try:
            await self._leasing.give_back(lease)
        except UserError as error:
            _log.warning("lease_not_given_back", lease=str(lease.id), error=str(error))

    def _start(self, lease: Lease, since: float) -> None:
        run = self.runs[lease.id] = Run(self._bench, lease, since)
        self.jobs.ran(lease.task_id)
        task = asyncio.create_task(self._execute(run))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _execute(self, run: Run) -> None:
        task_id = run.lease.task_id
        try:
            await run.execute()
        except UserError as error:
            _log.error("run_not_reported", lease=str(run.lease.id), error=str(error))
        except Exception as error:  # a run must never end the worker
            _log.error("run_broken", lease=str(run.lease.id), exc_info=error)
        finally:
            self.runs.pop(run.lease.id, None)
            if run.ending is not None:
                self.jobs.ended(task_id, run.ending, run.counted)
            if not self._runs_of(task_id):
                self._look_for_more(task_id)
            self._wake.set()

    def _look_for_more(self, task_id: int) -> None:
        """A job is over when the ui has nothing more of its task."""
        options = self.jobs.options(task_id)
        if options is not None and not self.is_draining:
            self.nudge(Nudge(task_id, options))

    def _runs_of(self, task_id: int) -> list[Run]:
        return [run for run in self.runs.values() if run.lease.task_id == task_id]

    async def _drain(self) -> None:
        """Give the runs time to reach a safe point, then let go of what is left."""
        for run in self.runs.values():
            run.ask_to_stop(Stop.WORKER_STOPPING)
        until = clock.boot_seconds() + self._bench.settings.drain_timeout.total_seconds()
        hurry = asyncio.create_task(self._hurry.wait())
        while self._tasks and not hurry.done() and (left := until - clock.boot_seconds()) > 0:
            await asyncio.wait({*self._tasks, hurry}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        for run in list(self.runs.values()):
            run.release()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=_FAREWELL_S)

    async def _rest(self, number: int) -> None:
        """Wait before another try, unless the worker is stopped meanwhile."""
        with suppress(TimeoutError):
            async with asyncio.timeout(backoff.delay(number, first=_FIRST_RETRY, most=_LONGEST_RETRY).total_seconds()):
                await self._stopping.wait()
