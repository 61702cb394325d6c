"""What the form of a new task lets one choose from: accounts, tags, files."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.states import AccountStatus, MediaState
from igfleet.runners.base import Options, Runner
from igfleet.runners.captions import VARIABLES
from igfleet.ui import targets
from igfleet.ui.captions import sets as caption_sets
from igfleet.ui.models import Account, Media, TaskMedia
from igfleet.ui.models.base import among
from igfleet.ui.planning.draft import CaptionForm

_SHOWN = 500


async def offered(
    session: AsyncSession, runner: type[Runner[Options]], account_ids: Sequence[int], media_ids: Sequence[int]
) -> dict[str, Any]:
    """The choices; what is chosen already comes first, in its order."""
    accounts = await _accounts(session, account_ids)
    return {
        "accounts": accounts,
        "shown": [account.id for account in accounts],
        "files": await _files(session, runner.takes_media, media_ids) if runner.takes_media else [],
        "pictures": await _pictures(session),
        "target_lists": [one.name for one in await targets.summaries(session)],
        "tags": await _tags(session),
        "forms": list(CaptionForm),
        "caption_sets": await caption_sets.choices(session) if runner.has_posts else [],
        "variables": VARIABLES,
        "may_run": {status.value for status in AccountStatus if status.may_run},
    }


async def media_of(session: AsyncSession, task_id: int) -> list[int]:
    """The files of a draft, in order."""
    query = select(TaskMedia.media_id).where(TaskMedia.task_id == task_id).order_by(TaskMedia.position)
    return list(await session.scalars(query))


async def names_of(session: AsyncSession, account_ids: Sequence[int]) -> list[str]:
    """The user names of accounts, in the given order."""
    rows = await session.execute(select(Account.id, Account.username).where(among(Account.id, account_ids)))
    names = {row[0]: row[1] for row in rows}
    return [names[account_id] for account_id in account_ids if account_id in names]


async def _accounts(session: AsyncSession, chosen: Sequence[int]) -> list[Account]:
    first = list(chosen)[:_SHOWN]
    query = select(Account).where(Account.archived_at.is_(None) | among(Account.id, first)).limit(_SHOWN)
    return list(await session.scalars(query.order_by(*_chosen_first(Account.id, first), Account.username)))


async def _files(session: AsyncSession, kind: str, chosen: Sequence[int]) -> list[Media]:
    first = list(dict.fromkeys(chosen))[:_SHOWN]
    query = select(Media).where(Media.kind == kind, Media.state != MediaState.BROKEN).limit(_SHOWN)
    return list(await session.scalars(query.order_by(*_chosen_first(Media.id, first), Media.name, Media.id)))


async def _pictures(session: AsyncSession) -> dict[str, str]:
    """The newest pictures of the library, by number."""
    query = select(Media.id, Media.name).where(Media.kind == "image", Media.state != MediaState.BROKEN)
    rows = await session.execute(query.order_by(Media.id.desc()).limit(_SHOWN))
    return {str(row[0]): row[1] for row in rows}


def _chosen_first(key: Any, chosen: Sequence[int]) -> list[Any]:
    if not chosen:
        return []
    return [case({one: place for place, one in enumerate(chosen)}, value=key, else_=len(chosen))]


async def _tags(session: AsyncSession) -> list[Any]:
    query = select(func.unnest(Account.tags).label("tag"), func.count()).where(Account.archived_at.is_(None))
    return list(await session.execute(query.group_by("tag").order_by("tag").limit(200)))
