"""What is to stand in the profile of each account, as an operator writes it."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from igfleet.runners.caption_errors import CaptionError
from igfleet.runners.csv_cells import Cell, cells

EMPTY = "(empty)"
"""Written where a link or text is to be taken out; nothing written leaves it as it is."""
COLUMNS = ("account", "link_url", "biography")
LONGEST_LINK = 2_048
LONGEST_TEXT = 150
"""Characters of a profile's text that the app's own form takes, as of January 2026."""


@dataclass(frozen=True, slots=True)
class BioLine:
    """One account's line. None leaves a field as it is, an empty text takes it out."""

    account: str
    link_url: str | None = None
    biography: str | None = None


def link_of(text: str) -> str | None:
    """The link that a text means. Raises `ValueError` in one plain sentence."""
    text = text.strip()
    if not text or text == EMPTY:
        return None if not text else ""
    parts = urlsplit(text)
    if parts.scheme.lower() not in ("http", "https"):
        raise ValueError(f"{text!r} must begin with http:// or https://")
    if not parts.hostname or "." not in parts.hostname.strip(".") or any(character.isspace() for character in text):
        raise ValueError(f"{text!r} is not a web address")
    if parts.username or parts.password:
        raise ValueError(f"{text!r} has a user name or password in it")
    if len(text) > LONGEST_LINK:
        raise ValueError(f"a link may have {LONGEST_LINK:,} characters at most")
    return text


def text_of(text: str) -> str | None:
    """The profile text that a text means. Raises `ValueError`."""
    text = text.replace("\r\n", "\n").strip()
    if not text or text == EMPTY:
        return None if not text else ""
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"the profile text has {len(text)} characters, {LONGEST_TEXT} are allowed")
    return text


def parse_lines(text: str) -> dict[str, BioLine]:
    """The lines by user name in lower case. Raises `ValueError` with line and column."""
    try:
        records = cells(text.replace("\r\n", "\n"))
    except CaptionError as error:
        raise ValueError(str(error)) from None
    columns: tuple[str, ...] = COLUMNS
    if records and records[0][0].text.strip().lower() == COLUMNS[0]:
        columns = tuple(cell.text.strip().lower() for cell in records.pop(0))
        if unknown := set(columns) - set(COLUMNS):
            raise ValueError(f"line 1: there is no column {min(unknown)!r}; known: {', '.join(COLUMNS)}")
    found: dict[str, BioLine] = {}
    for record in records:
        line = _line(dict(zip(columns, record, strict=False)), record)
        if line.account in found:
            raise ValueError(f"line {record[0].line}: {line.account} stands here twice")
        found[line.account] = line
    return found


def as_lines(lines: Iterable[BioLine]) -> str:
    """The text that `parse_lines` reads back."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(COLUMNS)
    for line in lines:
        rows.writerow((line.account, _cell(line.link_url), _cell(line.biography)))
    return out.getvalue()


def _line(given: Mapping[str, Cell], record: list[Cell]) -> BioLine:
    name = given["account"].text.strip().removeprefix("@").lower() if "account" in given else ""
    if not name:
        raise ValueError(f"line {record[0].line}: no account is named")
    return BioLine(name, _read(given.get("link_url"), link_of), _read(given.get("biography"), text_of))


def _read(cell: Cell | None, read: Callable[[str], str | None]) -> str | None:
    if cell is None:
        return None
    try:
        return read(cell.text)
    except ValueError as error:
        raise ValueError(f"line {cell.line}, column {cell.column}: {error}") from None


def _cell(value: str | None) -> str:
    return "" if value is None else value or EMPTY
