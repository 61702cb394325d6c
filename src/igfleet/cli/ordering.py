"""From the arguments of `tasks create` to a draft."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from igfleet.cli.media import add_file
from igfleet.errors import Invalid

if TYPE_CHECKING:
    from pydantic import JsonValue
    from sqlalchemy.ext.asyncio import AsyncSession

    from igfleet.ui.context import UiContext
    from igfleet.ui.models import Media
    from igfleet.ui.planning.draft import Draft

_ENDINGS = {"video": (".mp4", ".mov"), "image": (".jpg", ".jpeg", ".png", ".webp")}


@dataclass(frozen=True, slots=True)
class Order:
    """The arguments as given."""

    kind: str
    name: str | None
    accounts: Sequence[str]
    tag: str | None
    media: Sequence[str]
    captions: Path | None
    caption: str | None
    captions_form: str | None
    options: str
    start_at: str | None
    timezone: str
    seed: int | None
    settings: Sequence[str] = ()
    """Single options as `NAME=VALUE` or `NAME=@FILE`."""


async def media_of(ui: "UiContext", kind: str, references: Sequence[str]) -> "list[Media]":
    """The media, in order. Files and folders that are no names of the library are added to it and probed."""
    from igfleet.ui import library

    found = []
    for reference in references:
        paths = paths_of(kind, reference)
        if paths:
            found += [await add_file(ui, path) for path in paths]
            continue
        async with ui.database.sessions() as session:
            found.append(await library.find_named(session, reference))
    return found


async def draft_of(session: "AsyncSession", order: Order, media: "Sequence[Media]") -> "Draft":
    """The draft. Raises `Invalid`, `NotFound`."""
    from pydantic import ValidationError

    from igfleet.ui.planning.draft import (
        CaptionForm,
        Captions,
        Draft,
        DraftMedia,
        accounts_named,
        accounts_tagged,
    )

    form, text = caption_of(order, len(media))
    ids = await accounts_named(session, order.accounts)
    if order.tag is not None:
        ids = tuple(dict.fromkeys((*ids, *await accounts_tagged(session, order.tag))))
    try:
        return Draft(
            kind=order.kind,
            name=order.name or f"{order.kind} from the command line",
            options=options_of(order),
            account_ids=ids,
            media=tuple(DraftMedia(media_id=medium.id) for medium in media),
            captions=Captions(form=CaptionForm(form), text=text, timezone=order.timezone),
            start_at=start_of(order),
            seed=order.seed,
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Invalid(f"{'.'.join(map(str, first['loc']))}: {first['msg'].removeprefix('Value error, ')}") from None


def options_of(order: Order) -> dict[str, "JsonValue"]:
    """The kind's options, from `--options` and `--set`. Raises `Invalid`."""
    return {**_options(order.options), **_settings(order.kind, order.settings)}


def paths_of(kind: str, reference: str) -> list[Path]:
    """The files that a reference names on this machine; none when it names a file of the library. Raises `Invalid`."""
    from igfleet.runners import runner_of

    endings = _ENDINGS.get(runner_of(kind).takes_media or "video", ())
    path = Path(reference)
    if reference.isdecimal() or not path.exists():
        return []
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in endings)
    if not files:
        raise Invalid(f"The folder {reference} holds no file that ends in {', '.join(endings)}.")
    return files


def caption_of(order: Order, videos: int) -> tuple[str, str]:
    """The form of the captions and their text. Raises `Invalid`."""
    if order.captions is None:
        return order.captions_form or "one", order.caption or ""
    text = _file_text(order.captions)
    return order.captions_form or _guessed(order.captions, text, videos), text


def start_of(order: Order) -> datetime | None:
    """Not before this time. Raises `Invalid`."""
    return _time(order.start_at, order.timezone)


def _options(text: str) -> dict[str, "JsonValue"]:
    """JSON, or @FILE with JSON in it."""
    try:
        given = json.loads(_file_text(Path(text[1:])) if text.startswith("@") else text)
    except json.JSONDecodeError as error:
        raise Invalid(f"--options is not JSON: {error}") from None
    if not isinstance(given, dict):
        raise Invalid('--options must be a JSON object, as in {"distribution": "round_robin"}')
    return given


def _settings(kind: str, given: Sequence[str]) -> dict[str, "JsonValue"]:
    """Single options, read as the form reads them: lists by line or with commas, places, yes and no."""
    from igfleet.runners import runner_of
    from igfleet.ui.forms.fields import fields_of
    from igfleet.ui.forms.reading import read

    fields = fields_of(runner_of(kind).options)
    form = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or name not in fields:
            raise Invalid(f"--set {one!r}: write NAME=VALUE. Options of {kind}: {', '.join(fields)}.")
        form[name] = _file_text(Path(value[1:])) if value.startswith("@") else value
    return read((fields[name] for name in form), form)


def _guessed(path: Path, text: str, videos: int) -> str:
    """.csv is CSV; as many lines as videos (and more than one) is one per line; braces make a template."""
    if path.suffix.lower() == ".csv":
        return "csv"
    if videos > 1 and len(text.removesuffix("\n").split("\n")) == videos:
        return "lines"
    return "template" if "{" in text else "one"


def _file_text(path: Path) -> str:
    from igfleet.ui.imports.source import decoded

    try:
        return decoded(path.read_bytes())
    except OSError as error:
        raise Invalid(f"Cannot read {path}: {error.strerror}") from error


def _time(text: str | None, timezone: str) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
        return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(timezone))
    except (ValueError, KeyError, OSError):
        raise Invalid(
            "--start-at is no time, or --timezone no time zone: write 2027-05-31T18:30, Europe/Berlin"
        ) from None
