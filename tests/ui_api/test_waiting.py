"""Workers that wait for work, and what becomes of work that comes when they wait no longer."""

import asyncio

import httpx
import pytest
from tests.ui_api.playing import Player, ordered

pytestmark = pytest.mark.anyio


async def _waiting(player: Player) -> asyncio.Task[httpx.Response]:
    """A call that waits, and has had the time to begin to."""
    asked = {"worker_id": player.worker_id, "kinds": ["bulk_login"], "wait_s": 25}
    call = asyncio.create_task(player.client.post("/api/leases", json=asked, timeout=30))
    await asyncio.sleep(0.3)
    assert not call.done()
    return call


async def test_who_waits_gets_what_comes(player: Player) -> None:
    call = await _waiting(player)
    await ordered(player.ui)
    player.ui.context.bus.tell("work")

    answer = await call

    assert len(answer.json()) == 1


async def test_who_has_hung_up_gets_nothing(player: Player) -> None:
    """A worker was killed, or told to drain, while it waited."""
    call = await _waiting(player)
    call.cancel()
    await asyncio.wait([call])
    await ordered(player.ui)
    player.ui.context.bus.tell("work")
    await asyncio.sleep(0.5)

    assert await player.lease() is not None, "it is still free"
