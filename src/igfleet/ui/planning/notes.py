"""What a plan leaves out, and why, grouped so that a person can read it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from igfleet.contracts.base import Strict

_SUBJECTS_SHOWN = 50


class NoteKind(StrEnum):
    EXCLUSION = "exclusion"
    """An account takes no part."""
    REFUSAL = "refusal"
    """A post is not made."""
    WARNING = "warning"
    """Nothing is left out, but it is worth knowing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found about one subject: an account, or a post written as `account: video`."""

    kind: NoteKind
    code: str
    sentence: str
    todo: str
    subject: str


class Note(Strict):
    """All findings of the same sort. `subjects` are the first of them, `count` is how many there are."""

    kind: NoteKind
    code: str
    sentence: str
    todo: str = ""
    count: int
    subjects: tuple[str, ...] = ()


def grouped(findings: Iterable[Finding]) -> tuple[Note, ...]:
    """The findings by sort: exclusions, refusals, warnings; within these in the order in which they appeared."""
    groups: dict[tuple[NoteKind, str, str, str], list[str]] = {}
    for finding in findings:
        key = finding.kind, finding.code, finding.sentence, finding.todo
        groups.setdefault(key, []).append(finding.subject)
    ordered = sorted(groups.items(), key=lambda item: list(NoteKind).index(item[0][0]))
    return tuple(
        Note(
            kind=kind,
            code=code,
            sentence=sentence,
            todo=todo,
            count=len(subjects),
            subjects=tuple(dict.fromkeys(subjects))[:_SUBJECTS_SHOWN],
        )
        for (kind, code, sentence, todo), subjects in ordered
    )
