"""User names out of what was pasted, or out of a CSV file."""

import re
from dataclasses import dataclass

from igfleet.ui.imports import source

_COLUMN = "username"
_NAME = re.compile(r"[A-Za-z0-9._]{1,30}")
_ADDRESS = re.compile(r"^(?:https?://)?(?:www\.)?instagram\.com/", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True)
class Names:
    """The good names, each once, in lower case; and what was no name, with its line."""

    good: tuple[str, ...]
    bad: tuple[tuple[int, str], ...]


def names_in(text: str) -> Names:
    """With a heading `username` it is a CSV file and that column counts; else every word is a name.

    A leading @ and the address of a profile are understood. Raises `TooLarge`.
    """
    found: dict[str, None] = {}
    bad: list[tuple[int, str]] = []
    for line, word in _words(text):
        name = _ADDRESS.sub("", word).strip("/").removeprefix("@").partition("?")[0]
        if _NAME.fullmatch(name):
            found[name.lower()] = None
        else:
            bad.append((line, word[:100]))
    return Names(tuple(found), tuple(bad))


def _words(text: str) -> list[tuple[int, str]]:
    heading = source.first_line(text)
    delimiter = max(",;\t", key=heading.count)
    columns = [cell.strip().strip('"').lower() for cell in heading.split(delimiter)]
    records = source.records(text, delimiter)
    if _COLUMN not in columns:
        return [
            (record.line, word) for record in records for cell in record.cells for word in _BETWEEN.split(cell) if word
        ]
    place = columns.index(_COLUMN)
    rows = [(record.line, record.cells[place]) for record in records if len(record.cells) > place]
    return [(line, cell) for line, cell in rows[1:] if cell]
