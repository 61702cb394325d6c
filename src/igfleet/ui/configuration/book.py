"""The settings in force. What the environment gives stands; else what an admin wrote; else the default."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet import log
from igfleet.errors import Invalid
from igfleet.setting_sources import names_of
from igfleet.settings import UiSettings
from igfleet.ui.bus import Bus
from igfleet.ui.db import Database
from igfleet.ui.models.setting_values import SettingValue

_log = log.get(__name__)
TOPIC = "settings"
_READ_EVERY_S = 15.0
CHANGEABLE = (
    "publish_budget_per_hour",
    "publish_budget_per_day",
    "action_budgets",
    "breakers",
    "require_proxy",
    "verify_after",
    "verify_again",
    "reconcile_pause",
    "caption_max_chars",
    "caption_max_hashtags",
    "media_quota_bytes",
    "evidence_quota_bytes",
    "aggregate_secrets",
    "public_url",
    "mail_from",
    "require_second_factor",
    "session_idle",
    "session_longest",
)
"""What may be changed while igfleet runs: each of these is read anew whenever it is used."""


class Book:
    """`present` is replaced when another process, or a person, changed something."""

    def __init__(self, base: UiSettings) -> None:
        self.base = base
        self.present = base

    def is_fixed(self, field: str) -> bool:
        """Whether it was given at the start, which nothing overrides."""
        return field in self.base.model_fields_set

    async def read(self, session: AsyncSession) -> None:
        """Take what is stored. A stored value that this version does not take is left out, with a warning."""
        stored = {row.name: row.text for row in await session.scalars(select(SettingValue))}
        changes: dict[str, Any] = {}
        for field in CHANGEABLE:
            text = stored.get(variable_of(field))
            if text is None or self.is_fixed(field):
                continue
            try:
                changes[field] = parsed(field, text)
            except Invalid as error:
                _log.warning("setting_not_taken", setting=variable_of(field), why=str(error))
        self.present = self.base.model_copy(update=changes)

    @asynccontextmanager
    async def followed(self, database: Database, bus: Bus) -> AsyncIterator[None]:
        """Within the block changes by other processes are taken up: at once, and in any case after 15 s."""
        task = asyncio.create_task(self._follow(database, bus))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _follow(self, database: Database, bus: Bus) -> None:
        async with bus.changes() as changes:
            due = time.monotonic() + _READ_EVERY_S
            while True:
                try:
                    change = await asyncio.wait_for(changes.get(), max(0.0, due - time.monotonic()))
                    if change.topic != TOPIC and time.monotonic() < due:
                        continue
                except TimeoutError:
                    pass
                try:
                    async with database.sessions() as session:
                        await self.read(session)
                except Exception as error:  # the loop goes on when the database is back
                    _log.warning("settings_not_read", error=repr(error)[:300])
                due = time.monotonic() + _READ_EVERY_S


def field_of(variable: str) -> str | None:
    """The field of a variable that may be changed; None for any other."""
    return next((field for field in CHANGEABLE if variable_of(field) == variable), None)


def variable_of(field: str) -> str:
    """The variable by which a setting is given."""
    return names_of(UiSettings.model_fields[field].validation_alias)[0]


def parsed(field: str, text: str) -> Any:
    """The value that a text stands for. Raises `Invalid`, in words."""
    info: FieldInfo = UiSettings.model_fields[field]
    sort: Any = Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
    try:
        return TypeAdapter(sort).validate_python(text)
    except ValidationError as error:
        told = error.errors(include_url=False, include_input=False)[0]["msg"].removeprefix("Value error, ")
    except ValueError as error:
        told = str(error)
    raise Invalid(told, {variable_of(field): told})
