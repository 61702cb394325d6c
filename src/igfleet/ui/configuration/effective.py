"""Every setting with its value and where it comes from. Secret ones are masked before anything else sees them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from dotenv import dotenv_values
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.log import redactor
from igfleet.setting_sources import names_of
from igfleet.setting_values import shown
from igfleet.settings import Settings, UiSettings
from igfleet.ui.configuration.book import CHANGEABLE, Book
from igfleet.ui.models.setting_values import SettingValue

MASK = "set, not shown"


@dataclass(frozen=True, slots=True)
class Row:
    """One setting. `source` is environment, file, .env, start, database or default."""

    name: str
    value: str
    default: str
    source: str
    where: str
    """The variable or file that gives it, or who changed it."""
    meaning: str
    is_of_ui: bool
    """Not one that workers have as well."""
    may_change: bool
    """An admin may change it now; not what was given at the start."""
    changed_at: datetime | None = None


async def every(session: AsyncSession, book: Book) -> list[Row]:
    """All settings of the ui, in the order in which they are written."""
    fresh = Book(book.base)
    await fresh.read(session)
    stored = {row.name: row for row in await session.scalars(select(SettingValue))}
    dotenv = dotenv_values(".env")
    return [_row(field, fresh, stored, dotenv) for field in UiSettings.model_fields]


def _row(field: str, book: Book, stored: Mapping[str, SettingValue], dotenv: Mapping[str, str | None]) -> Row:
    info = UiSettings.model_fields[field]
    names = names_of(info.validation_alias)
    row = stored.get(names[0])
    is_fixed = book.is_fixed(field)
    source, where = _given(names, dotenv) if is_fixed else ("default", "")
    if row is not None and not is_fixed and field in CHANGEABLE:
        source, where = "database", row.changed_by
    return Row(
        name=names[0],
        value=_text(getattr(book.present, field)),
        default=_text(info.get_default(call_default_factory=False)),
        source=source,
        where=where,
        meaning=info.description or "",
        is_of_ui=field not in Settings.model_fields,
        may_change=field in CHANGEABLE and not is_fixed,
        changed_at=row.changed_at if row is not None and source == "database" else None,
    )


def _given(names: list[str], dotenv: Mapping[str, str | None]) -> tuple[str, str]:
    """Who gives a setting that does not have its default, in the order in which they are asked."""
    environment = {name.upper() for name in os.environ}
    written = {name.upper() for name in dotenv}
    asked = ("environment", environment, ""), ("file", environment, "_FILE"), (".env", written, "")
    for source, known, ending in asked:
        for name in names:
            if name + ending in known:
                return source, name + ending
    return "start", "the command that started it"


def _text(value: object) -> str:
    """As it is written, without secrets: passwords in addresses are masked too."""
    if value is None or value in ("", ()):
        return ""
    if isinstance(value, SecretStr):
        return MASK if value.get_secret_value() else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return redactor.text(shown(value))
