"""What commands print: plain tables for people, JSON for programs."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def as_json(value: object) -> None:
    """Print one JSON document. Times are in ISO form."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under their headings; nothing at all says so."""
    cells = [[_cell(value) for value in row] for row in rows]
    if not cells:
        print("(none)")
        return
    widths = [max(len(column), *(len(row[at]) for row in cells)) for at, column in enumerate(columns)]
    for row in [[column.upper() for column in columns], *cells]:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def say(text: str) -> None:
    """A line for the person at the terminal: on stderr, so that stdout stays what was asked for."""
    print(text, file=sys.stderr, flush=True)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, list | tuple):
        return " ".join(map(str, value)) or "-"
    text = value.isoformat(timespec="seconds") if hasattr(value, "hour") else str(value)  # type: ignore[attr-defined]  # a datetime
    return "".join(character if character.isprintable() else " " for character in text) or "-"


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
