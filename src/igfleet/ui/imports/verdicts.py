"""What becomes of each line of an import. Never says a secret, nor a value that may be one in the wrong column."""

import csv
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    NEW = "new"
    UPDATE = "update"
    DUPLICATE = "duplicate"
    """Nothing to do: the same stands earlier in the file, or is stored already."""
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class LineVerdict:
    """One line. `subject` is the user name or the proxy's label, empty when the line cannot be read."""

    line: int
    verdict: Verdict
    subject: str = ""
    changed: tuple[str, ...] = ()
    """Names of the fields that an update changes."""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """The verdicts of a whole file, in its order."""

    lines: tuple[LineVerdict, ...]

    @property
    def counts(self) -> Mapping[Verdict, int]:
        counted = Counter(line.verdict for line in self.lines)
        return {verdict: counted[verdict] for verdict in Verdict}

    @property
    def has_work(self) -> bool:
        """Whether applying it would change anything."""
        return bool(self.counts[Verdict.NEW] or self.counts[Verdict.UPDATE])

    @property
    def bad(self) -> tuple[LineVerdict, ...]:
        return tuple(line for line in self.lines if line.verdict is Verdict.ERROR)

    def bad_csv(self) -> str:
        """The bad lines as a CSV file: number, subject and reason, never the line itself."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(("line", "subject", "why"))
        writer.writerows((line.line, line.subject, line.why) for line in self.bad)
        return out.getvalue()


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did."""

    preview: Preview
    ids: tuple[int, ...]
    """Of the new and updated rows, in the order of the file."""
