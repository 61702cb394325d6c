"""Until when a run may send: times of the boot clock, which goes on while a process is stopped."""

import asyncio
from math import inf

from igfleet import clock

_LONGEST_SLEEP_S = 3600.0


class Deadlines:
    """The lease's end, and the end of a permit's window until that post's outcome is reported."""

    def __init__(self) -> None:
        self.lease = inf
        self._windows: dict[int, float] = {}
        self._changed = asyncio.Event()

    @property
    def are_over(self) -> bool:
        """Nothing may leave any more."""
        return clock.boot_seconds() >= self._next

    def renewed(self, until: float) -> None:
        self.lease = until
        self._changed.set()

    def permitted(self, post_id: int, until: float) -> None:
        self._windows[post_id] = until
        self._changed.set()

    def reported(self, post_id: int) -> None:
        """The ui knows how it ended: the window closes nothing any more."""
        self._windows.pop(post_id, None)
        self._changed.set()

    async def until_over(self) -> None:
        """Wait until nothing may leave any more."""
        while not self.are_over:
            self._changed.clear()
            left = min(self._next - clock.boot_seconds(), _LONGEST_SLEEP_S)
            try:
                async with asyncio.timeout(max(left, 0)):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def until_open(self) -> None:
        """Wait until something may leave again."""
        while self.are_over:
            self._changed.clear()
            await self._changed.wait()

    @property
    def _next(self) -> float:
        return min([self.lease, *self._windows.values()])
