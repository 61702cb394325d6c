"""Small acts upon items, by id: each remembered before and after, so that none is done twice."""

from igfleet.runners.acting import count_once
from igfleet.runners.base import RunContext


class Deeds:
    """All acts of one sort of a run, over all its attempts."""

    def __init__(self, run: RunContext, counter: str, wanted: int) -> None:
        self._run, self._counter, self._wanted = run, counter, wanted
        done = run.recall(counter)
        self.done: list[str] = [str(key) for key in done] if isinstance(done, list) else []

    @property
    def left(self) -> int:
        return self._wanted - len(self.done)

    @property
    def begun(self) -> str:
        """The item that was begun and not confirmed: an answer was lost, or the process died. Empty when none was."""
        key = str(self._run.recall(f"{self._counter}_begun") or "")
        return "" if key in self.done else key

    def begin(self, key: str) -> None:
        self._run.remember(f"{self._counter}_begun", key)

    def confirm(self, key: str) -> None:
        """It is done: an answer or a reading says so."""
        self.done.append(key)
        self._run.remember(self._counter, list(self.done))
        count_once(self._run, self._counter, key)
