"""Background work goes on whatever happened to the process, or the database, that did it before."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from tests.serving import Served, served
from tests.ui_api.stage import staged

from igfleet import clock
from igfleet.contracts.states import MediaState
from igfleet.ui import library
from igfleet.ui.jobs.tick import prune
from igfleet.ui.models import Media

pytestmark = pytest.mark.anyio


def _left_behind(database_url: str, task: str, queueing_lock: str | None = None) -> None:
    """A job that a killed process was doing: nobody will ever finish it."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args, status, attempts) "
            "VALUES ('default', %s, %s, %s, '{\"timestamp\": 1}', 'doing', 0)",
            (task, task, queueing_lock),
        )


async def _until(is_so: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not await is_so():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.1)


async def test_a_ui_killed_in_its_tick_does_not_stop_the_next_ones(database_url: str, tmp_path: Path) -> None:
    _left_behind(database_url, "tick", "tick")
    async with served(database_url, tmp_path, REQUIRE_PROXY="false") as ui:
        stage = await staged(ui)
        await stage.sql("UPDATE account_tasks SET lease_expires_at = now() - interval '1 second'")

        async def taken_back() -> bool:
            return await stage.sql("SELECT count(*) FROM account_tasks WHERE state = 'running'") == 0

        await _until(taken_back)


async def test_a_file_whose_check_was_lost_is_checked_after_all(ui: Served) -> None:
    """The ui was killed after the upload was stored, before its check was asked for."""

    async def text() -> AsyncIterator[bytes]:
        yield b"this is no video"

    async with ui.context.database.sessions.begin() as session:
        added = await library.add(session, await library.receive(ui.context, text()), "lost.mp4", "test")
        added.media.created_at = clock.now() - timedelta(minutes=5)
    media_id = added.media.id

    async def checked() -> bool:
        async with ui.context.database.sessions() as session:
            return (await session.get_one(Media, media_id)).state == MediaState.BROKEN

    await _until(checked, 90)


async def test_what_the_engine_left_behind_is_forgotten_in_time(ui: Served) -> None:
    database_url = ui.context.database.url
    _left_behind(database_url, "prune")
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "UPDATE procrastinate_events SET at = now() - interval '8 days' "
            "WHERE job_id = (SELECT id FROM procrastinate_jobs WHERE task_name = 'prune')"
        )

        await prune(ui.context)

        left = connection.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'prune'").fetchone()
    assert left == (0,)
