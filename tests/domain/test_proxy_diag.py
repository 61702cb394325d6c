"""Checks of proxies, from the order to what stays of them in the tables."""

import uuid

import pytest
from pydantic import JsonValue
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from tests.domain import factories as make
from tests.domain.conftest import House

from igfleet.contracts.leases import Ending, LeaseOutcome
from igfleet.contracts.states import AccountTaskState, ProxyState
from igfleet.contracts.tasks import Method
from igfleet.errors import Conflict, Invalid
from igfleet.settings import UiSettings
from igfleet.ui.models import AccountTask, Proxy, ProxyCheckEntry, Task
from igfleet.ui.planning.draft import Draft, create
from igfleet.ui.planning.plan import plan
from igfleet.ui.proxies import order_check
from igfleet.ui.queue.finish import finish

pytestmark = pytest.mark.anyio
ANNA = "user:anna"
GOOD: dict[str, JsonValue] = {
    "verdict": "ok",
    "sentence": "Works",
    "latency_ms": 120,
    "exit_ip": "203.0.113.9",
    "country": "NO",
}


async def _drafted(session: AsyncSession, settings: UiSettings, accounts: list[int], **options: JsonValue) -> Task:
    draft = Draft(kind="proxy_diag", name="Check", account_ids=tuple(accounts), options=options)
    return await create(session, settings, draft, ANNA)


async def test_a_proxy_that_accounts_share_is_checked_once_and_names_them_all(
    session: AsyncSession, settings: UiSettings
) -> None:
    (shared, own, alone) = await make.proxies(session, 3)
    accounts = await make.accounts(session, 4)
    for account, proxy in zip(accounts, (shared, shared, own, shared), strict=True):
        account.proxy_id = proxy.id
    await session.flush()

    task = await _drafted(session, settings, [account.id for account in accounts[:3]], proxy_ids=[alone.id, own.id])
    await plan(session, settings, task.id)

    rows = await make.account_tasks_of(session, task)
    assert [(row.proxy_id, row.title, row.share) for row in rows] == [
        (shared.id, shared.name, {"accounts": ["nord_01", "nord_02", "nord_04"]}),
        (own.id, own.name, {"accounts": ["nord_03"]}),
        (alone.id, alone.name, {"accounts": []}),
    ]
    assert {(row.account_id, row.method) for row in rows} == {(None, Method.NONE)}


async def test_an_account_without_a_proxy_is_left_out_with_the_reason(
    session: AsyncSession, settings: UiSettings
) -> None:
    (proxy,) = await make.proxies(session, 1)
    accounts = await make.accounts(session, 2)
    accounts[0].proxy_id = proxy.id
    await session.flush()

    task = await _drafted(session, settings, [account.id for account in accounts])
    summary = await plan(session, settings, task.id)

    assert (summary.noun, summary.count) == ("proxy", 1)
    (note,) = summary.refusals
    assert (note.sentence, note.subjects) == ("It has no proxy of its own: there is nothing to check", ("nord_02",))


@pytest.mark.parametrize(
    ("options", "wrong"), [({}, "at least one account or proxy"), ({"proxy_ids": [77]}, "no proxy 77")]
)
async def test_an_order_about_nothing_is_refused(
    session: AsyncSession, settings: UiSettings, options: dict[str, JsonValue], wrong: str
) -> None:
    task = await _drafted(session, settings, [], **options)

    with pytest.raises(Invalid, match=wrong):
        await plan(session, settings, task.id)


@pytest.mark.parametrize(
    "options",
    [{"echo": ["ftp://ip.example/"]}, {"echo": ["https://u:p@ip.example/"]}, {"target": "a/b"}, {"probes": 0}],
)
async def test_options_that_make_no_sense_are_refused(
    session: AsyncSession, settings: UiSettings, options: dict[str, JsonValue]
) -> None:
    with pytest.raises(Invalid):
        await _drafted(session, settings, [], **options)


async def test_a_check_without_proxies_is_refused(session: AsyncSession, settings: UiSettings) -> None:
    with pytest.raises(Conflict):
        await order_check(session, settings, [], ANNA)


async def _checked(house: House, result: dict[str, JsonValue], state: ProxyState, **options: JsonValue) -> Proxy:
    """A proxy in a state, after a check with this result."""
    lease = uuid.uuid4()
    async with house.database.sessions.begin() as session:
        (proxy,) = await make.proxies(session, 1, state=state)
        task = await order_check(session, house.settings, [proxy.id], ANNA, **options)
        held = {"state": AccountTaskState.RUNNING, "head": True, "lease_id": lease, "attempt": 1}
        until = func.now() + func.make_interval(0, 0, 0, 0, 1)
        rows = update(AccountTask).where(AccountTask.task_id == task.id)
        await session.execute(rows.values(**held, lease_expires_at=until))
    async with house.database.transaction() as raw:
        await finish(raw, lease, LeaseOutcome(outcome=Ending.COMPLETED, result=result))
        await finish(raw, lease, LeaseOutcome(outcome=Ending.COMPLETED, result=result))
    async with house.database.sessions() as session:
        return await session.get_one(Proxy, proxy.id)


async def _history(house: House, proxy: Proxy) -> list[ProxyCheckEntry]:
    async with house.database.sessions() as session:
        return list(await session.scalars(select(ProxyCheckEntry).where(ProxyCheckEntry.proxy_id == proxy.id)))


async def test_what_was_found_stays_once_in_the_history_and_in_the_state(house: House) -> None:
    proxy = await _checked(house, GOOD, ProxyState.FAILING)

    (entry,) = await _history(house, proxy)
    found = entry.verdict, entry.latency_ms, entry.exit_ip, entry.country, entry.sentence
    assert found == ("ok", 120, "203.0.113.9", "NO", "Works")
    assert (proxy.state, proxy.trouble) == (ProxyState.OK, "")
    assert proxy.checked_at is not None


@pytest.mark.parametrize(
    ("verdict", "state"),
    [("slow", ProxyState.OK), ("timeout", ProxyState.FAILING), ("intercepted", ProxyState.FAILING)],
)
async def test_each_verdict_makes_its_state(house: House, verdict: str, state: ProxyState) -> None:
    proxy = await _checked(house, {"verdict": verdict, "sentence": "Tells why"}, ProxyState.UNCHECKED)

    assert (proxy.state, proxy.trouble) == (state, "Tells why")


async def test_the_state_stays_when_the_order_says_so(house: House) -> None:
    bad: dict[str, JsonValue] = {"verdict": "timeout", "sentence": "Silence"}

    proxy = await _checked(house, bad, ProxyState.OK, set_state=False)

    assert (proxy.state, proxy.trouble) == (ProxyState.OK, "")
    assert len(await _history(house, proxy)) == 1


async def test_a_proxy_that_is_switched_off_stays_so(house: House) -> None:
    proxy = await _checked(house, GOOD, ProxyState.DISABLED)

    assert proxy.state == ProxyState.DISABLED


@pytest.mark.parametrize(
    "result", [{}, {"verdict": "splendid", "sentence": ""}, {**GOOD, "exit_ip": "<b>"}, {**GOOD, "latency_ms": -1}]
)
async def test_a_result_that_is_no_check_leaves_nothing(house: House, result: dict[str, JsonValue]) -> None:
    proxy = await _checked(house, result, ProxyState.UNCHECKED)

    assert await _history(house, proxy) == []
    assert proxy.state == ProxyState.UNCHECKED
