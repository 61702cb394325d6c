"""What a page does by itself: it follows changes, and comes right again after it was hidden or the ui was gone."""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    from benchmarks.ui import Bench

_HIDE = """(hidden) => {
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event('visibilitychange'));
}"""
_SETTLE = """() => {
  scrollTo(0, 200);
  const log = document.getElementById('log');
  log.focus({ preventScroll: true });
  log.scrollTop = 40;
  document.querySelector('#live tbody tr').isSame = true;
}"""
_KEPT = """() => [
  document.activeElement && document.activeElement.id === 'log',
  Math.round(scrollY) === 200,
  document.getElementById('log').scrollTop === 40,
  document.querySelector('#live tbody tr').isSame === true,
]"""
_COUNT_STREAMS = """
  window.streams = 0;
  const Source = window.EventSource;
  window.EventSource = class extends Source {
    constructor(...given) { super(...given); window.streams += 1; }
    close() { if (this.readyState !== 2) window.streams -= 1; super.close(); }
  };
"""
_TOUCH = "UPDATE account_tasks SET step = $1 WHERE task_id = $2 AND position <= 200"
_TELL = "SELECT pg_notify('igfleet', $1)"
INIT = _COUNT_STREAMS


async def search_log(bench: "Bench") -> None:
    """A word among the 100,000 lines of one task, with the true number of lines that hold it."""
    begun = time.perf_counter()
    await bench.page.goto(f"/logs?task={bench.task}&q=part+99", wait_until="commit")
    await bench.page.wait_for_selector("tbody tr")
    bench.note("search of 100,000 log lines", 700, (time.perf_counter() - begun) * 1000)


async def follow_changes(bench: "Bench") -> None:
    """1,000 row changes a second for 5 s: how late the newest is seen, and how long the page was blocked."""
    await bench.page.goto(f"/tasks/{bench.task}")
    await asyncio.sleep(1)
    await bench.page.evaluate("seen.blocked = 0")
    connection = await asyncpg.connect(bench.url, timeout=30)
    try:
        for number in range(25):
            step, begun = f"at {number}", time.perf_counter()
            await _change(connection, bench.task, step)
            if number % 5 == 4:
                await bench.page.get_by_text(step, exact=True).first.wait_for(timeout=30_000)
                bench.note("a change to its cell", 500, (time.perf_counter() - begun) * 1000)
            await asyncio.sleep(max(0.2 - (time.perf_counter() - begun), 0))
    finally:
        await connection.close()
    bench.note("blocked in 5 s of changes", 300, await bench.page.evaluate("seen.blocked"))


async def stay(bench: "Bench") -> None:
    """Focus, both scroll positions and the rows themselves are what they were after 20 changes."""
    await bench.page.goto(f"/tasks/{bench.task}")
    await asyncio.sleep(0.5)
    await bench.page.evaluate(_SETTLE)
    connection = await asyncpg.connect(bench.url, timeout=30)
    try:
        for number in range(20):
            await _change(connection, bench.task, f"stay {number}")
            await asyncio.sleep(0.2)
        await bench.page.get_by_text("stay 19", exact=True).first.wait_for(timeout=30_000)
    finally:
        await connection.close()
    kept = await bench.page.evaluate(_KEPT)
    bench.note("of focus, scroll, scroll of the log and rows lost after 20 changes", 0, kept.count(False))


async def come_back(bench: "Bench") -> None:
    """A hidden page holds no stream, and is right soon after it is looked at again."""
    await bench.page.goto(f"/tasks/{bench.task}")
    await asyncio.sleep(0.5)
    await bench.page.evaluate(_HIDE, True)
    bench.note("streams of a hidden page", 0, await bench.page.evaluate("streams"))
    connection = await asyncpg.connect(bench.url, timeout=30)
    try:
        step = f"while hidden {time.perf_counter():.3f}"
        await _change(connection, bench.task, step)
    finally:
        await connection.close()
    await asyncio.sleep(1)
    begun = time.perf_counter()
    await bench.page.evaluate(_HIDE, False)
    await bench.page.get_by_text(step, exact=True).first.wait_for(timeout=30_000)
    bench.note("right after a hidden page is shown", 1_500, (time.perf_counter() - begun) * 1000)


async def outlive_the_ui(bench: "Bench", restart: Callable[[], None]) -> None:
    """The ui is killed and comes back while the page is open; what changed meanwhile is seen without a reload."""
    await bench.page.goto(f"/tasks/{bench.task}")
    await asyncio.sleep(0.5)
    await asyncio.to_thread(restart)
    begun = time.perf_counter()
    connection = await asyncpg.connect(bench.url, timeout=30)
    try:
        step = f"while away {begun:.3f}"
        await connection.execute(_TOUCH, step, bench.task)
    finally:
        await connection.close()
    await bench.page.get_by_text(step, exact=True).first.wait_for(timeout=30_000)
    bench.note("right after the ui is back", 10_000, (time.perf_counter() - begun) * 1000)


async def _change(connection: asyncpg.Connection, task: int, step: str) -> None:
    await connection.execute(_TOUCH, step, task)
    await connection.execute(_TELL, f'[["task", {task}]]')
