"""Budgets: an act is reserved before it is done, and two at once cannot share the last place."""

import asyncio
import uuid

import pytest
from sqlalchemy import func, update
from tests.domain import factories
from tests.domain.conftest import House

from igfleet.contracts.leases import Spending
from igfleet.contracts.states import AccountTaskState
from igfleet.contracts.tasks import Action
from igfleet.errors import PermitRefused
from igfleet.reasons import ReasonCode
from igfleet.settings import UiSettings, load
from igfleet.ui.models import AccountTask
from igfleet.ui.planning.draft import Draft, create
from igfleet.ui.planning.plan import plan
from igfleet.ui.queue.budgets import spend

pytestmark = pytest.mark.anyio


async def _leased(house: House) -> uuid.UUID:
    """An account task under a lease."""
    lease = uuid.uuid4()
    async with house.database.sessions.begin() as session:
        (account,) = await factories.accounts(session, 1)
        task = await create(
            session, house.settings, Draft(kind="bulk_login", name="Sign in", account_ids=(account.id,)), "user:anna"
        )
        await plan(session, house.settings, task.id)
        held = {"state": AccountTaskState.RUNNING, "head": True, "lease_id": lease}
        until = func.now() + func.make_interval(0, 0, 0, 0, 1)
        await session.execute(update(AccountTask).values(**held, lease_expires_at=until))
    return lease


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


async def test_each_action_has_a_budget_of_its_own(house: House) -> None:
    lease = await _leased(house)
    settings = load(UiSettings, ACTION_BUDGETS="like=1/1")

    assert await _may_like(house, lease, settings) is None
    assert await _may_like(house, lease, settings) is not None
    async with house.database.transaction() as raw:
        left = await spend(raw, lease, Spending(action=Action.FOLLOW), settings)

    assert left.left_hour == 14
