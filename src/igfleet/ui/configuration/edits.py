"""Changing a setting while igfleet runs, and taking the change back. Audited with before and after."""

from datetime import timedelta

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Conflict, Invalid, NotFound, NothingToDo
from igfleet.setting_values import shown
from igfleet.ui.configuration.book import Book, field_of, parsed
from igfleet.ui.models import AuditEntry
from igfleet.ui.models.setting_values import SettingValue

_SHORTEST_SESSION = timedelta(minutes=1)


async def change(session: AsyncSession, book: Book, variable: str, text: str, actor: str) -> None:
    """Let a setting have this value. Raises `NotFound`, `Conflict` for what the start gives, `Invalid`."""
    field = _changeable(book, variable)
    value = parsed(field, text.strip())
    if field.startswith("session_") and value < _SHORTEST_SESSION:
        told = f"must be at least {_SHORTEST_SESSION.total_seconds():g} seconds, or nobody could work"
        raise Invalid(told, {variable: told})
    before = getattr(await _fresh(session, book), field)
    fresh = {"text": written(value), "changed_by": actor, "changed_at": func.now()}
    kept = insert(SettingValue).values(name=variable, **fresh)
    await session.execute(kept.on_conflict_do_update(index_elements=["name"], set_=fresh))
    facts = {"before": {"value": written(before)}, "after": {"value": written(value)}}
    session.add(AuditEntry(actor=actor, action="setting_changed", subject=f"setting:{variable}", facts=facts))


async def take_back(session: AsyncSession, book: Book, variable: str, actor: str) -> None:
    """Let a setting have its default again. Raises `NotFound`, `Conflict`, `NothingToDo`."""
    field = _changeable(book, variable)
    before = getattr(await _fresh(session, book), field)
    gone = delete(SettingValue).where(SettingValue.name == variable).returning(SettingValue.name)
    if await session.scalar(gone) is None:
        raise NothingToDo(f"{variable} has its default already.")
    facts = {"before": {"value": written(before)}, "after": {"value": written(getattr(book.base, field))}}
    session.add(AuditEntry(actor=actor, action="setting_taken_back", subject=f"setting:{variable}", facts=facts))


def _changeable(book: Book, variable: str) -> str:
    field = field_of(variable)
    if field is None:
        raise NotFound(f"There is no setting {variable[:60]} that can be changed here.")
    if book.is_fixed(field):
        raise Conflict(f"{variable} is given at the start, by the environment or a file: change it there.")
    return field


async def _fresh(session: AsyncSession, book: Book) -> object:
    made = Book(book.base)
    await made.read(session)
    return made.present


def written(value: object) -> str:
    """A value as it is stored, and as a form shows it."""
    return str(value).lower() if isinstance(value, bool) else shown(value)
