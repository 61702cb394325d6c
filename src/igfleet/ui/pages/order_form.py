"""The form of a bulk upload, in both directions: fields to draft, draft to fields."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from litestar.datastructures import UploadFile
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.tasks import Place
from igfleet.errors import Invalid
from igfleet.runners.captions import parse_place
from igfleet.ui.imports.source import decoded
from igfleet.ui.models import Task
from igfleet.ui.planning.draft import Captions, Draft, DraftMedia, accounts_tagged

_NUMBERS = ("per_account", "delay_min_s", "delay_max_s", "max_attempts", "concurrency")
_MENTION = re.compile(r"[\s,]+")


async def draft_of(session: AsyncSession, form: dict[str, Any]) -> Draft:
    """The draft that the fields describe. Raises `Invalid` with one message per field."""
    accounts = await _accounts(session, form)
    media = [DraftMedia(media_id=int(key)) for key in _listed(form, "media") if key.isdigit()]
    missing = {}
    if not accounts:
        missing["accounts"] = "Choose at least one account, or a tag."
    if not media:
        missing["media"] = "Choose at least one video."
    if missing:
        raise Invalid("Something is missing.", missing)
    try:
        return Draft(
            name=str(form.get("name", "")).strip() or f"Bulk upload {datetime.now(UTC):%Y-%m-%d %H:%M}",
            options=_options(form),
            account_ids=accounts,
            media=tuple(media),
            captions=await _captions(form),
            start_at=_start_at(str(form.get("start_at", ""))),
        )
    except ValidationError as error:
        fields = {".".join(map(str, item["loc"])): item["msg"].removeprefix("Value error, ") for item in error.errors()}
        raise Invalid("Some fields are not right.", fields) from None


def fields_of(task: Task | None, media: Sequence[int] = ()) -> dict[str, Any]:
    """The fields of a draft; of a new one the defaults."""
    options = task.options if task else {}
    captions = task.captions if task else {}
    place = options.get("default_location") or {}
    return {
        "name": task.name if task else "",
        "accounts": [str(key) for key in (task.account_ids if task else ())],
        "media": [str(key) for key in media],
        "tag": "",
        "caption_form": captions.get("form", "one"),
        "caption_text": captions.get("text", ""),
        "timezone": captions.get("timezone", "UTC"),
        "distribution": options.get("distribution", "even_split"),
        "rounds": "yes" if options.get("rounds") else "",
        "confirm_many": "yes" if options.get("confirm_many") else "",
        "when_not_found": options.get("when_not_found", "fail"),
        "location": _place_text(place),
        "mentions": " ".join(options.get("default_mentions", ())),
        "start_at": task.start_at.strftime("%Y-%m-%dT%H:%M") if task and task.start_at else "",
        **{name: str(options.get(name, default)) for name, default in zip(_NUMBERS, (1, 5, 15, 3, 2), strict=True)},
    }


async def _accounts(session: AsyncSession, form: dict[str, Any]) -> tuple[int, ...]:
    """The ticked ones, then those of the tag that were not ticked."""
    ticked = [int(key) for key in _listed(form, "accounts") if key.isdigit()]
    tag = str(form.get("tag", ""))
    tagged = await accounts_tagged(session, tag) if tag else ()
    return tuple(dict.fromkeys([*ticked, *tagged]))


def _options(form: dict[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = {name: _number(form[name]) for name in _NUMBERS if str(form.get(name, "")).strip()}
    options |= {name: str(form[name]) for name in ("distribution", "when_not_found") if form.get(name)}
    options |= {name: form.get(name) == "yes" for name in ("rounds", "confirm_many")}
    mentions = [name.lstrip("@") for name in _MENTION.split(str(form.get("mentions", ""))) if name]
    place = _place(str(form.get("location", "")).strip())
    if mentions:
        options["default_mentions"] = mentions
    if place is not None:
        options["default_location"] = json.loads(place.model_dump_json())
    return options


async def _captions(form: dict[str, Any]) -> Captions:
    file, text = form.get("caption_file"), str(form.get("caption_text", ""))
    if isinstance(file, UploadFile) and file.filename:
        text = decoded(await file.read())
    given = {"form": str(form.get("caption_form", "one")), "timezone": str(form.get("timezone", "UTC")) or "UTC"}
    return Captions.model_validate({**given, "text": text.replace("\r\n", "\n")})


def _start_at(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise Invalid("The start time is not a time.", {"start_at": "is not a time"}) from None


def _place(text: str) -> Place | None:
    if not text:
        return None
    try:
        return parse_place(text)
    except ValueError as error:
        raise Invalid(str(error), {"location": str(error)}) from None


def _place_text(place: dict[str, Any]) -> str:
    if not place:
        return ""
    at = f"{place['lat']},{place['lng']} | " if place.get("lat") is not None else ""
    return f"{at}{place['name']}"


def _number(text: object) -> float | int | str:
    try:
        value = float(str(text))
    except ValueError:
        return str(text)
    return int(value) if value.is_integer() else value


def _listed(form: dict[str, Any], name: str) -> list[str]:
    value = form.get(name, [])
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]
