"""Rests from one action: what Instagram blocked is left alone for a while, the account's other actions go on."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import JsonValue

from igfleet.contracts.tasks import Action
from igfleet.errors import PermitRefused
from igfleet.reasons import ReasonCode
from igfleet.ui.raw import Raw

FIRST, LONGEST = timedelta(hours=12), timedelta(hours=24)
_REST = """
INSERT INTO action_rests (account_id, action, until) VALUES ($1, $2, now() + $3 * interval '1 second')
ON CONFLICT (account_id, action) DO UPDATE SET
  until = now() + CASE WHEN action_rests.until > now() - interval '2 days' THEN $4 ELSE $3 END * interval '1 second'
"""
_LEFT = """
SELECT extract(epoch FROM until - now()) FROM action_rests WHERE account_id = $1 AND action = $2 AND until > now()
"""


async def begin(raw: Raw, account_id: int, result: Mapping[str, JsonValue]) -> None:
    """Rest from the actions that a run's result names as `blocked`; twice as long when it happens again soon."""
    blocked = result.get("blocked")
    for word in sorted({str(word) for word in blocked} if isinstance(blocked, list) else ()):
        if word in list(Action):
            await raw.execute(_REST, account_id, word, FIRST.total_seconds(), LONGEST.total_seconds())


async def refuse_if_resting(raw: Raw, account_id: int, action: Action) -> None:
    """Raises `PermitRefused` (action_blocked) with the time that is left."""
    left_s: Any = await raw.fetchval(_LEFT, account_id, action.value)
    if left_s is not None:
        wait = timedelta(seconds=max(float(left_s), 1))
        hours = wait.total_seconds() / 3600
        what = action.value.replace("_", " ")
        message = f"Instagram blocked this account's {what}: it rests from it for {hours:.1f} h more."
        raise PermitRefused(message, ReasonCode.ACTION_BLOCKED, wait)
