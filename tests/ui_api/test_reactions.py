"""What follows when Instagram says no: rests that grow, and from a number on a person."""

import pytest
from sqlalchemy import select, text
from tests.serving import Served
from tests.ui_api.bodies import bodies
from tests.ui_api.playing import Player, ordered, states_of, status_of
from tests.ui_api.stage import staged

from igfleet.ui.accounts import resume_accounts
from igfleet.ui.jobs.tick import tick
from igfleet.ui.models import Account, AccountTask
from igfleet.ui.planning.draft import Draft, create
from igfleet.ui.planning.plan import plan

pytestmark = pytest.mark.anyio


async def _time_passes(player: Player) -> None:
    """The rest is over and what waited is due; what was counted stays."""
    async with player.ui.context.database.sessions.begin() as session:
        await session.execute(text("UPDATE accounts SET cooldown_until = NULL"))
        await session.execute(text("UPDATE account_tasks SET available_at = now() WHERE state = 'retryable'"))
    await tick(player.ui.context)


async def _rests_s(player: Player, account: int) -> float:
    async with player.ui.context.database.sessions() as session:
        asked = text("SELECT coalesce(extract(epoch FROM cooldown_until - now()), 0) FROM accounts WHERE id = :id")
        return float(await session.scalar(asked, {"id": account}) or 0)


async def _reason(player: Player, account: int) -> str | None:
    async with player.ui.context.database.sessions() as session:
        newest = select(AccountTask.reason_code).where(AccountTask.account_id == account)
        return await session.scalar(newest.order_by(AccountTask.id.desc()).limit(1))


async def _resumed(player: Player, account: int) -> None:
    async with player.ui.context.database.sessions.begin() as session:
        await resume_accounts(session, [account], "user:anna")


async def test_a_slowed_account_rests_twice_as_long_and_the_third_time_asks_a_person(player: Player) -> None:
    [account] = await ordered(player.ui, max_attempts=9)
    rests = []

    states = []
    for _ in range(3):
        states.append(await player.end(await player.leased(), "retry_later", "rate_limited"))
        rests.append(await _rests_s(player, account))
        assert await player.lease() is None
        await _time_passes(player)

    assert states == ["retryable", "retryable", "suspended"]
    assert [round(rest / 60) for rest in rests] == [15, 30, 0]
    assert await _reason(player, account) == "rate_limited_again"
    assert await status_of(player.ui, account) == "inactive"
    assert await player.lease() is None


async def test_a_wait_that_instagram_names_is_kept(player: Player) -> None:
    [account] = await ordered(player.ui)

    await player.end(await player.leased(), "retry_later", "rate_limited", retry_after_s=7200)

    assert 7100 < await _rests_s(player, account) <= 7200


async def test_a_person_who_resumes_the_account_begins_a_new_count(player: Player) -> None:
    [account] = await ordered(player.ui, max_attempts=9)
    for _ in range(2):
        await player.end(await player.leased(), "retry_later", "rate_limited")
        await _time_passes(player)
    await _resumed(player, account)

    state = await player.end(await player.leased(), "retry_later", "rate_limited")

    assert state == "retryable"


async def test_blocks_on_three_days_are_left_to_a_person_even_when_the_rest_was_done(player: Player) -> None:
    [account] = await ordered(player.ui)
    await ordered(player.ui)
    await ordered(player.ui)

    for _ in range(3):
        assert await status_of(player.ui, account) == "active"
        await player.end(await player.leased(), "completed", result={"blocked": ["like"]})

    assert await status_of(player.ui, account) == "inactive"


async def test_a_session_that_ends_twice_within_a_day_is_not_signed_in_a_third_time(player: Player) -> None:
    [account] = await ordered(player.ui)
    lease = await player.leased()

    first = await player.spend(lease, "login")
    await player.keep_session(lease)
    lost = [await player.spend(lease, "login") for _ in range(3)]
    await player.keep_session(lease, 2)
    again = await player.spend(lease, "login")
    state = await player.end(lease, "needs_person", "session_over_again")

    assert first == ""
    assert lost == ["", "", ""], "several tries of one loss"
    assert again == "session_over_again"
    assert state == "suspended"
    assert await status_of(player.ui, account) == "inactive"
    await _resumed(player, account)
    await ordered(player.ui)
    assert await player.spend(await player.leased(), "login") == ""


async def test_a_device_without_a_session_is_no_session_that_was_lost(player: Player) -> None:
    await ordered(player.ui)
    lease = await player.leased()

    for seq in range(1, 4):
        assert await player.spend(lease, "login") == ""
        await player.keep_session(lease, seq, is_signed_in=False)

    async with player.ui.context.database.sessions() as session:
        assert await session.scalar(select(Account.session_at)) is None


async def test_nobody_signs_in_when_several_accounts_are_told_that_the_client_is_outdated(player: Player) -> None:
    await ordered(player.ui, 5)
    for _ in range(2):
        await player.end(await player.leased(), "needs_person", "client_outdated")
    fourth = await player.leased()
    assert await player.spend(fourth, "login") == ""
    await player.end(await player.leased(), "needs_person", "client_outdated")

    assert await player.spend(fourth, "login") == "client_outdated"
    assert await player.spend(fourth, "like") == ""


@pytest.mark.parametrize("reason", ["account_disabled", "account_suspended"])
async def test_what_a_dead_account_had_to_do_is_cancelled(player: Player, reason: str) -> None:
    [account] = await ordered(player.ui)
    await ordered(player.ui)
    async with player.ui.context.database.sessions.begin() as session:
        draft = Draft(kind="bulk_login", name="A draft", account_ids=(account,))
        task = await create(session, player.ui.context.settings, draft, "user:anna")
        await plan(session, player.ui.context.settings, task.id)

    state = await player.end(await player.leased(), "gave_up", reason)
    await tick(player.ui.context)

    assert state == "discarded"
    assert await states_of(player.ui, account) == ["discarded", "cancelled", "scheduled"]
    assert await status_of(player.ui, account) == "suspended"
    async with player.ui.context.database.sessions() as session:
        tasks = (await session.scalars(text("SELECT state FROM tasks ORDER BY id"))).all()
    assert list(tasks) == ["failed", "cancelled", "draft"]


async def test_what_nobody_knows_stops_the_account(player: Player) -> None:
    [account] = await ordered(player.ui)

    await player.end(await player.leased(), "needs_person", "unexpected_error")

    assert await status_of(player.ui, account) == "inactive"


@pytest.mark.parametrize("reason", ["network_trouble", "proxy_unreachable", "server_trouble", "unexpected_error"])
async def test_what_is_not_the_account_s_fault_never_changes_its_status(player: Player, reason: str) -> None:
    [account] = await ordered(player.ui)

    state = await player.end(await player.leased(), "retry_later", reason)

    assert state == "retryable"
    assert await status_of(player.ui, account) == "active"
    assert await _rests_s(player, account) == 0


async def test_no_permit_is_given_while_the_account_rests_from_publishing(ui_without_proxies: Served) -> None:
    stage = await staged(ui_without_proxies, 1)
    [lease] = stage.leases
    place = f"/api/leases/{lease['id']}/posts/{lease['posts'][0]['id']}"
    intent = bodies(stage)["PUT /api/leases/{lease_id:uuid}/posts/{post_id:int}/intent"]
    rest = "INSERT INTO action_rests (account_id, action, until) VALUES (:id, 'publish', now() + interval '12 hours')"
    await stage.sql(rest, id=lease["account"]["id"])

    async with stage.client("w1") as client:
        (await client.put(f"{place}/intent", json=intent)).raise_for_status()
        refused = await client.post(f"{place}/permit")

    assert (refused.status_code, refused.json()["reason_code"]) == (423, "action_blocked")
    assert 43_000 < float(refused.headers["retry-after"]) <= 43_200
    assert await stage.sql("SELECT state FROM posts") == "preparing"
