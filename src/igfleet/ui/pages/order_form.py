"""The form of a new task of any kind, in both directions: fields to draft, draft to fields."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from litestar.datastructures import UploadFile
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Invalid, NotFound
from igfleet.runners import options_of
from igfleet.runners.base import Options, Runner
from igfleet.ui.captions import sets as caption_sets
from igfleet.ui.forms.fields import Widget, fields_of
from igfleet.ui.forms.reading import last, listed, read, texts, words
from igfleet.ui.imports.source import decoded
from igfleet.ui.models import Task
from igfleet.ui.planning.draft import Captions, Draft, DraftMedia, accounts_named, accounts_tagged
from igfleet.ui.schedule.zones import is_zone
from igfleet.ui.security.sound import id_of, ids_of

_UTC = "UTC"


async def draft_of(session: AsyncSession, runner: type[Runner[Options]], form: dict[str, Any]) -> Draft:
    """The draft that the fields describe. Raises `Invalid` with one message for each field."""
    wrong: dict[str, str] = {}
    accounts = await _told(wrong, lambda: _accounts(session, form)) or ()
    options = await _told(wrong, lambda: _options(runner, form)) or {}
    captions = await _told(wrong, lambda: _captions(session, form))
    start_at = await _told(wrong, lambda: _start_at(form))
    if wrong:
        raise Invalid("Some fields are not right.", wrong)
    media = [DraftMedia(media_id=key) for key in ids_of(_picked(form))]
    return Draft(
        kind=runner.kind,
        name=(last(form, "name") or "").strip()[:200] or f"{runner.title} {datetime.now(UTC):%Y-%m-%d %H:%M}",
        options=options,
        account_ids=accounts,
        media=tuple(media) if runner.takes_media else (),
        captions=captions or Captions(),
        start_at=start_at,
    )


def fields_of_draft(
    runner: type[Runner[Options]], task: Task | None, media: Sequence[int], shown: Sequence[int], names: Sequence[str]
) -> dict[str, Any]:
    """What stands in the fields of a draft; of a new one the defaults.

    `shown` are the accounts that the form lists; `names` those of the draft that it does not.
    """
    captions = task.captions if task else {}
    return {
        "name": task.name if task else "",
        "accounts": [str(key) for key in (task.account_ids if task else ()) if key in set(shown)],
        "names": "\n".join(names),
        "media": [str(key) for key in media],
        "tag": "",
        "caption_set": str(captions.get("set_id") or ""),
        "caption_form": captions.get("form", "one"),
        "caption_text": captions.get("text", ""),
        "timezone": captions.get("timezone", _UTC),
        "start_at": _local(task.start_at, captions.get("timezone", _UTC)) if task else "",
        **texts(fields_of(runner.options).values(), task.options if task else runner.first_options),
    }


def fields_as_given(runner: type[Runner[Options]], form: dict[str, Any]) -> dict[str, Any]:
    """The same from a form that was refused: what the person wrote stands there again."""
    given = fields_of_draft(runner, None, (), (), ())
    given |= {name: text for name in form if (text := last(form, name)) is not None}
    return given | {"accounts": listed(form, "accounts"), "media": _picked(form)}


def _picked(form: dict[str, Any]) -> list[str]:
    """The ticked files, in the order in which they were ticked where the page's script told it."""
    ticked = listed(form, "media")
    told = (last(form, "media_order") or "").split(",")
    return list(dict.fromkeys([*(key for key in told if key in ticked), *ticked]))


async def _told[T](wrong: dict[str, str], part: Callable[[], Awaitable[T]]) -> T | None:
    """A part of the form; what is wrong with it is added to the rest."""
    try:
        return await part()
    except Invalid as error:
        wrong |= error.fields or {"": str(error)}
        return None


async def _accounts(session: AsyncSession, form: dict[str, Any]) -> tuple[int, ...]:
    """The ticked ones, then those named, then those of the tag."""
    ticked = ids_of(listed(form, "accounts"))
    try:
        named = await accounts_named(session, words(last(form, "names") or ""))
    except NotFound as error:
        raise Invalid(str(error), {"names": str(error)}) from None
    tag = (last(form, "tag") or "").strip()
    try:
        tagged = await accounts_tagged(session, tag) if tag else ()
    except NotFound as error:
        raise Invalid(str(error), {"tag": str(error)}) from None
    return tuple(dict.fromkeys([*ticked, *named, *tagged]))


async def _options(runner: type[Runner[Options]], form: dict[str, Any]) -> dict[str, Any]:
    fields = fields_of(runner.options).values()
    for field in fields:
        file = form.get(f"{field.name}_file")
        if field.widget in (Widget.AREA, Widget.LINES, Widget.WORDS) and isinstance(file, UploadFile) and file.filename:
            form[field.name] = decoded(await file.read())
    options = options_of(runner.kind, read(fields, form))
    return options.model_dump(mode="json")


async def _captions(session: AsyncSession, form: dict[str, Any]) -> Captions:
    """Those of the chosen set; without one, what was written or handed in as a file."""
    chosen = id_of(last(form, "caption_set") or "")
    if chosen is not None:
        return await caption_sets.take(session, chosen)
    file, text = form.get("caption_file"), last(form, "caption_text") or ""
    if isinstance(file, UploadFile) and file.filename:
        text = decoded(await file.read())
    given = {"form": last(form, "caption_form") or "one", "timezone": (last(form, "timezone") or "").strip() or _UTC}
    try:
        return Captions.model_validate({**given, "text": text.replace("\r\n", "\n")})
    except ValidationError as error:
        names = {"form": "caption_form", "text": "caption_text"}
        fields = {str(item["loc"][0]): item["msg"].removeprefix("Value error, ") for item in error.errors()}
        raise Invalid("The captions are not right.", {names.get(k, k): v for k, v in fields.items()}) from None


async def _start_at(form: dict[str, Any]) -> datetime | None:
    """A local time in the zone that the form names."""
    text, zone = (last(form, "start_at") or "").strip(), (last(form, "timezone") or "").strip() or _UTC
    if not is_zone(zone):
        message = "is no time zone: write it as Europe/Berlin"
        raise Invalid("The time zone is not known.", {"timezone": message})
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("The start time is not a time.", {"start_at": "is not a time"}) from None
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))


def _local(at: datetime | None, zone: str) -> str:
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M") if at else ""
