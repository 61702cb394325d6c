"""Client groups: a confined transaction, what it writes, and that no table is forgotten."""

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from tests.domain import factories as make

from igfleet.contracts.states import TaskState
from igfleet.errors import Forbidden, Invalid
from igfleet.settings import UiSettings
from igfleet.ui import migrating
from igfleet.ui.bulk.ordering import Drifted, Selection
from igfleet.ui.cancelling import cancel, cancel_one, cancel_only
from igfleet.ui.fleet.edits import edit
from igfleet.ui.models import Account, AuditEntry, Base, Role, Task, User
from igfleet.ui.people import add_invited
from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.start import start
from igfleet.ui.retrying import retry_failed
from igfleet.ui.scope.scope import Scope, confine, scope_of
from igfleet.ui.scope.views import SCHEMA, VIEWS
from igfleet.ui.users import roster

pytestmark = pytest.mark.anyio
_HANGS_ON = {"account_id", "account_task_id", "post_id", "proxy_id", "task_id", "recurring_id", "hold_id"}
BAKERY = Scope(1, "user:lena", ("Bakery",))


def test_whatever_hangs_on_an_account_is_kept_from_others() -> None:
    hanging = {name for name, table in Base.metadata.tables.items() if _HANGS_ON & set(table.columns.keys())}

    assert hanging - set(VIEWS) == set(), "say in scope/views.py which rows of the new table are somebody's own"


async def test_the_views_have_the_columns_of_the_tables(database_url: str, session: AsyncSession) -> None:
    columns = (
        "SELECT table_name, string_agg(column_name, ',' ORDER BY ordinal_position) FROM information_schema.columns"
        " WHERE table_schema = :schema AND table_name = ANY(:names) GROUP BY table_name"
    )
    tables, views = [
        dict((await session.execute(text(columns), {"schema": schema, "names": list(VIEWS)})).all())
        for schema in ("public", SCHEMA)
    ]
    oid = text("SELECT oid FROM pg_namespace WHERE nspname = :name")
    before = await session.scalar(oid, {"name": SCHEMA})
    await session.commit()
    migrating.upgrade(database_url)

    assert views == tables
    assert await session.scalar(oid, {"name": SCHEMA}) == before, "made anew only when they change"


async def test_a_confined_transaction_sees_its_own_rows_and_the_next_one_sees_all(session: AsyncSession) -> None:
    await _two(session)
    await session.commit()

    await confine(session, BAKERY)
    seen = list(await session.scalars(select(Account.username)))
    await session.execute(text("UPDATE accounts SET notes = 'hers'"))
    await session.execute(text("INSERT INTO accounts (username, authorised_by) VALUES ('nord_09', 'x')"))
    await session.commit()
    notes = dict((await session.execute(text("SELECT username, notes FROM accounts"))).all())

    assert seen == ["nord_01"]
    assert notes == {"nord_01": "hers", "nord_02": "", "nord_09": ""}


async def test_a_tasks_state_follows_from_all_its_accounts(session: AsyncSession, settings: UiSettings) -> None:
    task = await _mixed(session, settings)
    own = (await make.account_tasks_of(session, task))[0].id
    await session.commit()

    await confine(session, BAKERY)
    with pytest.raises(Forbidden, match="other clients"):
        await cancel(session, task.id, "user:lena")
    await cancel_one(session, own, "user:lena")
    await session.commit()

    states = [row.state for row in await make.account_tasks_of(session, task)]
    assert sorted(states) == ["available", "cancelled"]
    assert not TaskState((await session.get_one(Task, task.id, populate_existing=True)).state).is_final


async def test_of_a_mixed_task_she_retries_and_cancels_her_own(session: AsyncSession, settings: UiSettings) -> None:
    task = await _mixed(session, settings)
    ids = [row.id for row in await make.account_tasks_of(session, task)]
    await session.execute(text("UPDATE account_tasks SET state = 'discarded', head = false, reason_code = 'x'"))
    await session.execute(text("UPDATE tasks SET state = 'failed', finished_at = now()"))
    await session.commit()
    picked = Selection("account_tasks", "retry", {"task": str(task.id)}, ids=ids)

    await confine(session, BAKERY)
    seen = await picked.found(session, settings)
    retried = await retry_failed(session, task.id, "user:lena", only=ids)
    await session.commit()
    between = [row.state for row in await make.account_tasks_of(session, task)]
    await confine(session, BAKERY)
    cancelled = await cancel_only(session, task.id, ids, "user:lena")
    await session.commit()

    assert (seen, retried, cancelled) == (ids[:1], 1, 1)
    assert between == ["available", "discarded"]
    assert [row.state for row in await make.account_tasks_of(session, task)] == ["cancelled", "discarded"]


async def test_a_selection_of_all_is_counted_within_the_scope(session: AsyncSession, settings: UiSettings) -> None:
    await _two(session)
    await session.commit()
    everything = Selection("accounts", "pause", {}, all=True, seen=2)
    by_hand = Selection("accounts", "pause", {}, ids=list(await session.scalars(select(Account.id))))

    await confine(session, BAKERY)

    with pytest.raises(Drifted, match="now it is 1"):
        await everything.found(session, settings)
    assert len(await by_hand.found(session, settings)) == 1


async def test_nobody_moves_an_account_to_a_client_they_do_not_see(session: AsyncSession) -> None:
    [own, _] = await _two(session)
    given = {"client": "Brewery", "timezone": "UTC", "locale": "en_US", "authorised_by": "the agency's contract"}
    await session.commit()

    await confine(session, BAKERY)

    with pytest.raises(Invalid, match="do not see"):
        await edit(session, own.id, given, "user:lena")


async def test_a_persons_clients_are_audited_with_what_was_before(session: AsyncSession) -> None:
    lena = await add_invited(session, "lena", Role.OPERATOR, "test", ["Bakery"])
    await roster.change_clients(session, lena, [" Brewery", "Bakery", ""], "user:anna")
    await session.flush()

    entry = (await session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1))).one()
    assert entry.facts["before"] == {"clients": ["Bakery"]}
    assert entry.facts["after"] == {"clients": ["Bakery", "Brewery"]}
    assert scope_of(lena).clients == ("Bakery", "Brewery")
    assert not scope_of(User(id=1, name="anna", role=Role.ADMIN, clients=["Bakery"])).is_limited


async def _two(session: AsyncSession) -> list[Account]:
    both = await make.accounts(session, 2)
    both[0].client, both[1].client = "Bakery", "Brewery"
    await session.flush()
    assert await session.scalar(select(func.count()).select_from(Account)) == 2
    return both


async def _mixed(session: AsyncSession, settings: UiSettings) -> Task:
    task = await make.draft(session, settings, await _two(session), await make.videos(session, 2))
    await plan(session, settings, task.id)
    await start(session, settings, task.id, plan_hash=None, actor="test")
    return task
