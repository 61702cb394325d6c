"""What several accounts fail with in common rests, is probed once, and goes on; a task that goes wrong pauses."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from tests.ui_api.playing import Player, ordered, states_of

from igfleet.ui.queue.overtaking import overtake

pytestmark = pytest.mark.anyio
_RESTED = "UPDATE breakers SET until = now()"


async def _fail(player: Player, times: int, outcome: str, reason: str) -> None:
    for _ in range(times):
        await player.end(await player.leased(), outcome, reason)


async def _sql(player: Player, statement: str) -> list[tuple[Any, ...]]:
    async with player.ui.context.database.sessions.begin() as session:
        done = await session.execute(text(statement))
        return [tuple(row) for row in done] if done.returns_rows else []


async def _open(player: Player) -> list[tuple[Any, ...]]:
    return await _sql(player, "SELECT scope, rule FROM breakers WHERE ended_at IS NULL ORDER BY id")


async def test_three_challenged_accounts_of_one_proxy_let_it_rest_with_one_incident(player: Player) -> None:
    await ordered(player.ui, 6, on_one_proxy=True, concurrency=10)
    under_way = [await player.leased(), await player.leased()]

    await _fail(player, 3, "needs_person", "challenge_required")
    for lease in under_way:
        await player.end(lease, "needs_person", "challenge_required")

    assert await _open(player) == [("proxy", "proxy_challenged")]
    assert await player.lease() is None
    assert await _sql(player, "SELECT action, subject FROM audit WHERE action LIKE 'breaker%'") == [
        ("breaker_opened", "proxy:1")
    ]


async def test_two_that_end_at_the_same_moment_are_both_counted(player: Player) -> None:
    await ordered(player.ui, 4, on_one_proxy=True, concurrency=10)
    leases = [await player.leased() for _ in range(3)]

    await asyncio.gather(*(player.end(lease, "needs_person", "challenge_required") for lease in leases))

    assert await _open(player) == [("proxy", "proxy_challenged")]


async def test_accounts_of_other_proxies_go_on(player: Player) -> None:
    await ordered(player.ui, 4, on_one_proxy=True, concurrency=10)
    await _sql(player, "INSERT INTO proxies (scheme, host, port) VALUES ('http', '127.0.0.1', 99)")
    await _sql(player, "UPDATE accounts SET proxy_id = 2 WHERE id = 4")
    await _fail(player, 3, "retry_later", "rate_limited")

    lease = await player.lease()

    assert lease is not None
    assert lease["account"]["id"] == 4


async def test_after_its_rest_one_run_probes_and_its_success_closes_it(player: Player) -> None:
    await ordered(player.ui, 6, on_one_proxy=True, concurrency=10)
    await _fail(player, 3, "needs_person", "challenge_required")
    await _sql(player, _RESTED)

    probe = await player.leased()
    others = await player.lease()
    await player.end(probe, "completed")

    assert others is None
    assert await _open(player) == []
    assert await player.lease() is not None
    assert await player.lease() is not None


async def test_a_probe_that_meets_the_same_lets_it_rest_twice_as_long(player: Player) -> None:
    await ordered(player.ui, 6, on_one_proxy=True)
    await _fail(player, 3, "needs_person", "challenge_required")
    await _sql(player, _RESTED)

    await _fail(player, 1, "needs_person", "code_required")

    assert await player.lease() is None
    left = "SELECT rest_s, round(extract(epoch FROM until - now()) / 60)::int FROM breakers"
    assert await _sql(player, left) == [(7200, 120)]


async def test_a_probe_that_says_nothing_is_followed_by_another(player: Player) -> None:
    await ordered(player.ui, 6, on_one_proxy=True)
    await _fail(player, 3, "needs_person", "challenge_required")
    await _sql(player, _RESTED)
    await player.end(await player.leased(), "released")
    await player.end(await player.leased(), "needs_person", "bad_password")

    await player.end(await player.leased(), "completed")

    assert await _open(player) == []


async def test_what_was_met_before_it_closed_does_not_open_it_again(player: Player) -> None:
    await ordered(player.ui, 8, on_one_proxy=True)
    await _fail(player, 3, "needs_person", "challenge_required")
    await _sql(player, "UPDATE breakers SET ended_at = now(), ended_by = 'user:anna'")

    await _fail(player, 2, "needs_person", "challenge_required")

    assert await _open(player) == []


async def test_runs_that_break_on_one_worker_are_left_to_others(player: Player) -> None:
    await ordered(player.ui, 7)
    await _fail(player, 5, "died", "runner_died")

    assert await player.lease() is None

    assert ("worker", "worker_fails") in await _open(player)
    await player.register("w2")
    assert await player.lease() is not None


async def test_a_library_that_is_outdated_rests_where_it_is_installed(player: Player) -> None:
    await ordered(player.ui, 5, concurrency=10)
    about = {"name": "w1", "version": "0", "kinds": ["bulk_login"], "methods": ["instagrapi"], "slots": 5}
    await player.call("POST", "workers/register", {**about, "libraries": {"instagrapi": "instagrapi 3.2.2"}})
    await _fail(player, 3, "needs_person", "client_outdated")

    assert await player.lease() is None

    assert await _open(player) == [("library", "library_outdated")]
    await player.call("POST", "workers/register", {**about, "libraries": {"instagrapi": "instagrapi 3.3.0"}})
    assert await player.lease() is not None


async def test_a_kind_that_is_blocked_for_several_rests(player: Player) -> None:
    await ordered(player.ui, 7)

    await _fail(player, 5, "retry_later", "action_blocked")

    assert await _open(player) == [("kind", "kind_blocked")]
    assert await player.lease() is None


async def test_an_account_s_other_kinds_go_first_while_one_rests(player: Player) -> None:
    """Each at its turn, never two at once; what rested has its place again when the rest is over."""
    await ordered(player.ui, 7, concurrency=10)
    await ordered(player.ui, 7, kind="warmup", concurrency=10)
    both = ("bulk_login", "warmup")
    await _fail(player, 5, "retry_later", "action_blocked")
    assert await overtake(player.ui.context.database) in (0, 2), "or the ui's own tick was faster"

    first = await player.lease(*both)
    last = await player.lease(*both)
    nothing = await player.lease(*both)
    assert first is not None
    assert last is not None
    assert [(one["kind"], one["account"]["id"]) for one in (first, last)] == [("warmup", 6), ("warmup", 7)]
    assert nothing is None
    await player.end(first, "completed")
    await player.end(last, "released")
    await _sql(player, "UPDATE breakers SET ended_at = now(), ended_by = 'user:anna'")
    await overtake(player.ui.context.database)

    held = [await player.lease(*both) for _ in range(3)]

    assert [(one["kind"], one["account"]["id"]) for one in held if one] == [("bulk_login", 6), ("bulk_login", 7)]


async def test_what_is_started_while_another_kind_rests_goes_first(player: Player) -> None:
    await ordered(player.ui, 6)
    await _fail(player, 5, "retry_later", "action_blocked")
    await ordered(player.ui, 6, kind="warmup")

    lease = await player.lease("warmup")

    assert lease is not None
    assert lease["account"]["id"] == 6


async def test_trouble_that_passes_by_itself_opens_nothing(player: Player) -> None:
    await ordered(player.ui, 8, on_one_proxy=True)

    for reason in ("network_trouble", "server_trouble", "worker_lost", "session_over"):
        await _fail(player, 2, "retry_later", reason)

    assert await _open(player) == []


async def test_a_task_that_fails_in_a_row_pauses_and_breaks_nothing_under_way(player: Player) -> None:
    who = await ordered(player.ui, 6, stop_in_a_row=3, concurrency=10)
    under_way = await player.leased()

    await _fail(player, 3, "gave_up", "not_supported")

    [(by, why)] = await _sql(player, "SELECT paused_by, paused_why FROM tasks WHERE paused_at IS NOT NULL")
    assert (by, why) == ("system", "3 attempts in a row failed.")
    assert await player.lease() is None
    assert await player.spend(under_way, "login") == "paused"
    assert await player.end(under_way, "not_now", "paused") == "available"
    assert await states_of(player.ui, who[0]) == ["available"]
    assert await _sql(player, "SELECT attempt FROM account_tasks WHERE account_id = 1") == [(0,)]


async def test_the_last_failure_of_a_task_pauses_nothing(player: Player) -> None:
    await ordered(player.ui, 3, stop_in_a_row=3)

    await _fail(player, 3, "gave_up", "not_supported")

    assert await _sql(player, "SELECT count(*) FROM tasks WHERE paused_at IS NOT NULL") == [(0,)]
