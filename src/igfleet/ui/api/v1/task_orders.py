"""What a new task is made of: the body of the call, and the draft that it becomes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, JsonValue
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.base import Id, Word
from igfleet.errors import Invalid, NotFound
from igfleet.ui.api.v1.paging import Body
from igfleet.ui.keys.holder import Holder
from igfleet.ui.models import Account
from igfleet.ui.models.base import among
from igfleet.ui.planning.draft import (
    MOST_ACCOUNTS,
    MOST_MEDIA,
    Captions,
    Draft,
    DraftMedia,
    accounts_named,
    accounts_tagged,
)


class NewTask(Body):
    """An order. Accounts and media are dealt out in the given order."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "bulk_upload",
                    "name": "May reels",
                    "accounts": ["nord_01", "nord_02"],
                    "media": [{"media_id": 1}],
                    "captions": {"form": "template", "text": "Hello from {{username}}"},
                    "options": {"distribution": "every_video_to_every_account"},
                }
            ]
        }
    )
    kind: Word = "bulk_upload"
    name: Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")] = ""
    """Empty: the kind's name."""
    options: Mapping[str, JsonValue] = {}
    """See `/kinds` for the options of each kind."""
    accounts: Annotated[tuple[Word, ...], Field(max_length=MOST_ACCOUNTS)] = ()
    """User names or ids."""
    tag: Word | None = None
    """All accounts with this tag, after those named."""
    media: Annotated[tuple[DraftMedia, ...], Field(max_length=MOST_MEDIA)] = ()
    captions: Captions = Captions()
    start_at: datetime | None = None
    """With its offset. Not before this time."""
    seed: Annotated[int, Field(ge=0, lt=2**53)] | None = None
    """Of all that is drawn: the same seed gives the same plan."""


async def draft_of(session: AsyncSession, caller: Holder, wanted: NewTask) -> Draft:
    """The draft. Raises `Invalid`, `NotFound`, and `Forbidden` for a kind that the key is not for."""
    caller.require_kind(wanted.kind)
    if wanted.start_at is not None and wanted.start_at.tzinfo is None:
        raise Invalid("start_at needs an offset, as in 2027-05-31T18:30:00+02:00.", {"start_at": "has no offset"})
    ids = await accounts_named(session, wanted.accounts)
    tagged = await accounts_tagged(session, wanted.tag) if wanted.tag is not None else ()
    chosen = tuple(dict.fromkeys((*ids, *await _own(session, caller, tagged))))
    if caller.is_narrow and not chosen:
        raise Invalid("This key opens some accounts only: name the accounts of the task.", {"accounts": "are missing"})
    await _require_own(session, caller, ids)
    return Draft(
        kind=wanted.kind,
        name=wanted.name.strip() or f"{wanted.kind} by API",
        options=wanted.options,
        account_ids=chosen,
        media=wanted.media,
        captions=wanted.captions,
        start_at=wanted.start_at,
        seed=wanted.seed,
    )


async def _own(session: AsyncSession, caller: Holder, ids: tuple[Id, ...]) -> tuple[Id, ...]:
    """Those of a tag that the key opens."""
    if not caller.is_narrow:
        return ids
    opened = set(await session.scalars(select(Account.id).where(among(Account.id, ids), caller.accounts())))
    return tuple(one for one in ids if one in opened)


async def _require_own(session: AsyncSession, caller: Holder, ids: tuple[Id, ...]) -> None:
    """An account out of the key's scope is answered like one that does not exist."""
    opened = set(await session.scalars(select(Account.id).where(among(Account.id, ids), caller.accounts())))
    foreign = [one for one in ids if one not in opened]
    if foreign:
        name = await session.scalar(select(func.lower(Account.username)).where(Account.id == foreign[0]))
        raise NotFound(f"There is no account {name!r}.")
