"""The log of all tasks, searched."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from tests.domain import factories as make

from igfleet.settings import UiSettings
from igfleet.ui.logs.search import PAGE, around, search
from igfleet.ui.logs.wanted import Wanted
from igfleet.ui.models import LogEntry, Worker
from igfleet.ui.planning.plan import plan

pytestmark = pytest.mark.anyio
_MANY = """
INSERT INTO log_lines (task_id, at, worker_id, level, event, step, text)
SELECT (SELECT max(id) FROM tasks), timestamptz '2026-05-01' + n * interval '1 second',
  (SELECT id FROM workers) + n % 5, (ARRAY['info', 'info', 'warning'])[1 + n % 3], 'said',
  'step ' || n % 7, 'line ' || n || CASE WHEN n % 9973 = 0 THEN ' with a needle_50%' ELSE '' END
FROM generate_series(1, 20000) n
"""


@pytest.fixture
async def logged(session: AsyncSession, settings: UiSettings) -> AsyncSession:
    """20,000 lines of one task, from five workers of which one is known."""
    task = await make.draft(session, settings, await make.accounts(session, 2), await make.videos(session, 2))
    await plan(session, settings, task.id)
    worker = "INSERT INTO workers (name, version, slots, kinds, methods) VALUES ('w1', '0', 1, '[]', '[]')"
    for statement in (worker, _MANY, "ANALYZE log_lines"):
        await session.execute(text(statement))
    session.info["task"] = task
    session.info["runs"] = [row.id for row in await make.account_tasks_of(session, task)]
    return session


async def test_the_newest_come_first_page_by_page_and_none_twice(logged: AsyncSession) -> None:
    first = await search(logged, Wanted())
    second = await search(logged, Wanted(), first.following or "")

    numbers = [int(line.entry.text.split()[1]) for line in (*first.lines, *second.lines)]
    assert numbers == list(range(20000, 20000 - 2 * PAGE, -1))
    assert first.total_shown == "10,000+"


async def test_a_part_of_the_message_is_found_literally(logged: AsyncSession) -> None:
    found = await search(logged, Wanted(text="NEEDLE_50%"))
    none = await search(logged, Wanted(text="needle_50_"))

    assert [line.entry.text for line in found.lines] == ["line 19946 with a needle_50%", "line 9973 with a needle_50%"]
    assert (found.total_shown, found.following, none.total) == ("2", None, 0)


async def test_each_filter_narrows(logged: AsyncSession) -> None:
    since, until = datetime(2026, 5, 1, 1, tzinfo=UTC), datetime(2026, 5, 1, 1, 1, tzinfo=UTC)
    totals = {
        "level": (await search(logged, Wanted(level="error"))).total,
        "bad": (await search(logged, Wanted(level="warning"))).total,
        "worker": (await search(logged, Wanted(worker="w1"))).total,
        "no worker": (await search(logged, Wanted(worker="w9"))).total,
        "task": (await search(logged, Wanted(task=10**9))).total,
        "account": (await search(logged, Wanted(account="nord_01"))).total,
        "step": (await search(logged, Wanted(step="step 3", since=since, until=until))).total,
        "time": (await search(logged, Wanted(since=since, until=until))).total,
    }

    assert totals == {
        "level": 0, "bad": 6667, "worker": 4000, "no worker": 0, "task": 0, "account": 0, "step": 9, "time": 60,
    }  # fmt: skip


async def test_what_an_account_did_is_found_by_its_name(logged: AsyncSession) -> None:
    worker_id = await logged.scalar(select(Worker.id))
    where = {"task_id": logged.info["task"].id, "account_task_id": logged.info["runs"][1], "worker_id": worker_id}
    logged.add(LogEntry(**where, event="signed_in", text="Signed in", step="login"))
    await logged.flush()

    found = await search(logged, Wanted(account="@Nord_02"))

    [line] = found.lines
    assert (line.who, line.worker, line.task, line.entry.step) == ("@nord_02", "w1", "May reels", "login")


async def test_a_line_is_shown_among_those_of_its_run(logged: AsyncSession) -> None:
    for number in range(4):
        where = {"task_id": logged.info["task"].id, "account_task_id": logged.info["runs"][number % 2]}
        logged.add(LogEntry(**where, event="e", text=f"run {number % 2}: {number}"))
        await logged.flush()
    newest = (await search(logged, Wanted(text="run 0: 2"))).lines[0].entry

    line, lines = await around(logged, newest.id)

    assert line.entry.text == "run 0: 2"
    assert [one.entry.text for one in lines] == ["run 0: 0", "run 0: 2"]


@pytest.mark.parametrize(
    ("condition", "index"),
    [
        ("text ILIKE '%needle%'", "ix_log_lines_words"),
        ("level IN ('warning', 'error') AND at < timestamptz '2026-05-01 00:05'", "ix_log_lines_bad"),
        ("task_id = (SELECT max(id) FROM tasks)", "ix_log_lines_"),
        ("true", "ix_log_lines_at"),
    ],
)
async def test_no_filter_reads_the_whole_table(logged: AsyncSession, condition: str, index: str) -> None:
    query = f"SELECT id FROM log_lines WHERE {condition} ORDER BY at DESC, id DESC LIMIT 101"

    how = "\n".join(await logged.scalars(text(f"EXPLAIN {query}")))

    assert index in how
    assert "Seq Scan on log_lines" not in how
