"""Reads Instagram's description of a medium. What is missing or odd is left out, never guessed."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

from igfleet.contracts.posts import SeenMedia

_LONGEST_CAPTION = 10_000
_EPOCH_MS = 1314220021721
_PK_SHIFT = 23
_LONGEST_UPLOAD_ID = 20


def seen_media(item: object) -> SeenMedia | None:
    """One medium of a listing or of a publish answer; None when it has no usable id."""
    if not isinstance(item, Mapping):
        return None
    pk = str(item.get("pk") or str(item.get("id") or "").partition("_")[0])
    if not pk.isdecimal():
        return None
    return SeenMedia(
        pk=pk,
        code=str(item.get("code") or ""),
        taken_at=_taken_at(item.get("taken_at"), pk),
        product_type=str(item.get("product_type") or ""),
        duration_s=_number(item.get("video_duration")),
        caption=_caption(item.get("caption")),
        upload_id=_upload_id(item.get("device_timestamp")),
    )


def permalink(media: SeenMedia) -> str | None:
    """The public address of a reel."""
    return f"https://www.instagram.com/reel/{media.code}/" if media.code else None


def _taken_at(value: object, pk: str) -> datetime:
    """As said, else as written into the id itself."""
    seconds = _number(value)
    if seconds is None:
        seconds = ((int(pk) >> _PK_SHIFT) + _EPOCH_MS) / 1000
    return datetime.fromtimestamp(seconds, UTC)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _upload_id(value: object) -> str | None:
    text = str(value)
    return text if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_UPLOAD_ID else None


def _caption(value: object) -> str:
    if isinstance(value, Mapping):
        value = cast(Mapping[str, object], value).get("text")
    return value[:_LONGEST_CAPTION] if isinstance(value, str) else ""
