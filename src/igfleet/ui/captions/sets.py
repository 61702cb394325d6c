"""Keeping caption sets, and taking one for an order."""

from collections.abc import Sequence

from pydantic import ValidationError
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Invalid, NotFound
from igfleet.ui.captions.preview import read
from igfleet.ui.models import AuditEntry, CaptionSet
from igfleet.ui.planning.draft import CaptionForm, Captions

_LONGEST_NAME = 100


async def find(session: AsyncSession, set_id: int) -> CaptionSet:
    """The set. Raises `NotFound`."""
    found = await session.get(CaptionSet, set_id)
    if found is None:
        raise NotFound(f"There is no caption set {set_id}.")
    return found


async def known(session: AsyncSession, name: str) -> CaptionSet | None:
    """The set of this name, whatever its case."""
    return await session.scalar(select(CaptionSet).where(func.lower(CaptionSet.name) == name.strip().lower()))


async def named(session: AsyncSession, name: str) -> CaptionSet:
    """The same. Raises `NotFound`."""
    found = await known(session, name)
    if found is None:
        raise NotFound(f"There is no caption set named {name!r}.")
    return found


def captions_of(form: str, text: str, timezone: str) -> Captions:
    """What a person wrote. Raises `Invalid`."""
    written = text.replace("\r\n", "\n")
    try:
        return Captions.model_validate({"form": form, "text": written, "timezone": timezone.strip() or "UTC"})
    except ValidationError as error:
        wrong = {str(item["loc"][0]): item["msg"].removeprefix("Value error, ") for item in error.errors()}
        raise Invalid("The captions are not right.", wrong) from None


def listed(q: str = "", form: str = "") -> Select[CaptionSet]:
    """The sets whose name or text holds `q`."""
    query = select(CaptionSet)
    if q:
        has = CaptionSet.name.icontains(q, autoescape=True), CaptionSet.text.icontains(q, autoescape=True)
        query = query.where(has[0] | has[1])
    return query.where(CaptionSet.form == form) if form else query


async def choices(session: AsyncSession) -> Sequence[CaptionSet]:
    """All sets, by name."""
    return list(await session.scalars(select(CaptionSet).order_by(func.lower(CaptionSet.name)).limit(1000)))


async def keep(
    session: AsyncSession, name: str, captions: Captions, actor: str, changed: CaptionSet | None = None
) -> CaptionSet:
    """Store a new set, or change one. What cannot be read is refused with its line. Raises `Invalid`."""
    name = await _free_name(session, name, changed)
    read(captions)
    row = changed or CaptionSet(made_by=actor)
    row.name, row.form, row.text, row.timezone = name, captions.form.value, captions.text, captions.timezone
    row.changed_at = await session.scalar(select(func.now()))  # type: ignore[assignment]  # always a time
    session.add(row)
    await session.flush()
    action = "captions_changed" if changed else "captions_kept"
    facts = {"name": name, "form": row.form}
    session.add(AuditEntry(actor=actor, action=action, subject=f"captions:{row.id}", facts=facts))
    return row


async def remove(session: AsyncSession, set_id: int, actor: str) -> str:
    """Forget a set; tasks that used it keep their copy. Its name. Raises `NotFound`."""
    row = await find(session, set_id)
    await session.delete(row)
    facts = {"name": row.name}
    session.add(AuditEntry(actor=actor, action="captions_removed", subject=f"captions:{set_id}", facts=facts))
    return row.name


async def take(session: AsyncSession, set_id: int) -> Captions:
    """The captions of a set, for an order. Raises `Invalid` when it is gone."""
    row = await session.get(CaptionSet, set_id)
    if row is None:
        raise Invalid("The caption set is gone.", {"caption_set": "is gone: choose another one, or write captions"})
    row.used_at = await session.scalar(select(func.now()))
    return Captions(form=CaptionForm(row.form), text=row.text, timezone=row.timezone, set_id=row.id)


async def _free_name(session: AsyncSession, name: str, own: CaptionSet | None) -> str:
    name = name.strip()
    if not name or len(name) > _LONGEST_NAME:
        raise Invalid("The set needs a name.", {"name": f"1 to {_LONGEST_NAME} characters"})
    if await known(session, name) not in (None, own):
        raise Invalid("There is a set of that name.", {"name": "is the name of another set"})
    return name
