"""One run from the supervisor's side: its gate, its process, its reports, its end."""

import asyncio
import multiprocessing
import os
import shutil
import signal
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from igfleet import clock, log
from igfleet.contracts.leases import Ending, Lease, LeaseOutcome, SessionMaterial
from igfleet.contracts.posts import Intent, LeasedMedia, PostOutcome, Reading
from igfleet.contracts.tasks import LogLine
from igfleet.errors import IgfleetError, LeaseLost, UserError
from igfleet.reasons import ReasonCode
from igfleet.settings import WorkerSettings
from igfleet.worker import journal
from igfleet.worker.downloads import Downloads, Hold
from igfleet.worker.egress import Gate
from igfleet.worker.execution import main
from igfleet.worker.kinds import ADAPTERS, Kind
from igfleet.worker.messages import Ask, Setup, Stop, Tell, packed, receive, send
from igfleet.worker.reporter import Reporter
from igfleet.worker.ui_client import UiClient
from igfleet.worker.upstream import Upstream

_log = log.get(__name__)
PRELOAD = ("igfleet.worker.execution", "igfleet.runners", "igfleet.instagram.adapters.instagrapi_client")
_KILL_S = 5


def forkserver() -> ForkServerContext:
    """Processes come from one that has imported everything, so that runs share its memory."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOAD))
    return context


@dataclass(frozen=True)
class Bench:
    """What all runs of a worker share."""

    settings: WorkerSettings
    ui: UiClient
    downloads: Downloads
    context: ForkServerContext
    folder: Path
    """Below it: `runs/<lease>/`, `journals/<lease>.jsonl`."""
    ca_file: Path | None
    kinds: dict[str, Kind]


class Run:
    """A running lease. `execute` returns when it is over and the ui knows."""

    def __init__(self, bench: Bench, lease: Lease, leased_at: float) -> None:
        self._bench = bench
        self.lease = lease
        self._gate = Gate(Upstream(bench.settings, lease.proxy))
        self._gate.deadlines.lease = leased_at + lease.length_s
        self._folder = bench.folder / "runs" / str(lease.id)
        self._journal = bench.folder / "journals" / f"{lease.id}.jsonl"
        self._done: LeaseOutcome | None = None
        self._over = asyncio.Event()
        self._lost = False
        self._killed_because: LeaseOutcome | None = None
        self._pipe: Connection | None = None
        self._process: BaseProcess | None = None
        self.ending: LeaseOutcome | None = None
        self.counted: Counter[str] = Counter()
        """The counters of this run, for the job's figures."""
        self._answering: set[asyncio.Task[None]] = set()

    async def execute(self) -> None:
        """Run to the end, whatever happens to the process."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._journal.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        reporter = Reporter(self._bench.ui, self.lease.id)
        try:
            async with self._bench.downloads.holding() as hold:
                proxy_url = await self._gate.open()
                await self._watch(proxy_url, reporter, hold)
            await self._settle()
            await reporter.flush()
            await self._finish()
        except LeaseLost:
            _log.warning("lease_lost", lease=str(self.lease.id))
        finally:
            await reporter.close()
            await self._gate.close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def renewed(self, asked_at: float) -> None:
        """The lease goes on; the gate stays open for as long."""
        self._gate.deadlines.lease = asked_at + self.lease.length_s

    def lose(self) -> None:
        """The lease is somebody else's now: drop the run at once."""
        self._lost = True
        self._kill(LeaseOutcome(outcome=Ending.RELEASED))

    def ask_to_stop(self, why: Stop) -> None:
        """End at the next safe point."""
        if self._pipe is not None:
            with suppress(OSError, ValueError):
                send(self._pipe, {"stop": why.value})

    def release(self) -> None:
        """The worker cannot wait any longer."""
        message = "The worker stopped before the run ended"
        self._kill(LeaseOutcome(outcome=Ending.RELEASED, reason_code=ReasonCode.WORKER_STOPPING, message=message))

    async def _watch(self, proxy_url: str, reporter: Reporter, hold: Hold) -> None:
        kind = self._bench.kinds[self.lease.kind]
        self._start(self._setup(kind, proxy_url), reporter, hold)
        try:
            async with asyncio.timeout(kind.timeout.total_seconds()):
                await self._over.wait()
        except TimeoutError:
            message = f"It took longer than {_shown(kind.timeout)} and was stopped"
            self._kill(
                LeaseOutcome(outcome=Ending.RETRY_LATER, reason_code=ReasonCode.DEADLINE_PASSED, message=message)
            )
            await self._over.wait()
        finally:
            self._kill(self._killed_because)
            await asyncio.to_thread(self._reap)

    def _setup(self, kind: Kind, proxy_url: str) -> Setup:
        return Setup(
            lease=self.lease.model_dump_json(),
            runner=kind.path,
            adapter=ADAPTERS[self.lease.method],
            proxy_url=proxy_url,
            ca_file=self._bench.ca_file,
            folder=self._folder,
            journal=self._journal,
            log_format=self._bench.settings.log_format,
            log_level=self._bench.settings.log_level,
        )

    def _start(self, setup: Setup, reporter: Reporter, hold: Hold) -> None:
        ours, theirs = multiprocessing.Pipe()
        process = self._bench.context.Process(target=main, args=(theirs, setup), name=f"run-{self.lease.id}")
        process.start()
        theirs.close()
        self._pipe, self._process = ours, process
        loop = asyncio.get_running_loop()

        def hear(message: dict[str, Any] | None) -> None:
            if message is None:
                self._over.set()
            elif "tell" in message:
                self._told(reporter, Tell(message["tell"]), message["body"])
            else:
                task = loop.create_task(self._answer(message, reporter, hold))
                self._answering.add(task)
                task.add_done_callback(self._answering.discard)

        threading.Thread(target=_listen, args=(ours, loop, hear), name="supervisor", daemon=True).start()

    async def _answer(self, message: dict[str, Any], reporter: Reporter, hold: Hold) -> None:
        answer: dict[str, Any] = {"number": message["number"]}
        try:
            answer["body"] = await self._do(Ask(message["ask"]), message["body"], reporter, hold)
        except IgfleetError as error:
            answer["error"] = packed(error)
        if self._pipe is not None:
            with suppress(OSError, ValueError):
                send(self._pipe, answer)

    async def _do(self, ask: Ask, body: dict[str, Any], reporter: Reporter, hold: Hold) -> Any:
        """What a run may ask for, and nothing else."""
        ui, lease = self._bench.ui, self.lease.id
        match ask:
            case Ask.FETCH:
                return str(await hold.fetch(LeasedMedia.model_validate(body["media"])))
            case Ask.TOTP:
                return (await ui.totp(lease)).code.get_secret_value()
            case Ask.SESSION:
                await reporter.session(SessionMaterial.model_validate(body["session"]))
            case Ask.INTENT:
                await ui.intent(lease, int(body["post"]), Intent.model_validate(body["intent"]))
            case Ask.PERMIT:
                return await self._permit(int(body["post"]))
            case Ask.OUTCOME:
                await ui.post_outcome(lease, int(body["post"]), PostOutcome.model_validate(body["outcome"]))
                self._gate.deadlines.commit = float("inf")
            case Ask.READING:
                reading = Reading.model_validate(body["reading"])
                return (await ui.reading(lease, int(body["post"]), reading)).model_dump(mode="json")
            case Ask.DONE:
                self._done = LeaseOutcome.model_validate(body["outcome"])
        return None

    async def _permit(self, post_id: int) -> dict[str, Any]:
        asked_at = clock.boot_seconds()
        permit = await self._bench.ui.permit(self.lease.id, post_id)
        self._gate.deadlines.commit = asked_at + permit.window_ms / 1000
        return permit.model_dump(mode="json")

    def _told(self, reporter: Reporter, tell: Tell, body: dict[str, Any]) -> None:
        match tell:
            case Tell.LINE:
                line = LogLine.model_validate(body)
                reporter.line(line)
                _log.info(line.event, text=line.text, task=self.lease.task_id, account_task=self.lease.account_task_id)
            case Tell.COUNT:
                self.counted[str(body["name"])] += int(body["amount"])
                reporter.count(str(body["name"]), int(body["amount"]))
            case Tell.STEP:
                reporter.step(str(body["text"]))
            case Tell.REMEMBER:
                reporter.remember(str(body["name"]), body["value"])

    async def _settle(self) -> None:
        """Tell the ui what the journal knows and the run did not get to report."""
        if self._journal.exists():
            for left in journal.leftovers(self._journal):
                await self._bench.ui.post_outcome(self.lease.id, left.post_id, left.outcome)
            self._journal.unlink()

    async def _finish(self) -> None:
        self.ending = self._done or self._killed_because or self._died()
        if self._lost:
            raise LeaseLost("the lease was lost")
        await self._bench.ui.outcome(self.lease.id, self.ending)

    def _died(self) -> LeaseOutcome:
        code = self._process.exitcode if self._process is not None else None
        message = f"The process that ran it died (exit code {code})"
        return LeaseOutcome(outcome=Ending.DIED, reason_code=ReasonCode.RUNNER_DIED, message=message)

    def _kill(self, because: LeaseOutcome | None) -> None:
        """End the process and all it started. Safe to repeat."""
        self._killed_because = self._killed_because or because
        process = self._process
        if process is not None and process.pid is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            with suppress(ProcessLookupError):
                process.kill()

    def _reap(self) -> None:
        if self._process is not None:
            self._process.join(_KILL_S)
        if self._pipe is not None:
            self._pipe.close()


def _listen(pipe: Connection, loop: asyncio.AbstractEventLoop, hear: Callable[[dict[str, Any] | None], None]) -> None:
    """A thread's work: hand on each message, and at last None."""
    while True:
        try:
            message: dict[str, Any] | None = receive(pipe)
        except (EOFError, OSError, ValueError):
            message = None
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(hear, message)
        if message is None:
            return


async def report_leftovers(ui: UiClient, folder: Path) -> None:
    """Journals of a supervisor that died: their tails are late evidence, taken or not, and then done with."""
    for path in sorted((folder / "journals").glob("*.jsonl")):
        for left in journal.leftovers(path):
            try:
                await ui.post_outcome(journal.lease_of(path), left.post_id, left.outcome)
            except UserError as error:
                _log.info("late_evidence", post=left.post_id, answer=str(error))
        path.unlink(missing_ok=True)


def _shown(length: timedelta) -> str:
    minutes = length.total_seconds() / 60
    return f"{minutes:g} minutes" if minutes >= 1 else f"{length.total_seconds():g} seconds"
