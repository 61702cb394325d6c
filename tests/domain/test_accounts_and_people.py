from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from tests.domain import factories as make

from igfleet.contracts.states import AccountStatus, TaskState
from igfleet.errors import Conflict, Invalid, NotFound, WrongState
from igfleet.settings import UiSettings
from igfleet.ui import accounts, invitations
from igfleet.ui.models import AuditEntry, OneTimeToken, Proxy, User
from igfleet.ui.people import add_user
from igfleet.ui.planning.draft import Draft, DraftMedia, accounts_named, accounts_tagged, change
from igfleet.ui.planning.plan import plan

pytestmark = pytest.mark.anyio
ANNA = "user:anna"


async def test_accounts_are_stopped_resumed_and_archived_with_an_audit(session: AsyncSession) -> None:
    (account,) = await make.accounts(session, 1)

    await accounts.stop_accounts(session, [account.id], ANNA)
    stopped = account.status
    await accounts.resume_accounts(session, [account.id], ANNA)
    await accounts.archive_accounts(session, [account.id], ANNA)

    await session.refresh(account)
    assert (stopped, account.status) == (AccountStatus.INACTIVE, AccountStatus.ACTIVE)
    assert account.archived_at is not None
    actions = (await session.scalars(select(AuditEntry.action).order_by(AuditEntry.id))).all()
    assert actions == ["account_stopped", "account_resumed", "account_archived"]


async def test_accounts_get_a_proxy_that_exists(session: AsyncSession) -> None:
    (account,) = await make.accounts(session, 1)
    proxy = Proxy(scheme="http", host="127.0.0.1", port=3128)
    session.add(proxy)
    await session.flush()

    await accounts.assign_proxy(session, [account.id], proxy.id, ANNA)

    await session.refresh(account)
    assert account.proxy_id == proxy.id
    with pytest.raises(NotFound):
        await accounts.assign_proxy(session, [account.id], proxy.id + 1, ANNA)


async def test_accounts_are_chosen_by_name_id_or_tag(session: AsyncSession) -> None:
    first, second = await make.accounts(session, 2, tags=["north"])

    assert await accounts_named(session, ["@NORD_02", str(first.id), "nord_02"]) == (second.id, first.id)
    assert await accounts_tagged(session, "north") == (first.id, second.id)
    with pytest.raises(NotFound, match="nord_99"):
        await accounts_named(session, ["nord_99"])
    with pytest.raises(NotFound):
        await accounts_tagged(session, "south")


async def test_a_changed_draft_loses_its_plan(session: AsyncSession, settings: UiSettings) -> None:
    made, videos = await make.accounts(session, 2), await make.videos(session, 2)
    task = await make.draft(session, settings, made, videos)
    await plan(session, settings, task.id)
    other = Draft(name="Other", account_ids=(made[0].id,), media=(DraftMedia(media_id=videos[1].id),))

    await change(session, task, other)

    assert (task.name, task.plan_hash) == ("Other", None)
    assert await make.stored_posts(session, task) == []
    task.state = TaskState.QUEUED
    with pytest.raises(WrongState):
        await change(session, task, other)


async def test_a_name_is_taken_whatever_its_case(session: AsyncSession) -> None:
    await add_user(session, "anna", "long enough 1", "admin", "cli")

    with pytest.raises(Conflict):
        await add_user(session, "Anna", "long enough 2", "viewer", "cli")
    with pytest.raises(Invalid) as refused:
        await add_user(session, "an na", "short", "viewer", "cli")
    assert set(refused.value.fields) == {"name", "password"}


async def test_an_invitation_works_once_and_only_the_newest(session: AsyncSession) -> None:
    old = await invitations.first_admin(session)
    new = await invitations.first_admin(session)
    assert old is not None
    assert new is not None

    assert not await invitations.is_open(session, invitations.SET_UP, old)
    assert await invitations.is_open(session, invitations.SET_UP, new)
    assert await invitations.redeem(session, invitations.SET_UP, new)
    assert not await invitations.redeem(session, invitations.SET_UP, new)


async def test_an_invitation_ends_by_itself_and_with_the_first_user(session: AsyncSession) -> None:
    token = await invitations.invite(session, "demo", timedelta(hours=1))
    await session.flush()
    await session.execute(update(OneTimeToken).values(expires_at=OneTimeToken.created_at))

    assert not await invitations.redeem(session, "demo", token)
    session.add(User(name="anna", password_hash="x", role="admin"))
    assert await invitations.first_admin(session) is None
