"""A run waits for a person: until the challenge is answered, closed, or its time is over."""

import asyncio
import time
from uuid import UUID

from igfleet.contracts.challenges import ChallengeView
from igfleet.contracts.states import ChallengeState
from igfleet.ui.bus import Change
from igfleet.ui.challenges import records
from igfleet.ui.context import UiContext
from igfleet.ui.queue import reports

_SELF_HELP_S = 2.0
"""Asks again by itself after so long, in case a change was not heard."""


async def wait_for_answer(ui: UiContext, lease_id: UUID, challenge_id: int, wait_s: float, actor: str) -> ChallengeView:
    """Where it stands when that is not `open`, else after `wait_s`. Opens the code. Raises `NotFound`, `LeaseLost`."""
    until = time.monotonic() + wait_s
    async with ui.bus.changes() as changes:
        while True:
            async with ui.database.transaction() as raw:
                await reports.held(raw, lease_id)
                found = await records.of_lease(raw, lease_id, challenge_id)
            state = ChallengeState(found["state"])
            left = until - time.monotonic()
            if state is not ChallengeState.OPEN or left <= 0 or ui.draining.is_set():
                break
            await _next_change(changes, challenge_id, min(left, _SELF_HELP_S))
    if state is not ChallengeState.ANSWERED:
        return ChallengeView(id=challenge_id, state=state)
    async with ui.database.sessions.begin() as session:
        reason = f"answer for lease {lease_id}"
        opened = await ui.vault.open(session, "challenge", challenge_id, ["code"], actor=actor, reason=reason)
    return ChallengeView(id=challenge_id, state=state, code=opened.get("code"))


async def _next_change(changes: asyncio.Queue[Change], challenge_id: int, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            while True:
                change = await changes.get()
                if change.topic == "challenge" and change.key in (0, challenge_id):
                    return
    except TimeoutError:
        return
