"""The campaign of `igfleet chaos` at the size of a test: real processes that die, and nothing lost or doubled."""

from pathlib import Path

import pytest

from igfleet.chaos.campaign import Result, run
from igfleet.chaos.order import Order
from igfleet.chaos.worker import Without

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(400)]


async def test_500_posts_under_50_kills_are_each_published_once(tmp_path: Path) -> None:
    result = await _played(Order(posts=500, seed=50, kills=50, faults=10, timeout_s=300), tmp_path)

    found = result.verdict
    told = f"seed {result.order.seed}: {result.facts()}"
    assert (found.lost, found.duplicated, found.unexpected, found.unresolved) == (0, 0, 0, 0), told
    assert found.false_quarantines == 0, told
    assert found.published + found.needs_person == 500, told
    assert result.events["runner killed"] + result.events["worker killed"] >= 45, told


async def test_lease_and_retry_alone_publishes_twice_and_the_verdict_says_so(tmp_path: Path) -> None:
    result = await _played(
        Order(posts=30, seed=7, faults=10, without=Without.PROTOCOL, timeout_s=120, stops_at_duplicate=True), tmp_path
    )

    assert result.verdict.duplicated > 0, result.facts()
    assert not result.verdict.is_good


async def _played(order: Order, folder: Path) -> Result:
    return await run(order, folder, print)
