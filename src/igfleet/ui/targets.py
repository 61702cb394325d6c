"""Named lists of people to follow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import case, delete, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Invalid, NotFound
from igfleet.reasons import ReasonCode
from igfleet.runners.targets import TargetedOptions
from igfleet.ui.models import AuditEntry, Follow, Target
from igfleet.ui.models.base import among

UNNAMED = ""
"""The list of those whom tasks named themselves."""
_LONGEST_NAME = 100
_BATCH = 2_000


@dataclass(frozen=True, slots=True)
class ListSummary:
    """One list in numbers."""

    name: str
    targets: int
    looked_up: int
    private: int
    troubled: int


async def add(session: AsyncSession, list_name: str, usernames: Sequence[str], actor: str) -> int:
    """Put people on a list, which is made when there is none of that name. How many were new. Raises `Invalid`."""
    name = _checked(list_name)
    new = await _insert(session, name, usernames, actor)
    if new:
        facts = {"new": new, "given": len(usernames)}
        session.add(AuditEntry(actor=actor, action="targets_added", subject=f"targets:{name}", facts=facts))
    return new


async def remove(session: AsyncSession, list_name: str, actor: str) -> int:
    """Remove a list; whom accounts follow is still remembered. How many were on it. Raises `NotFound`."""
    of_it = Target.list_name == list_name, Target.list_name != UNNAMED
    gone = (await session.scalars(delete(Target).where(*of_it).returning(Target.id))).all()
    if not gone:
        raise NotFound(f"There is no list of targets named {list_name!r}.")
    facts = {"targets": len(gone)}
    session.add(AuditEntry(actor=actor, action="targets_removed", subject=f"targets:{list_name}", facts=facts))
    return len(gone)


async def summaries(session: AsyncSession) -> list[ListSummary]:
    """All named lists, by name."""
    rows = await session.execute(
        select(
            Target.list_name,
            func.count(),
            func.count(Target.user_id),
            func.count().filter(Target.is_private.is_(True)),
            func.count().filter(Target.trouble != ""),
        )
        .where(Target.list_name != UNNAMED)
        .group_by(Target.list_name)
        .order_by(Target.list_name)
    )
    return [ListSummary(*row) for row in rows]


async def of_list(session: AsyncSession, list_name: str) -> list[Target]:
    """The people on a list, by name. Raises `NotFound`."""
    query = select(Target).where(Target.list_name == list_name, Target.list_name != UNNAMED).order_by(Target.username)
    found = list(await session.scalars(query))
    if not found:
        raise NotFound(f"There is no list of targets named {list_name!r}.")
    return found


async def wanted_by(session: AsyncSession, options: TargetedOptions, actor: str) -> list[Target]:
    """Everybody whom an order names, by its list or directly, each once. Raises `NotFound`."""
    if options.target_list:
        await of_list(session, options.target_list)
    await _insert(session, UNNAMED, options.targets, actor)
    listed, named = Target.list_name == options.target_list, Target.username.in_(options.targets)
    is_wanted = or_(listed & (Target.list_name != UNNAMED), named & (Target.list_name == UNNAMED))
    from_list_first = case((Target.list_name == UNNAMED, 1), else_=0)
    query = select(Target).where(is_wanted).order_by(Target.username, from_list_first)
    query = query.ext(distinct_on(Target.username))
    return list(await session.scalars(query))


async def settled(
    session: AsyncSession, account_ids: Sequence[int], target_ids: Sequence[int]
) -> dict[int, frozenset[int]]:
    """By account: the targets that it follows already, has asked, or was refused by."""
    same = or_(Follow.user_id == Target.user_id, Target.user_id.is_(None) & (Follow.username == Target.username))
    query = (
        select(Follow.account_id, func.array_agg(Target.id))
        .join(Target, same)
        .where(among(Follow.account_id, account_ids), among(Target.id, target_ids))
        .group_by(Follow.account_id)
    )
    return {account_id: frozenset(ids) for account_id, ids in await session.execute(query)}


async def leased(session: AsyncSession, target_ids: Sequence[int]) -> dict[int, Mapping[str, object]]:
    """What a run is told of targets: with the ids that other runs have looked up meanwhile."""
    if not target_ids:
        return {}
    rows = await session.scalars(select(Target).where(among(Target.id, target_ids)))
    return {
        row.id: {"id": row.id, "username": row.username, "user_id": row.user_id}
        for row in rows
        if row.trouble != ReasonCode.USER_NOT_FOUND
    }


async def _insert(session: AsyncSession, list_name: str, usernames: Sequence[str], actor: str) -> int:
    """Whoever is known from another list is not looked up again."""
    names = list(dict.fromkeys(name.lower() for name in usernames))
    known: dict[str, Target] = {}
    new = 0
    for start in range(0, len(names), _BATCH):
        batch = names[start : start + _BATCH]
        query = select(Target).where(Target.username.in_(batch), Target.user_id.is_not(None))
        known |= {row.username: row for row in await session.scalars(query)}
        rows = [
            {
                "list_name": list_name,
                "username": name,
                "user_id": known[name].user_id if name in known else None,
                "is_private": known[name].is_private if name in known else None,
                "looked_up_at": known[name].looked_up_at if name in known else None,
                "added_by": actor,
            }
            for name in batch
        ]
        made = await session.scalars(insert(Target).on_conflict_do_nothing().returning(Target.id), rows)
        new += len(made.all())
    return new


def _checked(list_name: str) -> str:
    name = list_name.strip()
    if not name or len(name) > _LONGEST_NAME or "\x00" in name:
        raise Invalid(f"A list of targets needs a name of at most {_LONGEST_NAME} characters.")
    return name
