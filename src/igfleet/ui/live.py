"""Live pages: a stream of hints. The page then fetches its visible part again: state, not deltas."""

import asyncio
from collections.abc import AsyncIterator

from litestar.response import ServerSentEvent

from igfleet.ui.bus import Change
from igfleet.ui.context import UiContext

_AT_MOST_EVERY_S = 0.2
_KEEP_ALIVE_S = 15.0


def stream(ui: UiContext, topic: str, wanted: int | None) -> ServerSentEvent:
    """Hints for one topic (and one id), at most five a second. Ends when the process drains; the browser comes back."""
    headers = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}
    return ServerSentEvent(_hints(ui, topic, wanted), headers=headers, comment_message="igfleet")


async def _hints(ui: UiContext, topic: str, wanted: int | None) -> AsyncIterator[str]:
    drained = asyncio.create_task(ui.draining.wait())
    try:
        async with ui.bus.changes() as changes:
            yield "hello"  # what changes from here on is told; what changed before, the page reads when it hears this
            while not ui.draining.is_set():
                change = await _next(changes, drained)
                if change is None:
                    yield "still here"
                elif change.topic == topic and wanted in (None, change.key):
                    await asyncio.sleep(_AT_MOST_EVERY_S)
                    _skip_waiting(changes)
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
