"""Challenges between run and person: one asks, the other answers, and only what holds lets the account go on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from tests.serving import Served
from tests.ui_api.playing import Player, challenges_of, ordered, states_of, status_of

from igfleet.errors import Conflict, Invalid, WrongState
from igfleet.ui.accounts import resume_accounts
from igfleet.ui.cancelling import cancel
from igfleet.ui.challenges import verbs
from igfleet.ui.models import AuditEntry, Challenge, SealedSecret, Task

pytestmark = pytest.mark.anyio


@pytest.fixture
async def player(ui_without_proxies: Served) -> AsyncIterator[Player]:
    async with ui_without_proxies.client() as client:
        made = Player(ui_without_proxies, client)
        await made.register()
        yield made


async def _by_person(ui: Served, act: Callable[[AsyncSession], Awaitable[Any]]) -> None:
    """What a person does, as a page or a command does it."""
    async with ui.context.database.sessions.begin() as session:
        await act(session)


async def _answers(player: Player, challenge: int, code: str = "123 456") -> None:
    await _by_person(player.ui, lambda db: verbs.answer(db, player.ui.context.vault, challenge, code, "user:anna"))


async def _approves(player: Player, challenge: int) -> None:
    await _by_person(player.ui, lambda db: verbs.approve(db, player.ui.context.settings, challenge, "user:anna"))


async def test_a_run_that_waits_gets_the_code_as_soon_as_it_is_entered(player: Player) -> None:
    [account] = await ordered(player.ui)
    lease = await player.leased()
    met = await player.meet(lease)
    assert await status_of(player.ui, account) == "human_verification_required"

    waiting = asyncio.create_task(player.look(lease, met, wait_s=25))
    await asyncio.sleep(0.1)
    await _answers(player, met["id"])
    seen = await asyncio.wait_for(waiting, 10)
    state = await player.judge(lease, met, is_right=True)

    assert (seen["state"], seen["code"]) == ("answered", "123456")
    assert state == "verified"
    assert await status_of(player.ui, account) == "active"
    assert await player.end(lease, "completed") == "completed"


async def test_a_code_entered_later_goes_to_the_next_attempt_with_what_continues_the_dialogue(player: Player) -> None:
    [account] = await ordered(player.ui)
    lease = await player.leased()
    met = await player.meet(lease)
    assert await player.end(lease, "needs_person", "code_required") == "suspended"
    assert await player.lease() is None

    await _answers(player, met["id"])
    again = await player.leased()
    given = again["account"]["challenge"]
    await player.judge(again, met, is_right=True)

    assert again["account_task_id"] == lease["account_task_id"]
    assert (given["resume"], given["code"]) == ("canary-resume", "123456")
    assert await status_of(player.ui, account) == "active"
    assert [one.state for one in await challenges_of(player.ui, account)] == ["verified"]


async def test_an_answer_at_the_moment_the_run_gives_up_is_not_lost(player: Player) -> None:
    [account] = await ordered(player.ui)
    lease = await player.leased()
    met = await player.meet(lease)

    await _answers(player, met["id"])
    state = await player.end(lease, "needs_person", "code_required")

    assert state == "available"
    assert (await player.leased())["account"]["challenge"]["code"] == "123456"
    assert await status_of(player.ui, account) == "human_verification_required"


async def test_the_account_stops_for_all_kinds_until_the_answer_holds(player: Player) -> None:
    [account] = await ordered(player.ui)
    await ordered(player.ui)
    lease = await player.leased()
    met = await player.meet(lease)
    await player.end(lease, "needs_person", "code_required")
    assert await player.lease() is None

    await _answers(player, met["id"])
    first = await player.leased()
    assert await player.lease() is None
    await player.judge(first, met, is_right=True)
    await player.end(first, "completed")

    assert (await player.leased())["account"]["challenge"] is None
    assert await status_of(player.ui, account) == "active"


async def test_a_refused_code_may_be_entered_anew_three_times_in_all(player: Player) -> None:
    [account] = await ordered(player.ui)
    lease = await player.leased()
    met = await player.meet(lease)

    states = []
    for code in ("111111", "222222", "333333"):
        await _answers(player, met["id"], code)
        states.append(await player.judge(lease, met, is_right=False))
    await player.end(lease, "needs_person", "code_required")

    assert states == ["open", "open", "refused"]
    first, second = await challenges_of(player.ui, account)
    assert (first.refusals, second.state, second.kind, second.has_resume) == (3, "open", "email_code", False)


async def test_the_same_call_again_changes_nothing(player: Player) -> None:
    [account] = await ordered(player.ui)
    lease = await player.leased()

    assert await player.meet(lease) == await player.meet(lease)
    [met] = await challenges_of(player.ui, account)
    await _answers(player, met.id)
    wrong = [await player.judge(lease, {"id": met.id}, is_right=False) for _ in range(3)]
    await _answers(player, met.id)
    right = [await player.judge(lease, {"id": met.id}, is_right=True) for _ in range(2)]

    assert wrong == ["open"] * 3
    assert right == ["verified"] * 2
    assert [one.refusals for one in await challenges_of(player.ui, account)] == [1]


async def test_what_the_app_must_settle_is_checked_by_one_run(player: Player) -> None:
    [account] = await ordered(player.ui)
    lease = await player.leased()
    await player.end(lease, "needs_person", "challenge_required")
    [met] = await challenges_of(player.ui, account)
    assert (met.kind, met.state) == ("app_approval", "open")

    with pytest.raises(Conflict):
        await _answers(player, met.id)
    await _approves(player, met.id)
    again = await player.leased()

    assert await status_of(player.ui, account) == "human_verification_required"
    assert again["account"]["challenge"]["code"] is None
    assert await player.judge(again, {"id": met.id}, is_right=True) == "verified"
    assert await status_of(player.ui, account) == "active"


async def test_a_word_that_does_not_hold_is_asked_for_anew(player: Player) -> None:
    [account] = await ordered(player.ui)
    await player.end(await player.leased(), "needs_person", "challenge_required")
    [met] = await challenges_of(player.ui, account)

    await _approves(player, met.id)
    state = await player.end(await player.leased(), "needs_person", "checkpoint_required")

    first, second = await challenges_of(player.ui, account)
    assert (state, first.state) == ("suspended", "refused")
    assert (second.kind, second.state) == ("checkpoint", "open")
    assert await player.lease() is None


async def test_trouble_on_the_way_leaves_the_answer_standing(player: Player) -> None:
    [account] = await ordered(player.ui)
    lease = await player.leased()
    met = await player.meet(lease)
    await player.end(lease, "needs_person", "code_required")
    await _answers(player, met["id"])

    state = await player.end(await player.leased(), "retry_later", "network_trouble", retry_after_s=0)

    assert state == "retryable"
    assert [one.state for one in await challenges_of(player.ui, account)] == ["answered"]


async def test_a_password_that_is_refused_ends_the_matter(player: Player) -> None:
    [account] = await ordered(player.ui)
    await player.end(await player.leased(), "needs_person", "challenge_required")
    [met] = await challenges_of(player.ui, account)
    await _approves(player, met.id)

    await player.end(await player.leased(), "needs_person", "bad_password")

    assert [one.state for one in await challenges_of(player.ui, account)] == ["refused"]
    assert await status_of(player.ui, account) == "inactive"
    assert await player.lease() is None


async def test_an_account_with_nothing_left_to_do_is_checked_by_a_task_of_its_own(player: Player) -> None:
    [account] = await ordered(player.ui)
    await player.end(await player.leased(), "needs_person", "challenge_required")
    [met] = await challenges_of(player.ui, account)
    async with player.ui.context.database.sessions.begin() as session:
        await cancel(session, 1, "user:anna")

    await _approves(player, met.id)
    check = await player.leased()

    async with player.ui.context.database.sessions() as session:
        task = await session.get_one(Task, check["task_id"])
    assert (task.name, task.kind, task.created_by) == ("Check of @nord_01", "bulk_login", "user:anna")
    await player.judge(check, {"id": met.id}, is_right=True)
    assert await player.end(check, "completed") == "completed"
    assert await status_of(player.ui, account) == "active"


async def test_a_skipped_challenge_cancels_the_account_s_share_only(player: Player) -> None:
    first, second = await ordered(player.ui, 2)
    lease = await player.leased()
    await player.end(lease, "needs_person", "challenge_required")
    [met] = await challenges_of(player.ui, first)

    await _by_person(player.ui, lambda db: verbs.skip(db, met.id, "user:anna"))

    assert await states_of(player.ui, first) == ["cancelled"]
    assert await states_of(player.ui, second) == ["available"]
    assert await status_of(player.ui, first) == "human_verification_required"
    with pytest.raises(WrongState):
        await _approves(player, met.id)


async def test_a_challenge_skipped_while_a_run_waits_ends_that_run(player: Player) -> None:
    [account] = await ordered(player.ui)
    lease = await player.leased()
    met = await player.meet(lease)

    await _by_person(player.ui, lambda db: verbs.skip(db, met["id"], "user:anna"))
    seen = await player.look(lease, met, wait_s=5)
    state = await player.end(lease, "needs_person", "code_required")

    assert seen["state"] == "skipped"
    assert state == "cancelled"
    assert [one.state for one in await challenges_of(player.ui, account)] == ["skipped"]


async def test_a_task_that_skips_challenges_asks_nobody(player: Player) -> None:
    [account] = await ordered(player.ui, on_challenge="skip")
    lease = await player.leased()

    met = await player.meet(lease)
    state = await player.end(lease, "gave_up", "code_required")

    assert met["may_wait"] is False
    assert state == "discarded"
    assert [one.state for one in await challenges_of(player.ui, account)] == ["skipped"]
    assert await status_of(player.ui, account) == "human_verification_required"


async def test_an_account_put_aside_waits_for_a_person(player: Player) -> None:
    [account] = await ordered(player.ui)
    await player.end(await player.leased(), "needs_person", "challenge_required")
    [met] = await challenges_of(player.ui, account)

    await _by_person(player.ui, lambda db: verbs.put_aside(db, met.id, "user:anna"))

    assert await status_of(player.ui, account) == "inactive"
    assert await states_of(player.ui, account) == ["suspended"]
    assert await player.lease() is None


async def test_resuming_an_account_answers_its_challenge(player: Player) -> None:
    [account] = await ordered(player.ui)
    await ordered(player.ui)
    lease = await player.leased()
    met = await player.meet(lease)
    await player.end(lease, "needs_person", "code_required")

    await _by_person(player.ui, lambda db: resume_accounts(db, [account], "user:anna"))
    again = await player.leased()

    assert again["account"]["challenge"]["id"] == met["id"]
    assert again["account"]["challenge"]["code"] is None


async def test_a_sign_in_code_asked_for_by_sms_is_told_apart(player: Player) -> None:
    [account] = await ordered(player.ui)
    lease = await player.leased()

    await player.meet(lease, "sms_code")
    await player.end(lease, "needs_person", "code_required")

    assert await status_of(player.ui, account) == "phone_verification_required"


@pytest.mark.parametrize("code", ["", "12", "123456789", "abcdef", "12345é"])
async def test_what_is_no_code_is_refused(player: Player, code: str) -> None:
    await ordered(player.ui)
    met = await player.meet(await player.leased())

    with pytest.raises(Invalid):
        await _answers(player, met["id"], code)


async def test_a_code_that_came_too_late_is_refused_and_a_new_one_can_be_asked_for(player: Player) -> None:
    await ordered(player.ui)
    lease = await player.leased()
    met = await player.meet(lease)
    await player.end(lease, "needs_person", "code_required")
    async with player.ui.context.database.sessions.begin() as session:
        await session.execute(update(Challenge).values(expires_at=text("now() - interval '1 second'")))

    with pytest.raises(Conflict, match="run out"):
        await _answers(player, met["id"])
    await _approves(player, met["id"])

    assert (await player.leased())["account"]["challenge"]["code"] is None


async def test_another_account_s_lease_cannot_read_the_code(player: Player) -> None:
    await ordered(player.ui, 2)
    first, second = await player.leased(), await player.leased()
    met = await player.meet(first)
    await _answers(player, met["id"])

    await player.call("GET", f"leases/{second['id']}/challenges/{met['id']}", code=404)
    await player.call("PUT", f"leases/{second['id']}/challenges/{met['id']}/verdict", {"is_right": True}, code=404)


async def test_codes_are_sealed_forgotten_at_the_end_and_every_word_is_audited(player: Player) -> None:
    await ordered(player.ui)
    lease = await player.leased()
    met = await player.meet(lease)
    await _answers(player, met["id"])

    async with player.ui.context.database.sessions() as session:
        sealed = list(await session.scalars(select(SealedSecret).where(SealedSecret.owner == "challenge")))
    await player.look(lease, met)
    await player.judge(lease, met, is_right=True)
    async with player.ui.context.database.sessions() as session:
        left = list(await session.scalars(select(SealedSecret).where(SealedSecret.owner == "challenge")))
        audited = {row.action: row for row in await session.scalars(select(AuditEntry))}

    assert {one.field for one in sealed} == {"resume", "code"}
    assert all(b"123456" not in one.sealed and b"canary-resume" not in one.sealed for one in sealed)
    assert left == []
    assert audited["challenge_answered"].actor == "user:anna"
    assert "123456" not in str([row.facts for row in audited.values()])
