"""Captions as an operator writes them: one for all, one per line, a CSV file, or a template.

Everything here is pure; whatever cannot be read is a `CaptionError` that names its line and column.
"""

import random
import re
from datetime import datetime
from zoneinfo import ZoneInfo

from igfleet.contracts.base import Strict
from igfleet.contracts.tasks import Place
from igfleet.runners.caption_errors import CaptionError
from igfleet.runners.caption_template import VARIABLES, Template, parse_template, seeded
from igfleet.runners.csv_cells import Cell, cells

__all__ = [
    "VARIABLES",
    "CaptionError",
    "CaptionRow",
    "Template",
    "from_template",
    "one_for_all",
    "one_per_line",
    "parse_csv",
    "parse_place",
    "parse_template",
    "seeded",
]
COLUMNS = ("video", "caption", "location", "mentions", "cover", "account", "publish_at")
_MENTION = re.compile(r"[A-Za-z0-9._]{1,30}")


class CaptionRow(Strict):
    """One line of a caption file. `video`, `cover` and `account` are names, resolved by the plan."""

    line: int
    video: str
    caption: str
    location: Place | None = None
    mentions: tuple[str, ...] = ()
    cover: str | None = None
    account: str | None = None
    publish_at: datetime | None = None


def one_for_all(text: str, count: int) -> tuple[str, ...]:
    """The same caption for each of `count` videos."""
    return (_unified(text),) * count


def one_per_line(text: str, count: int) -> tuple[str, ...]:
    r"""Line i is the caption of video i; an empty line is an empty caption. `\n` inside a line breaks the line."""
    lines = _unified(text).removesuffix("\n").split("\n")
    if len(lines) != count:
        line = min(len(lines), count + 1)
        raise CaptionError(line, 1, f"There are {len(lines)} captions for {count} videos: write one line for each")
    return tuple(_unescaped(line) for line in lines)


def from_template(text: str, draw: random.Random, **variables: object) -> str:
    """One caption made from a template; `draw` chooses among its alternatives."""
    return parse_template(_unified(text)).render(draw, **variables)


def parse_csv(text: str, zone: ZoneInfo) -> tuple[CaptionRow, ...]:
    """The rows of a caption file with a header. Times without an offset are in `zone`."""
    records = cells(_unified(text).removeprefix("\ufeff"))
    if not records:
        raise CaptionError(1, 1, f"The file is empty. Its first line names the columns: {','.join(COLUMNS)}")
    header = _header(records[0])
    return tuple(_row(header, record, zone) for record in records[1:])


def parse_place(text: str) -> Place | None:
    """A place from `lat,lng | Name` or from a plain name; None from nothing. Raises `ValueError`."""
    left, bar, name = text.partition("|")
    if not bar:
        return Place(name=text.strip()) if text.strip() else None
    lat, comma, lng = left.partition(",")
    if not comma or not name.strip():
        raise ValueError("A location is written as `lat,lng | Name` or as a name alone")
    try:
        return Place(name=name.strip(), lat=float(lat), lng=float(lng))
    except ValueError:
        raise ValueError(
            f"{left.strip()!r} is no position: latitude -90 to 90, longitude -180 to 180, as in `52.52,13.40 | Berlin`"
        ) from None


def _header(record: list[Cell]) -> dict[str, int]:
    header: dict[str, int] = {}
    for position, cell in enumerate(record):
        name = cell.text.strip().lower()
        if name not in COLUMNS:
            raise CaptionError(cell.line, cell.column, f"There is no column {name!r}. Known: {', '.join(COLUMNS)}")
        if name in header:
            raise CaptionError(cell.line, cell.column, f"The column {name!r} stands twice")
        header[name] = position
    for name in ("video", "caption"):
        if name not in header:
            raise CaptionError(record[0].line, 1, f"The column {name!r} is missing from the first line")
    return header


def _row(header: dict[str, int], record: list[Cell], zone: ZoneInfo) -> CaptionRow:
    if len(record) > len(header):
        extra = record[len(header)]
        raise CaptionError(extra.line, extra.column, "More values than columns: put a caption with commas in quotes")
    missing = Cell(record[-1].line, record[-1].column + len(record[-1].text), "")
    cell = {name: record[at] if at < len(record) else missing for name, at in header.items()}
    if not cell["video"].text.strip():
        raise CaptionError(cell["video"].line, cell["video"].column, "The video's name is missing")
    return CaptionRow(
        line=record[0].line,
        video=cell["video"].text.strip(),
        caption=cell["caption"].text,
        location=_place(cell.get("location", missing)),
        mentions=_mentions(cell.get("mentions", missing)),
        cover=cell.get("cover", missing).text.strip() or None,
        account=cell.get("account", missing).text.strip().removeprefix("@") or None,
        publish_at=_time(cell.get("publish_at", missing), zone),
    )


def _place(cell: Cell) -> Place | None:
    try:
        return parse_place(cell.text)
    except ValueError as error:
        raise CaptionError(cell.line, cell.column, str(error)) from None


def _mentions(cell: Cell) -> tuple[str, ...]:
    names = [name.removeprefix("@") for name in re.split(r"[\s,;]+", cell.text) if name]
    for name in names:
        if not _MENTION.fullmatch(name):
            raise CaptionError(cell.line, cell.column, f"{name!r} is no user name")
    return tuple(dict.fromkeys(names))


def _time(cell: Cell, zone: ZoneInfo) -> datetime | None:
    text = cell.text.strip()
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise CaptionError(cell.line, cell.column, f"{text!r} is no time: write it as 2026-05-31 18:30") from None
    return at if at.tzinfo else at.replace(tzinfo=zone)


def _unified(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _unescaped(line: str) -> str:
    return re.sub(r"\\([n\\])", lambda match: "\n" if match[1] == "n" else "\\", line)
