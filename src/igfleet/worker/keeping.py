"""What a worker tells the ui while it lives: that it does, and that it keeps its leases."""

import asyncio
from collections.abc import Callable, Mapping
from uuid import UUID

from igfleet import clock, log
from igfleet.contracts.leases import Renewal
from igfleet.contracts.worker_api import Heartbeat, HeartbeatReply
from igfleet.errors import UserError
from igfleet.worker.messages import Stop
from igfleet.worker.supervisor import Run
from igfleet.worker.ui_client import UiClient

_log = log.get(__name__)
_LEAST_S = 0.2


async def beat(
    ui: UiClient,
    worker_id: Callable[[], int],
    measure: Callable[[], Heartbeat],
    runs: Mapping[UUID, Run],
    hear: Callable[[HeartbeatReply], bool],
    every_s: float,
) -> None:
    """Heartbeats until cancelled. The answer says what the ui wants; `hear` says if the next is due at once."""
    while True:
        is_urgent = False
        try:
            reply = await ui.heartbeat(worker_id(), await asyncio.to_thread(measure), seconds=max(every_s, 2))
        except UserError as error:
            _log.warning("heartbeat_failed", error=str(error))
        else:
            is_urgent = hear(reply)
            for lease in reply.cancel:
                if lease in runs:
                    runs[lease].ask_to_stop(Stop.CANCELLED)
        await asyncio.sleep(min(every_s, _LEAST_S) if is_urgent else every_s)


async def renew(ui: UiClient, runs: Mapping[UUID, Run], every_s: float) -> None:
    """Renew all leases in one call, until cancelled. A lost lease ends its run."""
    while True:
        await asyncio.sleep(max(every_s, _LEAST_S))
        if not runs:
            continue
        asked_at = clock.boot_seconds()
        try:
            renewals = await ui.renew(list(runs), seconds=max(every_s, 1))
        except UserError as error:
            _log.warning("renewal_failed", error=str(error))
            continue
        for renewal in renewals:
            _apply(renewal, runs, asked_at)


def _apply(renewal: Renewal, runs: Mapping[UUID, Run], asked_at: float) -> None:
    run = runs.get(renewal.id)
    if run is None:
        return
    if not renewal.is_held:
        run.lose()
        return
    run.renewed(asked_at)
    if renewal.cancel_requested:
        run.ask_to_stop(Stop.CANCELLED)
