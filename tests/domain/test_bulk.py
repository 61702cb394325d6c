"""Bulk jobs: one act on a selection, some rows at a time."""

from dataclasses import dataclass

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from tests.domain import factories as make
from tests.domain.conftest import House

from igfleet.contracts.states import AccountStatus
from igfleet.errors import Conflict, Invalid, NotFound
from igfleet.settings import UiSettings
from igfleet.ui.bulk import ordering, work
from igfleet.ui.bulk.ordering import Drifted
from igfleet.ui.bus import Bus
from igfleet.ui.db import Database
from igfleet.ui.models import Account, AuditEntry, BulkJob, BulkState, Role
from igfleet.ui.people import add_user
from igfleet.ui.security.sessions import SignedIn

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Background:
    """What a job's work needs; its bus speaks to nobody."""

    house: House
    bus: Bus

    @property
    def database(self) -> Database:
        return self.house.database

    @property
    def settings(self) -> UiSettings:
        return self.house.settings


async def _anna(session: AsyncSession) -> SignedIn:
    user = await add_user(session, "anna", "correct horse battery", Role.OPERATOR, "test")
    return SignedIn(user.id, "anna", Role.OPERATOR, "key")


async def _done(house: House, form: dict[str, str], count: int = 3, **fields: object) -> BulkJob:
    """Order it for as many accounts as there are, and work on it."""
    async with house.database.sessions.begin() as session:
        await make.accounts(session, count, **fields)
        person = await _anna(session)
        selection = ordering.read("accounts", form)
        job = await ordering.order(session, house.settings, selection, person)
    await work.work(Background(house, Bus("")), job.id)
    async with house.database.sessions() as session:
        return await work.find(session, job.id)


async def test_all_that_match_are_tagged_and_the_result_says_how_many_were_not_so_already(house: House) -> None:
    form = {"act": "tag", "all": "3", "option": "fjord", "q": "nord"}

    job = await _done(house, form)

    assert (job.state, job.done, job.changed) == (BulkState.DONE, 3, 3)
    assert job.message == "3 accounts tagged"
    async with house.database.sessions() as session:
        assert await session.scalar(select(func.count()).where(Account.tags.contains(["fjord"]))) == 3
        assert await session.scalar(select(func.count()).where(AuditEntry.action == "account_tagged")) == 3


async def test_what_is_picked_by_hand_is_paused_and_the_others_are_left_alone(house: House) -> None:
    job = await _done(house, {"act": "pause", "row": "1"})

    async with house.database.sessions() as session:
        statuses = list(await session.scalars(select(Account.status).order_by(Account.id)))
    assert job.message == "1 account paused"
    assert statuses == [AccountStatus.INACTIVE, AccountStatus.ACTIVE, AccountStatus.ACTIVE]


async def test_when_another_number_matches_by_now_nothing_is_ordered(session: AsyncSession, house: House) -> None:
    await make.accounts(session, 3)
    form = {"act": "pause", "all": "2"}

    with pytest.raises(Drifted, match="2 matched when you chose them, now it is 3"):
        await ordering.order(session, house.settings, ordering.read("accounts", form), await _anna(session))


async def test_from_a_hundred_on_the_number_is_typed(session: AsyncSession, house: House) -> None:
    await make.accounts(session, 100)
    person = await _anna(session)
    form = {"act": "archive", "all": "100"}
    selection = ordering.read("accounts", form)

    with pytest.raises(Invalid, match="Type the number"):
        await ordering.order(session, house.settings, selection, person)
    typed = await ordering.order(session, house.settings, ordering.read("accounts", {**form, "typed": "100"}), person)

    assert typed.total == 100


WRONG: list[tuple[dict[str, str], type[Exception]]] = [
    ({"act": "pause"}, Conflict),
    ({"act": "shout", "row": "1"}, Invalid),
    ({"act": "tag", "row": "1", "option": "two words"}, Invalid),
    ({"act": "proxy", "row": "1", "option": "77"}, NotFound),
    ({"act": "order", "row": "1", "option": "proxy_diag"}, Invalid),
]


async def test_what_cannot_be_done_is_refused_before_it_begins(session: AsyncSession, house: House) -> None:
    await make.accounts(session, 1, id=1)
    person = await _anna(session)

    for form, error in WRONG:
        with pytest.raises(error):
            await ordering.order(session, house.settings, ordering.read("accounts", form), person)


async def test_a_job_goes_on_where_the_process_that_died_left_it(house: House) -> None:
    async with house.database.sessions.begin() as session:
        await make.accounts(session, 3)
        person = await _anna(session)
        form = {"act": "pause", "all": "3"}
        job = await ordering.order(session, house.settings, ordering.read("accounts", form), person)
        await session.execute(update(BulkJob).values(state=BulkState.RUNNING, done=2, changed=2))

    async with house.database.sessions() as session:
        waiting = await work.open_ones(session)
    await work.work(Background(house, Bus("")), job.id)

    async with house.database.sessions() as session:
        found = await work.find(session, job.id)
        paused = await session.scalar(select(func.count()).where(Account.status == AccountStatus.INACTIVE))
        assert await work.open_ones(session) == []
    assert waiting == [job.id]
    assert (found.state, found.done, found.changed, paused) == (BulkState.DONE, 3, 3, 1)


async def test_an_export_is_kept_as_a_file_and_a_selection_is_taken_along_to_a_new_task(house: House) -> None:
    job = await _done(house, {"act": "export", "all": "3"})

    async with house.database.sessions.begin() as session:
        file = await session.scalar(select(BulkJob.file).where(BulkJob.id == job.id))
        form = {"act": "order", "all": "3", "option": "warmup"}
        person = SignedIn(job.user_id or 0, "anna", Role.OPERATOR, "key")
        taken = await ordering.order(session, house.settings, ordering.read("accounts", form), person)
        chosen = await ordering.selected(session, "accounts", taken.id, person.user_id)
        strange = await ordering.selected(session, "accounts", taken.id, person.user_id + 1)
    assert file is not None
    assert b"nord_03" in file
    assert len(chosen) == 3
    assert strange == []
