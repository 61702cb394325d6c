"""Every kind from the pages: the menu, the form, the plan, the task, its results, and the same order again."""

import csv
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update
from tests.contract.orders import started
from tests.dashboard.conftest import Visitor
from tests.domain import factories as make
from tests.serving import Served

from igfleet.runners import KINDS
from igfleet.ui.forms.bound import bound, own
from igfleet.ui.models import AccountTask, Task

pytestmark = pytest.mark.anyio


@pytest.fixture
def ui(ui_without_proxies: Served) -> Served:
    return ui_without_proxies


@pytest.fixture
async def worker(ui: Served) -> AsyncIterator[httpx.AsyncClient]:
    async with ui.client() as client:
        yield client


@pytest.mark.parametrize("kind", KINDS)
async def test_the_form_asks_for_every_option_of_the_kind(kind: str, visitor: Visitor, ui: Served) -> None:
    await _accounts(ui)

    form = await visitor.read(f"/tasks/new/{kind}")

    fields = bound(KINDS[kind], {}, {}, {})
    asked = {*own(fields), "concurrency", "max_attempts", "worker_labels"}
    assert [name for name in asked if f'name="{name}"' not in form] == []


@pytest.mark.parametrize("kind", KINDS)
async def test_each_kind_is_shown_from_its_plan_to_its_results(
    kind: str, visitor: Visitor, ui: Served, tmp_path: Path
) -> None:
    runner, task = KINDS[kind], await started(ui, kind, tmp_path)
    told = dict.fromkeys(runner.result_columns, "told") | {
        name: [1] for name in runner.result_columns if name.endswith("media_ids")
    }
    counted = dict.fromkeys(runner.counters, 2)
    async with ui.context.database.sessions.begin() as session:
        ended = update(AccountTask).where(AccountTask.position == 0)
        await session.execute(ended.values(state="completed", head=False, result=told, counters=counted))
        await session.execute(update(AccountTask).where(AccountTask.position == 1).values(reason_code="rate_limited"))
    clone = await visitor.send(f"/tasks/{task}", f"/tasks/{task}/clones")
    plan = await visitor.send(f"/tasks/{task + 1}/edit", f"/tasks/{task + 1}/replan")

    shown = await visitor.read(f"/tasks/{task}")

    assert clone.url.path == f"/tasks/{task + 1}/edit"
    assert ("3 posts not made" if runner.has_posts else "Start 3 ") in plan.text
    assert runner.has_posts or all(name.replace("_", " ") in shown for name in runner.counters)
    assert "Instagram asks this account to slow down" in shown
    for ending in ("csv", "json"):
        exported = await visitor.read(f"/tasks/{task}/results.{ending}")
        assert all(name in exported for name in runner.result_columns)
    for path in ("/", "/tasks", "/accounts/1"):
        assert runner.title in await visitor.read(path)


async def _accounts(ui: Served, count: int = 3) -> list[str]:
    async with ui.context.database.sessions.begin() as session:
        return [str(one.id) for one in await make.accounts(session, count, tags=["fjord"])]


async def _plan(visitor: Visitor, kind: str = "bulk_login", **fields: str | list[str]) -> httpx.Response:
    path = f"/tasks/new/{kind}"
    return await visitor.send(path, path, **fields)


async def _finish(worker: httpx.AsyncClient, ending: str = "completed", **outcome: object) -> None:
    """One account task, run to its end by a worker."""
    body = {"name": "w1", "version": "0", "kinds": list(KINDS), "methods": ["instagrapi"], "slots": 5}
    key = (await worker.post("/api/workers/register", json=body)).json()["worker_id"]
    (lease,) = (await worker.post("/api/leases", json={"worker_id": key, "kinds": list(KINDS), "limit": 1})).json()
    report = {"seq": 1, "counters": {"signed_in": 1}}
    await worker.post(f"/api/leases/{lease['id']}/reports", json=report)
    answer = await worker.put(f"/api/leases/{lease['id']}/outcome", json={"outcome": ending, **outcome})
    assert answer.status_code == 200, answer.text


async def test_the_menu_offers_each_kind_and_its_form_opens(visitor: Visitor, ui: Served) -> None:
    await _accounts(ui)

    menu = await visitor.read("/tasks/new")

    for kind, runner in KINDS.items():
        assert f'href="/tasks/new/{kind}"' in menu
        assert runner.title in await visitor.read(f"/tasks/new/{kind}")


async def test_accounts_are_chosen_by_hand_by_name_and_by_tag(visitor: Visitor, ui: Served) -> None:
    first, second, _ = await _accounts(ui)

    by_hand = await _plan(visitor, accounts=[first, second])
    by_name = await _plan(visitor, names="@nord_02, nord_03")
    by_tag = await _plan(visitor, tag="fjord")

    assert "Start 2 accounts" in by_hand.text
    assert "@nord_01" not in by_name.text
    assert "@nord_03" in by_name.text
    assert "Start 3 accounts" in by_tag.text


async def test_what_is_wrong_is_told_at_its_field(visitor: Visitor, ui: Served) -> None:
    await _accounts(ui)

    answer = await _plan(visitor, names="nord_01 nobody_99", only_if_older_than_h="soon", timezone="Mars/Base")

    assert answer.status_code == 422
    assert 'id="only_if_older_than_h-wrong">is not a number' in answer.text
    assert "There is no account &#39;nobody_99&#39;" in answer.text
    assert "is no time zone" in answer.text
    assert "nord_01 nobody_99</textarea>" in answer.text


async def test_a_draft_opens_again_as_it_was_filled_in(visitor: Visitor, ui: Served) -> None:
    await _accounts(ui)
    start = {"start_at": "2031-05-01T18:30", "timezone": "Europe/Berlin"}
    planned = await _plan(visitor, names="nord_03 nord_01", only_if_older_than_h="12", name="Spring", **start)

    form = await visitor.read(planned.url.path.replace("plan", "edit"))

    assert "Schedule 2 accounts" in planned.text
    assert "2031-05-01 16:30:00" in planned.text
    for text in ('value="12"', 'value="Spring"', 'value="2031-05-01T18:30"', 'value="Europe/Berlin"'):
        assert text in form
    assert form.index("@nord_03") < form.index("@nord_01") < form.index("@nord_02")


async def test_a_start_at_a_time_waits_for_it(visitor: Visitor, ui: Served, worker: httpx.AsyncClient) -> None:
    await _accounts(ui)
    await _plan(visitor, names="nord_01", start_at="2031-05-01T18:30")

    shown = await visitor.send("/tasks/1/plan", "/tasks/1/start")

    assert "starts at 2031-05-01 18:30:00" in shown.text
    assert "scheduled" in shown.text
    key = (
        await worker.post(
            "/api/workers/register",
            json={"name": "w", "version": "0", "kinds": list(KINDS), "methods": ["instagrapi"], "slots": 1},
        )
    ).json()["worker_id"]
    assert (await worker.post("/api/leases", json={"worker_id": key, "kinds": list(KINDS)})).json() == []


async def test_results_are_shown_and_exported(visitor: Visitor, ui: Served, worker: httpx.AsyncClient) -> None:
    await _accounts(ui)
    await _plan(visitor, tag="fjord")
    await visitor.send("/tasks/1/plan", "/tasks/1/start")
    await _finish(worker, result={"how": "=signed_in"})
    await _finish(worker, "needs_person", reason_code="challenge_required", message="confirm in the app")

    shown = await visitor.read("/tasks/1")
    rows = list(csv.DictReader(io.StringIO((await visitor.client.get("/tasks/1/results.csv")).text)))
    told = json.loads((await visitor.client.get("/tasks/1/results.json")).text)
    only = json.loads((await visitor.client.get("/tasks/1/results.json?state=suspended")).text)

    assert "of 3 accounts done" in shown
    assert "signed in 1" in shown
    assert "Is it live?" in shown
    assert [(row["account"], row["state"], row["how"], row["signed_in"]) for row in rows] == [
        ("nord_01", "completed", "'=signed_in", "1"),
        ("nord_02", "suspended", "", "1"),
        ("nord_03", "available", "", "0"),
    ]
    assert told[0]["how"] == "=signed_in"
    assert [row["reason_code"] for row in only] == ["challenge_required"]


async def test_a_failed_account_runs_again_and_a_waiting_one_goes_on(
    visitor: Visitor, ui: Served, worker: httpx.AsyncClient
) -> None:
    await _accounts(ui, 2)
    await _plan(visitor, tag="fjord")
    await visitor.send("/tasks/1/plan", "/tasks/1/start")
    await _finish(worker, "gave_up", reason_code="not_supported")
    await _finish(worker, "needs_person", reason_code="two_factor_required")

    await visitor.send("/tasks/1", "/tasks/1/retry")
    await visitor.send("/tasks/1", "/tasks/1/resumption")
    await _finish(worker)
    await _finish(worker)

    assert '>2</span><span class="figure-of">of 2 accounts done' in await visitor.read("/tasks/1")


async def test_a_clone_is_a_draft_of_the_same_order(visitor: Visitor, ui: Served) -> None:
    await _accounts(ui)
    await _plan(visitor, names="nord_02", only_if_older_than_h="7", name="Spring")
    await visitor.send("/tasks/1/plan", "/tasks/1/start")

    form = await visitor.send("/tasks/1", "/tasks/1/clones")

    assert form.url.path == "/tasks/2/edit"
    assert 'value="Spring (copy)"' in form.text
    assert 'value="7"' in form.text


async def test_what_changed_is_set_back_by_a_draft_that_is_looked_at_first(visitor: Visitor, ui: Served) -> None:
    await _accounts(ui)
    await _plan(visitor, "bio", names="nord_01 nord_02", link_url="https://shop.example/spring", name="Spring")
    await visitor.send("/tasks/1/plan", "/tasks/1/start")
    assert "/tasks/1/undo" not in await visitor.read("/tasks/1")
    told = {
        "outcome": "changed",
        "link_before": "https://shop.example/old",
        "link_after": "https://shop.example/spring",
    }
    async with ui.context.database.sessions.begin() as session:
        first = update(AccountTask).where(AccountTask.position == 0)
        await session.execute(first.values(state="completed", head=False, result=told))
        other = update(AccountTask).where(AccountTask.position == 1)
        await session.execute(other.values(state="completed", head=False, result={"outcome": "unchanged"}))
        await session.execute(update(Task).values(state="completed"))

    plan = await visitor.send("/tasks/1", "/tasks/1/undo")

    assert plan.url.path == "/tasks/2/plan"
    assert "Undo: Spring" in plan.text
    assert "Start 1 account" in plan.text
    assert "https://shop.example/old" in plan.text
    assert "@nord_02" not in plan.text


async def test_lists_show_the_kind_and_are_exported_as_filtered(visitor: Visitor, ui: Served) -> None:
    await _accounts(ui)
    await _plan(visitor, names="nord_02", name="Mornings")
    await _plan(visitor, names="nord_01", name="Evenings")

    listed = await visitor.read("/tasks?kind=bulk_login&q=morn")
    tasks = json.loads((await visitor.client.get("/tasks.json?q=morn")).text)
    accounts = json.loads((await visitor.client.get("/accounts.json?q=nord_03")).text)

    assert "Bulk login" in listed
    assert "Evenings" not in listed
    assert [(row["name"], row["kind"], row["counted"], row["total"]) for row in tasks] == [
        ("Mornings", "bulk_login", "account", 1)
    ]
    assert [row["username"] for row in accounts] == ["nord_03"]


async def test_workers_are_exported_with_their_state(visitor: Visitor, worker: httpx.AsyncClient) -> None:
    body = {"name": "=w1", "version": "0", "kinds": ["bulk_login"], "methods": ["instagrapi"], "slots": 1}
    await worker.post("/api/workers/register", json=body)

    (row,) = csv.DictReader(io.StringIO((await visitor.client.get("/workers.csv")).text))

    assert (row["name"], row["state"], row["slots"]) == ("'=w1", "online", "1")


async def test_an_account_tells_what_was_done_with_it(visitor: Visitor, ui: Served, worker: httpx.AsyncClient) -> None:
    (account,) = await _accounts(ui, 1)
    await _plan(visitor, names="nord_01", name="Mornings")
    await visitor.send("/tasks/1/plan", "/tasks/1/start")
    await _finish(worker, result={"how": "signed_in"})

    page = await visitor.read(f"/accounts/{account}")

    assert "Time line" in page
    assert "Mornings" in page
    assert "signed_in" in page
