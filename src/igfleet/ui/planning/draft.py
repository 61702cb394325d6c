"""Drafts: an order as the operator gives it, before it is planned."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, JsonValue, field_validator
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.base import Id, Strict, Word
from igfleet.contracts.states import TaskState
from igfleet.contracts.tasks import Place, Subject
from igfleet.errors import Invalid, NotFound, WrongState
from igfleet.runners import options_of, runner_of
from igfleet.settings import UiSettings
from igfleet.ui.models import Account, AccountTask, AuditEntry, Media, Task, TaskMedia
from igfleet.ui.schedule.zones import is_zone

_SEED_BITS = 53
"""So many bits survive every JSON reader."""
MOST_ACCOUNTS = 10_000
MOST_MEDIA = 10_000


class CaptionForm(StrEnum):
    """How the operator wrote the captions."""

    ONE = "one"
    LINES = "lines"
    CSV = "csv"
    TEMPLATE = "template"


class Captions(Strict):
    form: CaptionForm = CaptionForm.ONE
    text: Annotated[str, Field(max_length=5_000_000, pattern=r"^[^\x00]*$")] = ""
    timezone: str = "UTC"
    """Of the times in a CSV file that name no offset."""
    set_id: Id | None = None
    """The caption set that they were taken from."""

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        if not is_zone(value):
            raise ValueError("is no time zone: write it as Europe/Berlin")
        return value


class DraftMedia(Strict):
    """One video of the order, and what applies to it on every account."""

    media_id: Id
    location: Place | None = None
    mentions: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9._]{1,30}$")], ...] = ()
    cover_media_id: Id | None = None
    cover_at_s: Annotated[float, Field(ge=0, le=3600)] | None = None


class Draft(Strict):
    """An order. Accounts and media are in the order in which they are dealt out."""

    kind: Word = "bulk_upload"
    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
    options: Mapping[str, JsonValue] = {}
    account_ids: Annotated[tuple[Id, ...], Field(max_length=MOST_ACCOUNTS)] = ()
    media: Annotated[tuple[DraftMedia, ...], Field(max_length=MOST_MEDIA)] = ()
    captions: Captions = Captions()
    start_at: datetime | None = None
    seed: Annotated[int, Field(ge=0, lt=2**_SEED_BITS)] | None = None


async def create(session: AsyncSession, settings: UiSettings, draft: Draft, actor: str) -> Task:
    """Store a new draft. Its mode is the mode of this ui, now and for good. Raises `Invalid`, `NotFound`."""
    seed = secrets.randbits(_SEED_BITS) if draft.seed is None else draft.seed
    task = Task(kind=draft.kind, mode=settings.mode, seed=seed, created_by=actor, state=TaskState.DRAFT)
    await _fill(session, task, draft)
    session.add(AuditEntry(actor=actor, action="task_drafted", subject=f"task:{task.id}", facts={"name": task.name}))
    return task


async def change(session: AsyncSession, task: Task, draft: Draft) -> None:
    """Replace the content of a draft; its plan is dropped. Raises `WrongState` when it was started already."""
    if task.state != TaskState.DRAFT:
        raise WrongState(f"Task {task.id} is {task.state}: only a draft can be changed. Clone it instead.")
    await session.execute(delete(TaskMedia).where(TaskMedia.task_id == task.id))
    await session.execute(delete(AccountTask).where(AccountTask.task_id == task.id))
    task.plan_hash, task.plan_notes = None, []
    await _fill(session, task, draft)


async def accounts_named(session: AsyncSession, references: Sequence[str]) -> tuple[int, ...]:
    """The ids of accounts given by user name or id, in the given order. Raises `NotFound`."""
    names = [reference.strip().removeprefix("@").lower() for reference in references if reference.strip()]
    numbers = [int(name) for name in names if name.isdecimal() and len(name) < 19]
    rows = await session.execute(
        select(Account.id, func.lower(Account.username)).where(
            func.lower(Account.username).in_(names) | Account.id.in_(numbers)
        )
    )
    known: dict[str, int] = {}
    for account_id, username in rows:
        known[username] = account_id
        known.setdefault(str(account_id), account_id)
    missing = [name for name in names if name not in known]
    if missing:
        raise NotFound(f"There is no account {', '.join(repr(name) for name in missing[:5])}.")
    return tuple(dict.fromkeys(known[name] for name in names))


async def accounts_tagged(session: AsyncSession, tag: str) -> tuple[int, ...]:
    """The ids of all accounts with a tag that are not archived, by user name. Raises `NotFound`."""
    tagged = Account.tags.contains([tag]), Account.archived_at.is_(None)
    ids = (await session.scalars(select(Account.id).where(*tagged).order_by(Account.username))).all()
    if not ids:
        raise NotFound(f"No account has the tag {tag!r}.")
    return tuple(ids)


async def _fill(session: AsyncSession, task: Task, draft: Draft) -> None:
    options = options_of(draft.kind, draft.options)
    _require_something(draft)
    await _require_all(session, draft, options.named_media)
    task.name = draft.name.strip()
    task.options = options.model_dump(mode="json")
    task.captions = draft.captions.model_dump(mode="json")
    task.account_ids = list(dict.fromkeys(draft.account_ids))
    task.start_at = draft.start_at
    session.add(task)
    await session.flush()  # the id is needed for its media
    for position, medium in enumerate(draft.media):
        fields = medium.model_dump(mode="json")
        session.add(TaskMedia(task_id=task.id, position=position, **fields))
    await session.flush()  # a plan may follow at once


def _require_something(draft: Draft) -> None:
    runner = runner_of(draft.kind)
    missing = {}
    if runner.subject is Subject.ACCOUNT and not draft.account_ids:
        missing["accounts"] = "Choose at least one account, or a tag."
    if runner.takes_media and not draft.media:
        missing["media"] = f"Choose at least one {runner.takes_media}."
    if missing:
        raise Invalid(" ".join(missing.values()), missing)


async def _require_all(session: AsyncSession, draft: Draft, file_ids: Sequence[int]) -> None:
    covers = {medium.cover_media_id for medium in draft.media} - {None}
    wanted = {medium.media_id for medium in draft.media} | covers | set(file_ids)
    present = set(await session.scalars(select(Media.id).where(Media.id.in_(wanted))))
    if missing := wanted - present:
        raise NotFound(f"There is no medium {min(filter(None, missing))} in the library.")
    accounts = set(await session.scalars(select(Account.id).where(Account.id.in_(draft.account_ids))))
    if missing_accounts := set(draft.account_ids) - accounts:
        raise NotFound(f"There is no account {min(missing_accounts)}.")
