"""The journal of one run: what was about to be sent and what was answered, on disk before anything follows."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from igfleet.contracts.posts import CommitKind, PostOutcome
from igfleet.reasons import ReasonCode


class Journal:
    """Written by the run's own process. Each line is on disk when the call returns."""

    def __init__(self, path: Path) -> None:
        self._file = open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8")  # noqa: SIM115  # as long as the run

    def permitted(self, post_id: int) -> None:
        self._write({"event": "permitted", "post": post_id})

    def sending(self, post_id: int) -> None:
        self._write({"event": "sending", "post": post_id})

    def answered(self, post_id: int, outcome: PostOutcome) -> None:
        self._write({"event": "answered", "post": post_id, "outcome": outcome.model_dump(mode="json")})

    def reported(self, post_id: int) -> None:
        """The ui knows: nothing is left to be settled."""
        self._write({"event": "reported", "post": post_id})

    def close(self) -> None:
        self._file.close()

    def _write(self, entry: dict[str, Any]) -> None:
        self._file.write(json.dumps(entry) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())


@dataclass(frozen=True, slots=True)
class Leftover:
    """A post whose outcome the ui may not know yet."""

    post_id: int
    outcome: PostOutcome

    def with_proof(self, *, is_unsent: bool) -> PostOutcome:
        """The outcome, now that the process is dead and its gate closed; `is_unsent`: the gate let nothing out."""
        if self.outcome.kind is not CommitKind.UNKNOWN:
            return self.outcome
        if is_unsent:
            return _not_sent("the gate has let nothing out since the permit")
        return self.outcome.model_copy(update={"is_let_go": True})


def leftovers(path: Path) -> Iterator[Leftover]:
    """What the tail of a journal says of the posts that were not reported."""
    if not path.exists():
        return
    last: dict[int, dict[str, Any]] = {}
    for entry in _entries(path):
        last[entry["post"]] = entry
    for post_id, entry in last.items():
        if entry.get("event") != "reported":
            yield Leftover(post_id, _outcome(entry))


def lease_of(path: Path) -> UUID:
    """A journal is named after its lease."""
    return UUID(path.stem)


def _outcome(entry: dict[str, Any]) -> PostOutcome:
    match entry.get("event"):
        case "answered":
            return _answered(entry)
        case "sending":
            return _unknown("sending, no answer")
    return _not_sent("journal has no sending line")


def _not_sent(found: str) -> PostOutcome:
    return PostOutcome(
        kind=CommitKind.NOT_SENT,
        reason=ReasonCode.RUNNER_DIED,
        message="The process died before the post was sent",
        evidence={"journal": found},
    )


def _answered(entry: dict[str, Any]) -> PostOutcome:
    try:
        return PostOutcome.model_validate(entry.get("outcome"))
    except ValidationError:
        return _unknown("an answer that cannot be read")


def _unknown(found: str) -> PostOutcome:
    message = "The process died while the post was being published"
    return PostOutcome(kind=CommitKind.UNKNOWN, message=message, evidence={"journal": found})


def _entries(path: Path) -> Iterator[dict[str, Any]]:
    """Whole lines only: the last one may be torn."""
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and isinstance(entry.get("post"), int):
            yield entry
