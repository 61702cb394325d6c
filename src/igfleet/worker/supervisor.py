"""One run from the supervisor's side: its gate, its process, its reports, its end."""

import asyncio
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

from igfleet import log
from igfleet.contracts.leases import Ending, Lease, LeaseOutcome
from igfleet.contracts.tasks import Method, Mode
from igfleet.errors import LeaseLost, Unavailable, UserError
from igfleet.instagram.gateway import Browser
from igfleet.mail_servers import MailRules
from igfleet.reasons import ReasonCode
from igfleet.settings import WorkerSettings
from igfleet.worker import journal, metering
from igfleet.worker.blame import blamed
from igfleet.worker.child import Child
from igfleet.worker.desk import Desk
from igfleet.worker.downloads import Downloads
from igfleet.worker.egress import Gate
from igfleet.worker.execution import is_full_disk
from igfleet.worker.kinds import ADAPTERS, Kind
from igfleet.worker.messages import Ask, Setup, Stop
from igfleet.worker.proxy_check import ProxyChecker
from igfleet.worker.reporter import Reporter
from igfleet.worker.ui_client import UiClient
from igfleet.worker.unsent import Unsent
from igfleet.worker.upstream import Upstream

_log = log.get(__name__)
_LINGER_S = 5.0
"""What a run may take to leave after it said that it is done, and its last questions to be answered."""


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
    adapters: Mapping[Method, str] = field(default_factory=lambda: ADAPTERS)
    gate: type[Gate] = Gate
    browser: Path | None = None
    """The Chromium of this machine, when there is one."""


class Run:
    """A running lease. `execute` returns when it is over and the ui knows."""

    def __init__(self, bench: Bench, lease: Lease, leased_at: float) -> None:
        self._bench = bench
        self.lease = lease
        self._settings = _settings_for(lease, bench.settings)
        self._gate = bench.gate(Upstream(self._settings, lease.proxy, bench.ca_file), self._mail_server())
        self._unsent = Unsent(self._gate, lease.method)
        self._folder = bench.folder / "runs" / str(lease.id)
        self._journal = bench.folder / "journals" / f"{lease.id}.jsonl"
        self._over = asyncio.Event()
        self._is_lost = False
        self._stop: Stop | None = None
        self._ended_because: LeaseOutcome | None = None
        self._child: Child | None = None
        self._answering: set[asyncio.Task[None]] = set()
        self.ending: LeaseOutcome | None = None
        self.counted: Counter[str] = Counter()
        """The counters of this run, for the job's figures."""
        self.renewed(leased_at)

    async def execute(self) -> None:
        """Run to the end, whatever happens to the process."""
        reporter = Reporter(self._bench.ui, self.lease.id)
        try:
            done = await self._live(reporter)
            await self._gate.close()  # what it has not let out by now never leaves
            await self._settle()
            await reporter.flush()
            await self._finish(done)
        except LeaseLost:
            _log.warning("lease_lost", lease=str(self.lease.id), account_task=self.lease.account_task_id)
        finally:
            await reporter.close()
            await self._gate.close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def renewed(self, asked_at: float) -> None:
        """The lease goes on; the gate stays open for as long."""
        self._gate.renewed(asked_at + self.lease.length_s)

    def lose(self) -> None:
        """The lease is somebody else's now: drop the run at once."""
        self._is_lost = True
        self._kill(LeaseOutcome(outcome=Ending.RELEASED))

    def ask_to_stop(self, why: Stop) -> None:
        """End at the next safe point."""
        self._stop = why
        if self._child is not None:
            self._child.send({"stop": why.value})

    def release(self) -> None:
        """The worker cannot wait any longer."""
        message = "The worker stopped before the run ended"
        self._kill(LeaseOutcome(outcome=Ending.RELEASED, reason_code=ReasonCode.WORKER_STOPPING, message=message))

    async def _live(self, reporter: Reporter) -> LeaseOutcome | None:
        """The process's life; how it says it ended."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._journal.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            async with self._bench.downloads.holding() as hold:
                checker = ProxyChecker(self._settings, self.lease.proxy, self._bench.ca_file)
                parts = reporter, hold, self._journal, self._folder, checker
                desk = Desk(self._bench.ui, self.lease, self._gate, *parts, self._unsent)
                self.counted = desk.counted
                await self._watch(desk, await self._gate.open())
                return desk.done
        except OSError as error:
            _log.error("run_not_started", lease=str(self.lease.id), error=str(error))
            reason = ReasonCode.WORKER_DISK if is_full_disk(error) else ReasonCode.UNEXPECTED_ERROR
            message = f"The worker could not start it: {error.strerror}"
            return LeaseOutcome(outcome=Ending.RETRY_LATER, reason_code=reason, message=message)

    async def _watch(self, desk: Desk, proxy_url: str) -> None:
        kind = self._bench.kinds[self.lease.kind]
        child = Child(self._bench.context, self._setup(kind, proxy_url), lambda message: self._hear(desk, message))
        try:
            await child.start()
            self._child = child
            self._catch_up(child)
            async with asyncio.timeout(kind.timeout.total_seconds()):
                await self._over.wait()
        except TimeoutError:
            message = f"It took longer than {_shown(kind.timeout)} and was stopped"
            self._kill(
                LeaseOutcome(outcome=Ending.RETRY_LATER, reason_code=ReasonCode.DEADLINE_PASSED, message=message)
            )
        finally:
            await asyncio.shield(child.reap())
            await self._last_answers()

    def _catch_up(self, child: Child) -> None:
        """What was asked of the run while it was being started."""
        if self._ended_because is not None:
            child.kill()
        elif self._stop is not None:
            child.send({"stop": self._stop.value})

    def _setup(self, kind: Kind, proxy_url: str) -> Setup:
        return Setup(
            lease=self.lease.model_dump_json(),
            runner=kind.path,
            adapter=self._bench.adapters.get(self.lease.method, ""),
            proxy_url=proxy_url,
            ca_file=self._bench.ca_file,
            folder=self._folder,
            shelf=self._shelf(),
            browser=_browser(self._settings, self._bench.browser),
            mail=self._mail_rules(proxy_url),
            challenge_wait_s=self._bench.settings.challenge_wait.total_seconds(),
            journal=self._journal,
            log_format=self._bench.settings.log_format,
            log_level=self._bench.settings.log_level,
        )

    def _mail_rules(self, gate: str = "") -> MailRules:
        """How the run looks for codes in the account's mailbox."""
        settings = self._settings
        return MailRules(
            servers=settings.mailbox_servers,
            senders=settings.mailbox_senders,
            wait_s=settings.mailbox_wait.total_seconds(),
            only_loopback=not settings.is_live,
            ca_file=self._bench.ca_file,
            gate=gate if settings.mailbox_via_proxy else "",
        )

    def _mail_server(self) -> tuple[str, int] | None:
        """What the gate lets through besides Instagram; nothing unless mailboxes are read through proxies."""
        account = self.lease.account
        if not self._settings.mailbox_via_proxy or account is None or not account.email:
            return None
        server = self._mail_rules().server_of(account.email)
        return (server.host.lower(), server.port) if server is not None else None

    def _shelf(self) -> Path:
        shelf = self._bench.folder / "shelf"
        shelf.mkdir(mode=0o700, parents=True, exist_ok=True)
        return shelf

    def _hear(self, desk: Desk, message: dict[str, Any] | None) -> None:
        if message is None:
            self._over.set()
        elif "tell" in message:
            desk.hear(message)
        else:
            task = asyncio.create_task(self._answer(desk, message))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def _answer(self, desk: Desk, message: dict[str, Any]) -> None:
        answer = await desk.answer(message)
        if self._child is not None and not self._over.is_set():
            self._child.send(answer)
        if message.get("ask") == Ask.DONE:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), _LINGER_S)
            self._over.set()

    async def _last_answers(self) -> None:
        """Let what the run handed over arrive, a session above all."""
        if self._answering:
            _, late = await asyncio.wait(set(self._answering), timeout=_LINGER_S)
            for task in late:
                task.cancel()

    async def _settle(self) -> None:
        """Tell the ui what the journal knows and the run did not get to report."""
        if await report_journal(self._bench.ui, self._journal, self._unsent) or self._is_lost:
            raise LeaseLost("the lease was lost")

    async def _finish(self, done: LeaseOutcome | None) -> None:
        ending = done or self._ended_because or self._died()
        self.ending = blamed(ending, self._gate.last_trouble).model_copy(update={"unsent": self._unsent.acts()})
        metering.RUNS.labels(self.lease.kind, self.ending.outcome.value).inc()
        await self._bench.ui.outcome(self.lease.id, self.ending)

    def _died(self) -> LeaseOutcome:
        code = self._child.exit_code if self._child is not None else None
        message = f"The process that ran it died (exit code {code})"
        return LeaseOutcome(outcome=Ending.DIED, reason_code=ReasonCode.RUNNER_DIED, message=message)

    def _kill(self, because: LeaseOutcome) -> None:
        """End the process and all it started. Safe to repeat; the first reason stays."""
        self._ended_because = self._ended_because or because
        if self._child is not None:
            self._child.kill()


async def report_journal(ui: UiClient, path: Path, unsent: Unsent | None = None) -> bool:
    """Report what the journal's tail says, then remove it; whether the lease turned out to be lost.

    `unsent` is what the run's own gate knows, now that its process is dead. The ui keeps what comes late as evidence.
    Raises `Unavailable` with the journal still in place.
    """
    is_lost = False
    for left in journal.leftovers(path):
        outcome = left.outcome if unsent is None else left.with_proof(is_unsent=unsent.has_commit(left.post_id))
        try:
            await ui.post_outcome(journal.lease_of(path), left.post_id, outcome)
        except LeaseLost:
            is_lost = True
            _log.info("late_evidence", post=left.post_id, kind=left.outcome.kind.value)
        except Unavailable:
            raise
        except UserError as error:
            _log.warning("evidence_refused", post=left.post_id, error=str(error))
    path.unlink(missing_ok=True)
    return is_lost


async def report_leftovers(ui: UiClient, paths: Sequence[Path]) -> None:
    """Journals of a supervisor that died: their tails are late evidence."""
    for path in paths:
        try:
            await report_journal(ui, path)
        except (UserError, ValueError, OSError) as error:
            _log.warning("leftover_kept", journal=path.name, error=str(error))


def _settings_for(lease: Lease, settings: WorkerSettings) -> WorkerSettings:
    """A simulated task stays on this machine, whatever mode the worker is in."""
    return settings.model_copy(update={"mode": Mode.SANDBOX.value}) if lease.mode is Mode.SANDBOX else settings


def _browser(settings: WorkerSettings, executable: Path | None) -> Browser:
    token = settings.dolphin_api_token
    return Browser(
        headless=settings.headless and not settings.visible_browser,
        executable=executable,
        dolphin_host=str(settings.dolphin_api_host).rstrip("/") if settings.dolphin_api_host else None,
        dolphin_token=token.get_secret_value() if token else None,
        only_simulated=not settings.is_live,
    )


def _shown(length: timedelta) -> str:
    minutes = length.total_seconds() / 60
    return f"{minutes:g} minutes" if minutes >= 1 else f"{length.total_seconds():g} seconds"
