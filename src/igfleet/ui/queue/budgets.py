"""Budgets: what an account may do in an hour and in a day, over all kinds and workers."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from igfleet.contracts.leases import Spending, Spent
from igfleet.contracts.tasks import Action
from igfleet.errors import PermitRefused
from igfleet.reasons import ReasonCode
from igfleet.runners.verify import Verify
from igfleet.settings import UiSettings
from igfleet.ui.queue.dry_runs import refuse_if_dry
from igfleet.ui.queue.incidents import refuse_sign_in
from igfleet.ui.queue.pauses import refuse_if_paused
from igfleet.ui.queue.reports import held_alone
from igfleet.ui.queue.rests import refuse_if_resting
from igfleet.ui.raw import Raw

_OVER = ReasonCode.SESSION_OVER
_USED = """
SELECT coalesce(sum(amount) FILTER (WHERE at > now() - interval '1 hour'), 0)::int AS hour,
  coalesce(sum(amount), 0)::int AS day,
  least(extract(epoch FROM min(at) FILTER (WHERE at > now() - interval '1 hour') + interval '1 hour' - now()), 3600)
    AS hour_wait_s,
  least(extract(epoch FROM min(at) + interval '1 day' - now()), 86400) AS day_wait_s
FROM spendings WHERE account_id = $1 AND action = $2 AND at > now() - interval '1 day'
"""
_NOTE = "INSERT INTO spendings (account_id, action, amount, lease_id) VALUES ($1, $2, $3, $4) RETURNING id"
_GIVE_BACK = "DELETE FROM spendings WHERE lease_id = $1 AND id = ANY($2::bigint[])"


async def spend(raw: Raw, lease_id: UUID, given: Spending, settings: UiSettings) -> Spent:
    """Reserve an act for the leased account. Raises `LeaseLost`, and `PermitRefused` with the wait: the budget is
    spent (budget_spent), it is a dry-run (dry_run), the account rests from the action (action_blocked), it must not
    sign in now, or the task or everything is paused (paused).

    The account's row is locked, so that two acts at once cannot share the last place.
    """
    row = await held_alone(raw, lease_id)
    account_id = row["account_id"]
    await refuse_if_paused(raw, row["task_id"])
    await refuse_if_dry(raw, row["task_id"], given.action)
    hour, day = settings.action_budgets.get(given.action, (10**6, 10**6))
    await refuse_if_resting(raw, account_id, given.action)
    used = await raw.fetchrow(_USED, account_id, given.action.value)
    if used["day"] + given.amount > day:
        raise _refused(given, day, "24 hours", used["day_wait_s"])
    if used["hour"] + given.amount > hour:
        raise _refused(given, hour, "an hour", used["hour_wait_s"])
    if given.action is Action.LOGIN and row["kind"] == Verify.kind:
        raise PermitRefused("The session is over, and a look at what was published signs nobody in.", _OVER)
    if given.action is Action.LOGIN:
        await refuse_sign_in(raw, account_id, row["method"])
    made: int = await raw.fetchval(_NOTE, account_id, given.action.value, given.amount, lease_id)
    return Spent(left_hour=hour - used["hour"] - given.amount, left_day=day - used["day"] - given.amount, id=made)


async def give_back(raw: Raw, lease_id: UUID, unsent: Sequence[int]) -> None:
    """Acts of this lease that were paid for and provably not done count no more. What is in doubt stays paid."""
    if unsent:
        await raw.execute(_GIVE_BACK, lease_id, list(unsent))


def _refused(given: Spending, limit: int, length: str, wait_s: Any) -> PermitRefused:
    what = given.action.value.replace("_", " ")
    wait = timedelta(seconds=max(float(wait_s or 0), 1))
    return PermitRefused(f"The account's budget is spent: {limit} x {what} in {length}.", ReasonCode.BUDGET_SPENT, wait)
