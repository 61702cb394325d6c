"""Budgets: an act is reserved before it is done, and two at once cannot share the last place."""

import asyncio
import uuid

import pytest
from sqlalchemy import func, update
from tests.domain import factories
from tests.domain.conftest import House

from igfleet.contracts.leases import Ending, LeaseOutcome, Spending
from igfleet.contracts.states import AccountTaskState
from igfleet.contracts.tasks import Action
from igfleet.errors import PermitRefused
from igfleet.reasons import ReasonCode
from igfleet.settings import UiSettings, load
from igfleet.ui.models import AccountTask
from igfleet.ui.planning.draft import Draft, create
from igfleet.ui.planning.plan import plan
from igfleet.ui.queue.budgets import spend
from igfleet.ui.queue.finish import finish

pytestmark = pytest.mark.anyio


async def _leased(house: House) -> uuid.UUID:
    """An account task under a lease."""
    return (await _all_leased(house, 1))[0]


async def _all_leased(house: House, count: int) -> list[uuid.UUID]:
    """So many, of an account each."""
    leases = [uuid.uuid4() for _ in range(count)]
    async with house.database.sessions.begin() as session:
        who = tuple(account.id for account in await factories.accounts(session, count))
        draft = Draft(kind="bulk_login", name="Sign in", account_ids=who)
        task = await create(session, house.settings, draft, "user:anna")
        await plan(session, house.settings, task.id)
        until = func.now() + func.make_interval(0, 0, 0, 0, 1)
        for account, lease in zip(who, leases, strict=True):
            held = {"state": AccountTaskState.RUNNING, "head": True, "lease_id": lease, "lease_expires_at": until}
            await session.execute(update(AccountTask).where(AccountTask.account_id == account).values(**held))
    return leases


async def _may_like(house: House, lease: uuid.UUID, settings: UiSettings) -> PermitRefused | None:
    try:
        async with house.database.transaction() as raw:
            await spend(raw, lease, Spending(action=Action.LIKE), settings)
    except PermitRefused as refused:
        return refused
    return None


async def test_the_last_place_goes_to_one(house: House) -> None:
    lease = await _leased(house)
    settings = load(UiSettings, ACTION_BUDGETS="like=3/10")

    refusals = await asyncio.gather(*(_may_like(house, lease, settings) for _ in range(8)))

    refused = [refusal for refusal in refusals if refusal is not None]
    assert len(refused) == 5
    assert all(refusal.reason is ReasonCode.BUDGET_SPENT for refusal in refused)
    assert all(refusal.retry_after and 3500 < refusal.retry_after.total_seconds() < 3660 for refusal in refused)


async def test_what_provably_was_not_done_is_given_back_once_and_to_its_own_account(house: House) -> None:
    lease, other = await _all_leased(house, 2)
    settings = load(UiSettings, ACTION_BUDGETS="like=2/2")
    async with house.database.transaction() as raw:
        done, not_done = [await spend(raw, lease, Spending(action=Action.LIKE), settings) for _ in range(2)]
        foreign = await spend(raw, other, Spending(action=Action.LIKE), settings)

    unsent = tuple(one.id for one in (not_done, foreign) if one.id)
    for _ in range(2):
        async with house.database.transaction() as raw:
            await finish(raw, lease, LeaseOutcome(outcome=Ending.DIED, unsent=unsent))

    async with house.database.transaction() as raw:
        left = [row["id"] for row in await raw.fetch("SELECT id FROM spendings ORDER BY id")]
    assert left == [done.id, foreign.id]


async def test_each_action_has_a_budget_of_its_own(house: House) -> None:
    lease = await _leased(house)
    settings = load(UiSettings, ACTION_BUDGETS="like=1/1")

    assert await _may_like(house, lease, settings) is None
    assert await _may_like(house, lease, settings) is not None
    async with house.database.transaction() as raw:
        left = await spend(raw, lease, Spending(action=Action.FOLLOW), settings)

    assert left.left_hour == 14
