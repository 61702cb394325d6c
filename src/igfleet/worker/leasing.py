"""Asking the ui for work, so that no lease is claimed and then forgotten."""

import asyncio
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from igfleet import clock, log
from igfleet.contracts.leases import Ending, Lease, LeaseOutcome, LeaseRequest
from igfleet.contracts.worker_api import StartOptions
from igfleet.errors import LeaseLost, Unavailable, UserError
from igfleet.reasons import ReasonCode
from igfleet.worker.kinds import Kind
from igfleet.worker.ui_client import UiClient

_log = log.get(__name__)
_WAIT_S = 20.0
_FRESH_S = 0.5
_LAST_WORD_S = 5.0


@dataclass(frozen=True, slots=True)
class Nudge:
    """A hint that a task has work, and which share of it is meant for this worker."""

    task_id: int
    options: StartOptions


@dataclass(frozen=True, slots=True)
class Claimed:
    """Leases, and a boot time that is not later than when they began."""

    leases: Sequence[Lease]
    since: float


class Leasing:
    """One waiting request at a time, and short ones beside it for nudges."""

    def __init__(self, ui: UiClient, kinds: dict[str, Kind]) -> None:
        self._ui, self._kinds = ui, kinds
        self._waiting: asyncio.Task[Claimed] | None = None
        self._request: LeaseRequest | None = None

    @property
    def waiting(self) -> asyncio.Task[Claimed] | None:
        """The waiting request, if there is one."""
        return self._waiting

    def wait(self, worker_id: int, limit: int) -> None:
        """Send the waiting request, unless it is under way."""
        if self._waiting is None:
            self._request = self._new(worker_id, limit, _WAIT_S)
            self._waiting = asyncio.create_task(self._ask(self._request))

    def taken(self) -> Claimed:
        """What the waiting request has brought. Raises what it raised."""
        assert self._waiting is not None
        done, self._waiting = self._waiting, None
        return done.result()

    async def follow(self, worker_id: int, limit: int, nudge: Nudge) -> Claimed:
        """Ask at once: this worker's share of the task first, then anything."""
        share = {
            "task_id": nudge.task_id,
            "batch_index": nudge.options.batch_index,
            "batch_count": nudge.options.batch_count,
        }
        return await self._ask(self._new(worker_id, limit, 0).model_copy(update=share))

    async def interrupted(self) -> Claimed:
        """Give the waiting request up for now; what it has claimed meanwhile."""
        since = clock.boot_seconds()
        return Claimed(await self.end(), since)

    async def end(self) -> Sequence[Lease]:
        """Give the waiting request up; what it had claimed all the same."""
        if self._waiting is None or self._request is None:
            return ()
        waiting, self._waiting = self._waiting, None
        waiting.cancel()
        done = (await asyncio.gather(waiting, return_exceptions=True))[0]
        if isinstance(done, Claimed):
            return done.leases
        with suppress(UserError, TimeoutError):
            async with asyncio.timeout(_LAST_WORD_S):
                return await self._ui.lease(self._request.model_copy(update={"wait_s": 0}))
        return ()

    async def give_back(self, lease: Lease) -> None:
        """There is no room for it: another may run it at once."""
        message = "The worker had no room for it"
        released = LeaseOutcome(outcome=Ending.RELEASED, reason_code=ReasonCode.WORKER_STOPPING, message=message)
        with suppress(LeaseLost):
            await self._ui.outcome(lease.id, released)
        _log.info("lease_given_back", lease=str(lease.id))

    def _new(self, worker_id: int, limit: int, wait_s: float) -> LeaseRequest:
        methods = sorted({method for kind in self._kinds.values() for method in kind.methods})
        return LeaseRequest(
            worker_id=worker_id,
            kinds=tuple(self._kinds),
            methods=tuple(methods),
            limit=limit,
            wait_s=wait_s,
            request_id=uuid.uuid4(),
        )

    async def _ask(self, request: LeaseRequest) -> Claimed:
        """After a lost answer the same request is sent again: it gets the same leases."""
        since = clock.boot_seconds()
        try:
            return await self._fresh(Claimed(await self._ui.lease(request), since))
        except Unavailable:
            since = clock.boot_seconds()
            leases = await self._ui.lease(request.model_copy(update={"wait_s": 0}))
            return await self._fresh(Claimed(leases, since))

    async def _fresh(self, claimed: Claimed) -> Claimed:
        """A request may have waited long before it claimed: a renewal tells for sure until when the leases last."""
        since = clock.boot_seconds()
        if not claimed.leases or since - claimed.since < _FRESH_S:
            return claimed
        held = {renewal.id for renewal in await self._ui.renew([one.id for one in claimed.leases]) if renewal.is_held}
        return Claimed([one for one in claimed.leases if one.id in held], since)
