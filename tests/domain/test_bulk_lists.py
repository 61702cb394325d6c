"""Bulk jobs on tasks and proxies: what they share with those on accounts stands in `test_bulk`."""

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from tests.domain import factories as make
from tests.domain.conftest import House
from tests.domain.test_bulk import Background

from igfleet.contracts.states import TaskState
from igfleet.errors import Conflict, NotFound
from igfleet.ui.bulk import ordering, work
from igfleet.ui.bulk.ordering import Drifted
from igfleet.ui.bus import Bus
from igfleet.ui.models import Account, AccountTask, AuditEntry, BulkJob, Post, Proxy, Role, Task
from igfleet.ui.people import add_invited
from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.start import start
from igfleet.ui.security.sessions import SignedIn

pytestmark = pytest.mark.anyio


async def _done(house: House, noun: str, **form: str) -> BulkJob:
    async with house.database.sessions.begin() as session:
        known = await session.scalar(select(func.max(AuditEntry.id)))
        user = await add_invited(session, f"anna{known}", Role.OPERATOR, "test")
        person = SignedIn(user.id, user.name, Role.OPERATOR, "key")
        job = await ordering.order(session, house.settings, ordering.read(noun, form), person)
    await work.work(Background(house, Bus("")), job.id)
    async with house.database.sessions() as session:
        return await work.find(session, job.id)


async def _a_draft_and_two_tasks(house: House) -> None:
    async with house.database.sessions.begin() as session:
        videos = await make.videos(session, 3)
        for number, one in enumerate(await make.accounts(session, 3)):
            task = await make.draft(session, house.settings, [one], [videos[number]])
            await plan(session, house.settings, task.id)
            if number:
                await start(session, house.settings, task.id, plan_hash=None, actor="test")


async def test_tasks_are_paused_resumed_and_cancelled_each_for_itself(house: House) -> None:
    await _a_draft_and_two_tasks(house)

    paused = await _done(house, "tasks", act="pause", all="3")
    resumed = await _done(house, "tasks", act="resume", all="3")
    retried = await _done(house, "tasks", act="retry", all="3")
    cancelled = await _done(house, "tasks", act="cancel", all="2", state="queued")
    written = await _done(house, "tasks", act="export", all="3", kind="bulk_upload")

    assert paused.message == "2 tasks of 3 paused; the others were so already, are over, or had not begun"
    assert resumed.message == "2 tasks of 3 resumed; the others were not paused"
    assert retried.message == "0 tasks of 3 retried; nothing to retry in the others"
    assert (cancelled.message, cancelled.selection) == ("2 tasks cancelled", ["state waiting"])
    assert written.link == f"/bulk/{written.id}/file"
    async with house.database.sessions() as session:
        states = list(await session.scalars(select(Task.state).order_by(Task.id)))
        assert states == [TaskState.DRAFT, TaskState.CANCELLED, TaskState.CANCELLED]
        assert await session.scalar(select(func.count()).where(AuditEntry.action == "task_paused")) == 2


async def test_account_tasks_are_retried_resumed_and_cancelled_each_as_it_can_be(house: House) -> None:
    await _six_ends(house)

    retried = await _done(house, "account_tasks", task="1", act="retry", all="6")
    resumed = await _done(house, "account_tasks", task="1", act="resume", all="2", state="suspended")
    picked = await _done(house, "account_tasks", task="1", act="cancel", row="1")
    cancelled = await _done(house, "account_tasks", task="1", act="cancel", all="6")

    assert retried.message == "1 account task of 6 retried; nothing failed in the others"
    assert resumed.message.startswith("1 account task of 2 resumed; the others do not wait, or you are still to say")
    assert resumed.selection == ["of task 1", "state needs you"]
    assert (picked.message, picked.selection) == ("1 account task cancelled", ["of task 1", "picked by hand"])
    assert cancelled.message == "4 account tasks of 6 cancelled; the others were over already"
    async with house.database.sessions() as session:
        rows = await session.scalars(select(AccountTask.state).order_by(AccountTask.id))
        posts = await session.scalars(select(Post.state).order_by(Post.account_task_id))
        states, of_posts = list(rows), list(posts)
        audited = select(AuditEntry.facts).where(AuditEntry.action == "shares_cancelled").order_by(AuditEntry.id)
        facts = list(await session.scalars(audited))
    assert states == ["cancelled", "cancelled", "cancelled", "cancelled", "completed", "retryable"]
    assert of_posts == ["cancelled", "cancelled", "needs_person", "cancelled", "published", "unknown"]
    assert facts == [{"account_tasks": [1]}, {"account_tasks": [2, 3, 4, 6]}]


async def test_account_tasks_are_those_of_a_task(house: House) -> None:
    await _six_ends(house)
    async with house.database.sessions.begin() as session:
        [account], [video] = (
            await make.accounts(session, 1, username="lake_01"),
            await make.videos(session, 1, sha256="f" * 64),
        )
        other = await make.draft(session, house.settings, [account], [video])
        await plan(session, house.settings, other.id)
        await start(session, house.settings, other.id, plan_hash=None, actor="test")

    job = await _done(house, "account_tasks", task="1", act="cancel", row="7")

    assert job.message == "0 account tasks of 1 cancelled; the others were over already"
    for task in ("", "x", "-1"):
        with pytest.raises(NotFound, match="Of which task"):
            ordering.read("account_tasks", {"act": "retry", "row": "1", "task": task})


async def test_proxies_are_tagged_replaced_and_removed_unless_accounts_leave_through_them(house: House) -> None:
    async with house.database.sessions.begin() as session:
        await make.proxies(session, 4)
        for place, account in enumerate(await make.accounts(session, 3)):
            account.proxy_id = min(place, 1) + 1

    tagged = await _done(house, "proxies", act="tag", all="4", q="exit", option="fast")
    replaced = await _done(house, "proxies", act="replace", all="4", tag="fast", option="3")
    removed = await _done(house, "proxies", act="remove", all="4")

    assert tagged.message == "4 proxies tagged"
    assert replaced.message == "2 proxies of 4 replaced; the others had no account"
    assert removed.message == "3 proxies of 4 removed; accounts leave through the others"
    async with house.database.sessions() as session:
        assert [(one.id, one.tags) for one in await session.scalars(select(Proxy))] == [(3, ["fast"])]
        assert set(await session.scalars(select(Account.proxy_id))) == {3}
        assert await session.scalar(select(func.count()).where(AuditEntry.action == "proxy_removed")) == 3


async def test_selected_proxies_are_checked_by_one_task(house: House) -> None:
    async with house.database.sessions.begin() as session:
        await make.proxies(session, 2)

    job = await _done(house, "proxies", act="check", all="2")

    async with house.database.sessions() as session:
        task = (await session.scalars(select(Task))).one()
        assert (job.message, job.link) == ("2 proxies being checked", f"/tasks/{task.id}")
        assert task.options["proxy_ids"] == [1, 2]


async def _six_ends(house: House) -> None:
    """A task of which one failed, one waits, one waits with a post in doubt, one is due, one is done, one unknown."""
    ends = {
        1: ("discarded", "failed"), 2: ("suspended", "planned"), 3: ("suspended", "needs_person"),
        5: ("completed", "published"), 6: ("retryable", "unknown"),
    }  # fmt: skip
    async with house.database.sessions.begin() as session:
        task = await make.draft(session, house.settings, await make.accounts(session, 6), await make.videos(session, 6))
        await plan(session, house.settings, task.id)
        await start(session, house.settings, task.id, plan_hash=None, actor="test")
        for key, (state, of_post) in ends.items():
            values = {"state": state, "head": False, "reason_code": "rate_limited"}
            await session.execute(update(AccountTask).where(AccountTask.id == key).values(values))
            await session.execute(update(Post).where(Post.account_task_id == key).values(state=of_post))


@pytest.mark.parametrize("noun", ["tasks", "proxies"])
async def test_what_was_seen_must_still_be_so(session: AsyncSession, house: House, noun: str) -> None:
    person = SignedIn(1, "anna", Role.OPERATOR, "key")
    seen = {"act": "export", "all": "7"}

    with pytest.raises(Drifted):
        await ordering.order(session, house.settings, ordering.read(noun, seen), person)
    with pytest.raises(Conflict, match="is selected"):
        await ordering.order(session, house.settings, ordering.read(noun, {"act": "export"}), person)
