"""What provably did not leave: the gate has let no byte out since it was allowed, and lets none out any more."""

from igfleet.contracts.tasks import Method
from igfleet.worker.egress import Gate

_MOST = 100


class Unsent:
    """One run's. Its answers hold once the process is dead and the gate closed; until then they may still change.

    A profile of Dolphin Anty has ways out beside the gate: of its runs nothing is proven.
    """

    def __init__(self, gate: Gate, method: Method) -> None:
        self._gate, self._is_only_way = gate, method is not Method.DOLPHIN
        self._acts: dict[int, int] = {}
        self._commits: dict[int, int] = {}

    def paid(self, spending_id: int | None) -> None:
        """An act may be done from now on. A ui that names no act gets none back."""
        if spending_id is not None:
            self._acts[spending_id] = self._gate.sent_bytes

    def permitted(self, post_id: int) -> None:
        """A commit may be sent from now on."""
        self._commits.setdefault(post_id, self._gate.sent_bytes)

    def reported(self, post_id: int) -> None:
        """How the commit ended is known."""
        self._commits.pop(post_id, None)

    def acts(self) -> tuple[int, ...]:
        """Paid for, and not done."""
        found = [one for one, before in self._acts.items() if self._is_unmoved(before)]
        return tuple(found[-_MOST:])

    def has_commit(self, post_id: int) -> bool:
        """Whether this commit is among what did not leave."""
        before = self._commits.get(post_id)
        return before is not None and self._is_unmoved(before)

    def _is_unmoved(self, before: int) -> bool:
        return self._is_only_way and self._gate.sent_bytes == before
