"""Numbered reports of one run: gathered for a moment, sent in order, repeated until they are accepted."""

import asyncio
from collections import Counter
from contextlib import suppress
from uuid import UUID

from pydantic import JsonValue

from igfleet import log
from igfleet.contracts.leases import RefusedSession, Report, SessionMaterial
from igfleet.contracts.tasks import LogLine
from igfleet.errors import LeaseLost, TooManyRequests, Unavailable, UserError
from igfleet.worker.ui_client import UiClient

_log = log.get(__name__)
_GATHER_S = 0.3
_LINES = 200


class Reporter:
    """Sends what the run says. `flush` returns when all of it is stored, or the lease is lost."""

    def __init__(self, ui: UiClient, lease: UUID) -> None:
        self._ui, self._lease = ui, lease
        self._seq = 0
        self._lines: list[LogLine] = []
        self._counters: Counter[str] = Counter()
        self._checkpoints: dict[str, JsonValue] = {}
        self._step: str | None = None
        self._wake = asyncio.Event()
        self._sending = asyncio.Lock()
        self._task = asyncio.create_task(self._run())
        self.is_lost = False

    def line(self, line: LogLine) -> None:
        self._lines.append(line)
        self._wake.set()

    def count(self, name: str, amount: int) -> None:
        self._counters[name] += amount
        self._wake.set()

    def remember(self, name: str, value: JsonValue) -> None:
        self._checkpoints[name] = value
        self._wake.set()

    def step(self, text: str) -> None:
        self._step = text
        self._wake.set()

    async def session(self, material: SessionMaterial) -> None:
        """Store a session at once. Raises what the ui raises."""
        async with self._sending:
            self._seq += 1
            await self._ui.report(self._lease, Report(seq=self._seq, session=material))

    async def session_refused(self, refused: RefusedSession) -> None:
        """Have a stored session marked at once. Raises what the ui raises."""
        async with self._sending:
            self._seq += 1
            await self._ui.report(self._lease, Report(seq=self._seq, refused_session=refused))

    async def flush(self) -> None:
        """Send everything that waits."""
        while not self.is_lost and (self._lines or self._counters or self._checkpoints or self._step is not None):
            await self._send()
        async with self._sending:
            return  # what somebody else took was under way until now

    async def close(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(_GATHER_S)
            self._wake.clear()
            await self.flush()

    async def _send(self) -> None:
        async with self._sending:
            report = self._take()
            while not self.is_lost:
                try:
                    await self._ui.report(self._lease, report)
                    return
                except LeaseLost:
                    self.is_lost = True
                except (Unavailable, TooManyRequests):
                    await asyncio.sleep(1)
                except UserError as error:
                    _log.error("report_refused", error=str(error))
                    return

    def _take(self) -> Report:
        self._seq += 1
        lines, self._lines = tuple(self._lines[:_LINES]), self._lines[_LINES:]
        counters, self._counters = dict(self._counters), Counter()
        checkpoints, self._checkpoints = self._checkpoints, {}
        step, self._step = self._step, None
        return Report(seq=self._seq, lines=lines, counters=counters, checkpoints=checkpoints, step=step)
