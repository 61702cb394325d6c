"""Stored sessions: the newest with its device, and the older ones until somebody refuses them."""

import pytest
from tests.ui_api.playing import Player, ordered

pytestmark = pytest.mark.anyio


async def _sessions(player: Player) -> list[tuple[str, int, bool]]:
    """What a worker gets with the next lease, which it gives back at once."""
    lease = await player.lease()
    assert lease is not None
    await player.end(lease, "released")
    return [(one["settings"], one["version"], one["is_refused"]) for one in lease["account"]["sessions"]]


async def _report(player: Player, *parts: dict[str, object]) -> None:
    lease = await player.lease()
    assert lease is not None
    for seq, part in enumerate(parts, 1):
        await player.call("POST", f"leases/{lease['id']}/reports", {"seq": seq, **part})
    await player.end(lease, "released")


def _stored(settings: str) -> dict[str, object]:
    return {"session": {"kind": "mobile", "settings": settings}}


def _refused(version: int) -> dict[str, object]:
    return {"refused_session": {"kind": "mobile", "version": version}}


async def test_a_refused_session_is_leased_no_more_but_the_newest_keeps_its_device(player: Player) -> None:
    await ordered(player.ui)
    await _report(player, _stored('{"a": 1}'), _stored('{"b": 2}'), _stored('{"c": 3}'))

    first = await _sessions(player)
    await _report(player, _refused(3), _refused(2))
    then = await _sessions(player)

    assert first == [('{"c": 3}', 3, False), ('{"b": 2}', 2, False), ('{"a": 1}', 1, False)]
    assert then == [('{"c": 3}', 3, True), ('{"a": 1}', 1, False)]


async def test_the_session_stored_last_can_be_refused_without_its_number(player: Player) -> None:
    await ordered(player.ui)
    await _report(player, _stored('{"a": 1}'), _stored('{"b": 2}'), _refused(0), _stored('{"c": 3}'))

    assert await _sessions(player) == [('{"c": 3}', 3, False), ('{"a": 1}', 1, False)]


async def test_one_account_s_refusal_is_nothing_to_another_s(player: Player) -> None:
    await ordered(player.ui, 2)
    first, second = await player.lease(), await player.lease()
    assert first is not None
    assert second is not None
    for lease in (first, second):
        await player.keep_session(lease)

    body = {"seq": 2, **_refused(1)}
    await player.call("POST", f"leases/{first['id']}/reports", body)
    for lease in (first, second):
        await player.end(lease, "released")

    marks = {}
    while (lease := await player.lease()) is not None:
        marks[lease["account"]["id"]] = lease["account"]["sessions"][0]["is_refused"]
    assert marks == {first["account"]["id"]: True, second["account"]["id"]: False}
