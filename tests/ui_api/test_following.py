"""People to follow: looked up once for all accounts, remembered for each; blocked actions rest."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text, update
from tests.domain.factories import accounts
from tests.serving import Served

from igfleet.ui import targets
from igfleet.ui.models import Account, Follow, Target
from igfleet.ui.planning.draft import Draft, create
from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.start import start

pytestmark = pytest.mark.anyio
BARS = [f"bar_{number:02d}" for number in range(1, 6)]
ANNA = "user:anna"


@pytest.fixture
def ui(ui_without_proxies: Served) -> Served:
    return ui_without_proxies


class Worker:
    """A worker that leases, reports and ends as told."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._id = 0

    async def lease(self) -> dict[str, Any]:
        if not self._id:
            body = {"name": "w1", "version": "0", "kinds": ["follow"], "methods": ["instagrapi"], "slots": 5}
            self._id = int((await self._client.post("/api/workers/register", json=body)).json()["worker_id"])
        asked = {"worker_id": self._id, "kinds": ["follow"], "limit": 1}
        [lease] = (await self._client.post("/api/leases", json=asked)).json()
        return dict(lease)

    async def met(self, lease: dict[str, Any], **people: dict[str, Any]) -> None:
        report = {"seq": 1, "checkpoints": {"met": people}}
        assert (await self._client.post(f"/api/leases/{lease['id']}/reports", json=report)).status_code == 200

    async def looks_up(self, lease: dict[str, Any], username: str = "bar_01") -> dict[str, Any]:
        answer = await self._client.post(f"/api/leases/{lease['id']}/lookups", json={"username": username})
        return dict(answer.raise_for_status().json())

    async def tells(self, lease: dict[str, Any], username: str = "bar_01", **found: Any) -> None:
        body = {"username": username, **found}
        (await self._client.put(f"/api/leases/{lease['id']}/lookups", json=body)).raise_for_status()

    async def ends(self, lease: dict[str, Any], outcome: str = "completed", **more: Any) -> str:
        body = {"outcome": outcome, **more}
        answer = await self._client.put(f"/api/leases/{lease['id']}/outcome", json=body)
        return str(answer.json()["state"])

    async def spends(self, lease: dict[str, Any], action: str) -> httpx.Response:
        return await self._client.post(f"/api/leases/{lease['id']}/spendings", json={"action": action})


async def a_list(ui: Served, name: str = "bars", usernames: list[str] = BARS) -> None:
    async with ui.context.database.sessions.begin() as session:
        await targets.add(session, name, usernames, ANNA)


async def started(ui: Served, count: int = 2, **options: object) -> list[str]:
    """A started task for all accounts; its plan's notes."""
    settings = ui.context.settings
    async with ui.context.database.sessions.begin() as session:
        who = (await session.scalars(select(Account).order_by(Account.id))).all() or await accounts(session, count)
        chosen = {"target_list": "bars", "follow_min_count": 2, "follow_max_count": 2, **options}
        ids = tuple(account.id for account in who)
        task = await create(
            session, settings, Draft(kind="follow", name="Follow", options=chosen, account_ids=ids), ANNA
        )
        summary = await plan(session, settings, task.id)
        if summary.count:
            await start(session, settings, task.id, plan_hash=None, actor=ANNA)
        return [note.sentence for note in summary.notes]


async def test_who_was_looked_up_by_one_run_is_known_to_the_next(ui: Served) -> None:
    await a_list(ui)
    await a_list(ui, "more bars", ["bar_01", "pub_01"])
    await started(ui)
    async with ui.client() as client:
        worker = Worker(client)
        first = await worker.lease()
        await worker.met(first, bar_01={"user_id": "91", "is_private": True})
        await worker.ends(first)
        second = await worker.lease()

    known = {one["username"]: one["user_id"] for one in second["share"]["targets"]}
    assert known == {name: "91" if name == "bar_01" else None for name in BARS}
    assert [one["user_id"] for one in first["share"]["targets"]] == [None] * 5
    async with ui.context.database.sessions() as session:
        rows = await session.execute(select(Target.list_name, Target.is_private).where(Target.user_id == "91"))
        assert sorted(row[0] for row in rows) == ["bars", "more bars"]


async def test_one_of_two_runs_looks_somebody_up_and_the_other_hears_of_it(ui: Served) -> None:
    await a_list(ui)
    await started(ui)
    async with ui.client() as client:
        worker = Worker(client)
        first, second = await worker.lease(), await worker.lease()
        answers = await asyncio.gather(*(worker.looks_up(lease) for lease in (first, second)))
        claimant, other = (first, second) if answers[0]["state"] == "yours" else (second, first)

        await worker.tells(claimant, user_id="91", is_private=True)
        told = await worker.looks_up(other)

    assert {one["state"] for one in answers} == {"yours", "taken"}
    assert told == {"state": "known", "user_id": "91", "is_private": True}


async def test_a_look_up_is_another_s_when_its_run_is_over_or_gives_it_up(ui: Served) -> None:
    await a_list(ui)
    await started(ui)
    async with ui.client() as client:
        worker = Worker(client)
        first, second = await worker.lease(), await worker.lease()
        states = [(await worker.looks_up(lease))["state"] for lease in (first, second)]
        await worker.ends(first, "died")
        states.append((await worker.looks_up(second))["state"])
        await worker.tells(second)
        states.append((await worker.looks_up(second))["state"])
        await worker.tells(second, is_missing=True)
        states.append(str(await worker.looks_up(second)))

    assert states[:4] == ["yours", "taken", "yours", "yours"]
    assert states[4] == str({"state": "known", "user_id": None, "is_private": None})


async def test_a_name_that_is_known_already_need_not_be_looked_up_on_a_new_list(ui: Served) -> None:
    await a_list(ui)
    async with ui.context.database.sessions.begin() as session:
        await session.execute(update(Target).where(Target.username == "bar_01").values(user_id="91"))

    await a_list(ui, "more bars", ["BAR_01", "pub_01"])

    async with ui.context.database.sessions() as session:
        found = await targets.of_list(session, "more bars")
    assert [(one.username, one.user_id) for one in found] == [("bar_01", "91"), ("pub_01", None)]


@pytest.mark.parametrize("ending", ["completed", "retry_later", "died"])
async def test_whom_an_account_follows_is_remembered_however_the_run_ended(ui: Served, ending: str) -> None:
    await a_list(ui)
    await started(ui)
    async with ui.client() as client:
        worker = Worker(client)
        lease = await worker.lease()
        met = {"bar_01": "followed", "bar_02": "requested", "bar_03": "already", "bar_04": "refused"}
        people = {name: {"user_id": f"9{name[-1]}", "standing": standing} for name, standing in met.items()}
        await worker.met(lease, **people, bar_05={"standing": "not_found"})
        await worker.ends(lease, ending)

    async with ui.context.database.sessions() as session:
        follows = {row.username: row.standing for row in await session.scalars(select(Follow))}
        rows = {row.username: (row.is_private, row.trouble) for row in await session.scalars(select(Target))}
    assert follows == met
    assert rows["bar_02"] == (True, "")
    assert rows["bar_04"] == (None, "target_refused")
    assert rows["bar_05"] == (None, "user_not_found")


async def test_a_later_plan_leaves_out_whom_the_account_has_met_and_who_is_not_there(ui: Served) -> None:
    await a_list(ui)
    await started(ui)
    async with ui.client() as client:
        worker = Worker(client)
        first, second = await worker.lease(), await worker.lease()
        followed = {
            name: {"user_id": f"9{name[-1]}", "standing": "followed"} for name in ("bar_01", "bar_02", "bar_03")
        }
        await worker.met(first, **followed, bar_05={"standing": "not_found"})
        await worker.ends(first)
        await worker.ends(second)

        notes = await started(ui)
        again, other = await worker.lease(), await worker.lease()

    assert again["share"]["candidates"] == ["bar_04"]
    assert set(other["share"]["candidates"]) == set(BARS[:4])
    assert notes == ["Only 1 are left for it to follow, 2 are wanted"]


async def test_names_of_the_order_are_taken_besides_a_list(ui: Served) -> None:
    await a_list(ui)
    await started(ui, targets=["Pub_01", "bar_01"])
    async with ui.client() as client:
        lease = await Worker(client).lease()

    assert set(lease["share"]["candidates"]) == {*BARS, "pub_01"}
    async with ui.context.database.sessions() as session:
        assert [one.name for one in await targets.summaries(session)] == ["bars"]


async def test_a_blocked_action_rests_and_the_others_do_not(ui: Served) -> None:
    await a_list(ui)
    await started(ui, count=1)
    async with ui.client() as client:
        worker = Worker(client)
        lease = await worker.lease()
        told = {"reason_code": "action_blocked", "retry_after_s": 43_200, "result": {"blocked": ["follow"]}}
        assert await worker.ends(lease, "retry_later", **told) == "retryable"
        async with ui.context.database.sessions.begin() as session:
            rested = await session.scalar(text("SELECT extract(epoch FROM cooldown_until - now()) FROM accounts"))
            await session.execute(text("UPDATE accounts SET cooldown_until = NULL"))
            await session.execute(text("UPDATE account_tasks SET state = 'available', head = true"))
        second = await worker.lease()
        refused, allowed = await worker.spends(second, "follow"), await worker.spends(second, "like")
        scheduled = await worker.ends(second, "not_now", reason_code="action_blocked", retry_after_s=40_000)

    assert 3500 < float(rested or 0) <= 3600
    assert (refused.status_code, refused.json()["reason_code"]) == (423, "action_blocked")
    assert 43_000 < float(refused.headers["retry-after"]) <= 43_200
    assert allowed.status_code == 200
    assert scheduled == "scheduled"
