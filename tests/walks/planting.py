"""Hostile strings in every field of the database that holds text."""

from collections.abc import Iterator
from itertools import count, product
from typing import Any

from sqlalchemy import ARRAY, CheckConstraint, Column, Table, Text, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.ui.models.base import Base
from tests.walks.hostile import STRINGS

_WORDS = {
    "kind",
    "kinds",
    "method",
    "methods",
    "action",
    "event",
    "events",
    "noun",
    "act",
    "form",
    "scope",
    "key",
    "rule",
    "reason",
    "reason_code",
    "scheme",
    "standing",
    "missed",
    "purpose",
    "timezone",
    "was",
    "became",
    "origin",
    "subject",
    "path",
    "owner",
    "mark",
    "version",
    "locale",
    "fate",
}
"""Columns with a word of our own, or a name of a zone: whatever writes them has looked it up."""
_KEYS = {
    "sha256",
    "media_sha256",
    "plan_hash",
    "password_hash",
    "upload_id",
    "digest",
    "version_num",
    "name_of_key",
    "master_key_id",
    "field",
    "user_id",
    "media_type",
    "body",
    "code",
    "media_pk",
    "query",
}
"""Columns that something is found by."""
_LEFT_OUT = {
    "breakers",
    "setting_values",
    "alembic_version",
    "data_keys",
    "sealed_secrets",
    "one_time_tokens",
    "audit_seals",
}
_SAFE_LEAVES = {"kind", "code", "is_warning", "recipe", "rotation", "fps"}
_JSON = {
    ("log_lines", "fields"),
    ("audit", "facts"),
    ("evidence", "facts"),
    ("post_incidents", "facts"),
    ("posts", "readings"),
    ("posts", "evidence"),
    ("account_tasks", "result"),
    ("tasks", "plan_notes"),
    ("media", "problems"),
    ("media", "facts"),
    ("workers", "labels"),
}
"""Columns with whatever somebody said."""


async def plant(session: AsyncSession, first: int) -> set[tuple[str, int]]:
    """A string into every field of every row, each field and row beginning with another. What stands where now.

    However many rows there are, and come up meanwhile: with the next `first`, each field has the next string.
    """
    await session.execute(text("SET LOCAL session_replication_role = replica"))  # logs are append-only by triggers
    planted, turn = set(), count(first)
    for table in Base.metadata.sorted_tables:
        places = [] if table.name in _LEFT_OUT else list(zip(_fields(table), turn, strict=False))
        if not places:
            continue
        keys = list(table.primary_key.columns)
        rows = list(enumerate((await session.execute(select(table).order_by(*keys))).mappings()))
        for (down, row), (column, place) in product(reversed(rows), places):  # the last first: it moves out of the way
            number = (place + down) % len(STRINGS)
            here = update(table).where(*(key == row[key.name] for key in keys))
            await session.execute(here.values({column: _spoilt(column, row[column.name], STRINGS[number])}))
            planted.add((f"{table.name}.{column.name}", number))
    return planted


def _fields(table: Table) -> Iterator[Column[Any]]:
    rules = " ".join(str(rule.sqltext) for rule in table.constraints if isinstance(rule, CheckConstraint))
    known = {column.name for column in table.columns if column.name in rules}
    for column in table.columns:
        if column.name in known | _WORDS | _KEYS or column.primary_key or column.foreign_keys:
            continue
        is_json = isinstance(column.type, JSONB) and (table.name, column.name) in _JSON
        is_list = isinstance(column.type, ARRAY) and isinstance(column.type.item_type, Text)
        if isinstance(column.type, Text) or is_list or is_json:
            yield column


def _spoilt(column: Column[Any], value: Any, string: str) -> Any:
    if isinstance(column.type, Text):
        return string
    if isinstance(column.type, ARRAY):
        return [string]
    return _leaves(value, string)


def _leaves(value: Any, string: str) -> Any:
    """The same with every text in it replaced."""
    if isinstance(value, dict):
        return {name: inner if name in _SAFE_LEAVES else _leaves(inner, string) for name, inner in value.items()}
    if isinstance(value, list):
        return [_leaves(inner, string) for inner in value] or value
    return string if isinstance(value, str) else value
