"""An uploaded text, decoded and cut into records, within limits: it comes from outside."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass

from igfleet.errors import Invalid, TooLarge

MAX_BYTES = 32 * 1024**2
MAX_ROWS = 100_000
MAX_FIELD = 4_000
_MOST_LINES_IN_A_CELL = 50


@dataclass(frozen=True, slots=True)
class Record:
    """One record and the line on which it begins, from 1. `trouble` says why it could not be cut into cells."""

    line: int
    cells: tuple[str, ...]
    trouble: str = ""


def decoded(content: bytes) -> str:
    """The text of a file in UTF-8, with or without BOM, its line ends unified. Raises `Invalid`, `TooLarge`."""
    if len(content) > MAX_BYTES:
        raise TooLarge(f"The file is larger than {MAX_BYTES // 1024**2} MB. Split it.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Invalid(f"The file is not UTF-8: line {line} cannot be read. Save it as UTF-8.") from None
    if "\x00" in text:
        raise Invalid("The file is no text: it contains zero bytes. Save it as CSV in UTF-8.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def records(text: str, delimiter: str) -> Iterator[Record]:
    """The records of a text; empty ones and lines that begin with `#` are left out. Raises `TooLarge`.

    A quote that is never closed spoils its own line only.
    """
    lines = text.split("\n")
    at = found = 0
    while at < len(lines):
        record, used = _record(lines, at, delimiter)
        at += used
        if record is None:
            continue
        found += 1
        if found > MAX_ROWS:
            raise TooLarge(f"The file has more than {MAX_ROWS:,} lines. Split it.")
        yield record


def first_line(text: str) -> str:
    """The first line that says something."""
    return next((line for line in text.split("\n") if line.strip() and not line.startswith("#")), "")


def split(line: str, delimiter: str) -> tuple[str, ...]:
    """The cells of one line. Raises `ValueError` when its quotes do not match."""
    try:
        return tuple(cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, strict=True), ()))
    except csv.Error as error:
        raise ValueError(_plain(error)) from None


def _record(lines: list[str], at: int, delimiter: str) -> tuple[Record | None, int]:
    if not lines[at].strip() or lines[at].startswith("#"):
        return None, 1
    cells, used, trouble = _cells(lines, at, delimiter)
    if trouble:
        return Record(at + 1, (), trouble), 1
    if any(len(cell) > MAX_FIELD for cell in cells):
        return Record(at + 1, (), f"A value has more than {MAX_FIELD:,} characters"), used
    if not any(cells):
        return None, used
    return Record(at + 1, cells), used


def _cells(lines: list[str], at: int, delimiter: str) -> tuple[tuple[str, ...], int, str]:
    longest = 1 if '"' not in lines[at] else _MOST_LINES_IN_A_CELL
    part = ""
    for used, line in enumerate(lines[at : at + longest], start=1):
        part = f"{part}\n{line}" if used > 1 else line
        if len(part) > 20 * MAX_FIELD:
            return (), 1, "The line is too long"
        try:
            return split(part, delimiter), used, ""
        except ValueError as error:
            if str(error) != _UNCLOSED:
                return (), 1, str(error)
    return (), 1, _UNCLOSED


_UNCLOSED = "A quote is never closed"


def _plain(error: csv.Error) -> str:
    if "unexpected end of data" in str(error):
        return _UNCLOSED
    if "expected after" in str(error):
        return 'Text follows a closing quote: write a quote inside quotes as ""'
    return "The line cannot be read"
