"""Live pages: a stream of hints. The page then fetches its visible part again: state, not deltas."""

import asyncio
import time
from collections.abc import AsyncIterator

from litestar.response import ServerSentEvent

from igfleet.ui.bus import Change
from igfleet.ui.context import UiContext

_AT_MOST_EVERY_S = 0.2
_GATHERS_S = 0.02
"""A change is seldom alone: its neighbours are told by the same hint."""
_KEEP_ALIVE_S = 15.0


def stream(ui: UiContext, topic: str, wanted: int | None) -> ServerSentEvent:
    """Hints for one topic (and one id): the first at once, then at most five a second.

    It ends when the process drains; the browser comes back.
    """
    headers = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}
    return ServerSentEvent(_hints(ui, topic, wanted), headers=headers, comment_message="igfleet")


async def _hints(ui: UiContext, topic: str, wanted: int | None) -> AsyncIterator[str]:
    drained = asyncio.create_task(ui.draining.wait())
    told_at = 0.0
    try:
        async with ui.bus.changes() as changes:
            yield "hello"  # what changes from here on is told; what changed before, the page reads when it hears this
            while not ui.draining.is_set():
                change = await _next(changes, drained)
                if change is None:
                    yield "still here"
                elif change.topic == topic and wanted in (None, change.key):
                    await asyncio.sleep(max(told_at + _AT_MOST_EVERY_S - time.monotonic(), _GATHERS_S))
                    _skip_waiting(changes)
                    told_at = time.monotonic()
                    yield "changed"
    finally:
        drained.cancel()


async def _next(changes: asyncio.Queue[Change], drained: asyncio.Task[bool]) -> Change | None:
    """The next change; None when none came for a while, or when the process drains."""
    hint = asyncio.create_task(changes.get())
    try:
        await asyncio.wait({hint, drained}, timeout=_KEEP_ALIVE_S, return_when=asyncio.FIRST_COMPLETED)
        return hint.result() if hint.done() else None
    finally:
        hint.cancel()


def _skip_waiting(changes: asyncio.Queue[Change]) -> None:
    """What came meanwhile is told by the same hint."""
    while not changes.empty():
        changes.get_nowait()
