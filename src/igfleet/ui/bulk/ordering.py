"""Ordering a bulk job: what is selected, whether it is still so, and that the person means it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Conflict, Invalid, NotFound
from igfleet.plurals import counted, number
from igfleet.settings import UiSettings
from igfleet.ui.bulk.act import Act, Listed
from igfleet.ui.bulk.of_account_tasks import ACCOUNT_TASKS
from igfleet.ui.bulk.of_accounts import ACCOUNTS
from igfleet.ui.bulk.of_proxies import PROXIES
from igfleet.ui.bulk.of_tasks import TASKS
from igfleet.ui.forms.reading import listed as texts_of
from igfleet.ui.models import AuditEntry, BulkJob, BulkState
from igfleet.ui.security.sound import id_of, ids_of

LISTS: Mapping[str, Listed] = {
    "accounts": ACCOUNTS,
    "tasks": TASKS,
    "account_tasks": ACCOUNT_TASKS,
    "proxies": PROXIES,
}
TYPED_FROM = 100
"""From so many rows on the number is typed."""
MOST = 100_000
_NAMED = 20


class Drifted(Conflict):
    """Another number matches than the person saw."""

    reason_code = "selection_changed"


class Orderer(Protocol):
    """Who orders: a signed-in person, or a key of theirs."""

    @property
    def actor(self) -> str: ...

    @property
    def user_id(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows picked by hand, or (`all`) all that match a filter; and what is to be done with them."""

    noun: str
    act: str
    given: Mapping[str, str]
    """What the rows belong to, and the filter."""
    ids: Sequence[int] = ()
    all: bool = False
    seen: int | None = None
    """So many there were when the person chose them."""
    option: str = ""
    """What the act asks for."""
    typed: str = ""
    """The number of rows, as the person wrote it."""
    own: ColumnElement[bool] | None = field(default=None, compare=False)
    """Narrows the rows to those that whoever asks may act on; None: all that the transaction sees."""

    @property
    def listed(self) -> Listed:
        return LISTS[self.noun]

    @property
    def what(self) -> Act:
        return self.listed.acts[self.act]

    @property
    def words(self) -> list[str]:
        """Which they are; nothing when they were picked by hand from the one list that there is."""
        words = self.listed.words(self.given)
        return [*words, "picked by hand"] if words and not self.all else words

    async def count(self, session: AsyncSession, settings: UiSettings) -> int:
        """How many there are just now."""
        query = self._query(settings).order_by(None)
        return await session.scalar(select(func.count()).select_from(query.subquery())) or 0

    async def named(self, session: AsyncSession, settings: UiSettings) -> Sequence[str]:
        """How the first of them are called."""
        first = list(await session.scalars(self._query(settings).limit(_NAMED)))
        return list(await session.scalars(self.listed.names(first)))

    async def found(self, session: AsyncSession, settings: UiSettings) -> list[int]:
        """The rows, in order. Raises `Conflict` when there are none or too many, `Drifted`, `Invalid`."""
        ids = list(await session.scalars(self._query(settings).limit(MOST + 1)))
        if self.all and self.seen is None:
            raise Invalid("Say how many rows you mean: look at them first.", {"rows": "is needed with a filter"})
        if self.seen is not None and self.seen != len(ids):
            raise Drifted(
                f"{number(self.seen)} matched when you chose them, now it is {number(len(ids))}."
                " Look again, then repeat it."
            )
        if not ids:
            raise Conflict(f"No {self.listed.noun} is selected.")
        if len(ids) > MOST:
            raise Conflict(f"More than {number(MOST)}: choose fewer by a filter.")
        return ids

    def require_counted(self, count: int) -> None:
        """Many rows are done only to who wrote how many they are. Raises `Invalid`."""
        typed = self.typed.replace(",", "").strip()
        if count >= TYPED_FROM and not self.what.leads_to and typed != str(count):
            raise Invalid("Type the number of rows to go on.", dict.fromkeys(("typed", "rows"), f"Type {count}."))

    def _query(self, settings: UiSettings) -> Select[Any]:
        query = self.listed.query(self.given, settings) if self.all else self.listed.present(self.ids)
        return query if self.own is None else query.where(self.own)


def read(noun: str, form: Mapping[str, Any]) -> Selection:
    """From the parameters of an address or the fields of a form. Raises `NotFound`, `Invalid`."""
    listed, act = _chosen(noun, str(form.get("act", "")))
    if listed.of and id_of(str(form.get(listed.of, ""))) is None:
        raise NotFound(f"Of which {listed.of} are they?")
    seen = ids_of([str(form.get("all", ""))])
    return Selection(
        noun=noun,
        act=act,
        given=listed.owner(form) | (listed.filtered(form) if seen else {}),
        ids=ids_of(texts_of(form, "row")),
        all=bool(seen),
        seen=seen[0] if seen else None,
        option=str(form.get("option", "")),
        typed=str(form.get("typed", "")),
    )


def require_known(noun: str, act: str, given: Mapping[str, str]) -> None:
    """What a page passes over is a mistake of a program: it would select more than was meant. Raises `Invalid`."""
    listed, _ = _chosen(noun, act)
    if listed.acts[act].leads_to:
        raise Invalid(
            "This act leads to a form of the dashboard: order a task instead.", {"act": "is of the dashboard"}
        )
    wrong = listed.wrong(given)
    if wrong:
        raise Invalid("This is no filter of the list.", {f"filter.{name}": told for name, told in wrong.items()})


def _chosen(noun: str, act: str) -> tuple[Listed, str]:
    if noun not in LISTS:
        raise NotFound(f"There is no list of {noun!r}.")
    if act not in LISTS[noun].acts:
        raise Invalid("Choose what is to be done with them.", {"act": "Choose one."})
    return LISTS[noun], act


async def order(session: AsyncSession, settings: UiSettings, selection: Selection, by: Orderer) -> BulkJob:
    """Store the job; the background does it. Audited. Raises `Drifted`, `Conflict`, `Invalid`, `NotFound`."""
    ids = await selection.found(session, settings)
    act = selection.what
    option = await act.check(session, selection.option) if act.check else ""
    selection.require_counted(len(ids))
    job = BulkJob(
        noun=selection.noun,
        act=selection.act,
        options={"option": option} | selection.listed.owner(selection.given),
        selection=selection.words,
        ids=ids,
        total=len(ids),
        created_by=by.actor,
        user_id=by.user_id,
    )
    if act.leads_to:
        job.state, job.done, job.finished_at = BulkState.DONE, len(ids), func.now()
    session.add(job)
    await session.flush()
    facts = {"act": job.act, "of": job.noun, "rows": job.total, "option": option, "filter": dict(selection.given)}
    session.add(AuditEntry(actor=by.actor, action="bulk_ordered", subject=f"bulk:{job.id}", facts=facts))
    return job


async def selected(session: AsyncSession, noun: str, job_id: int | None, user_id: int) -> list[int]:
    """The rows of a selection that this person has made."""
    mine = BulkJob.id == job_id, BulkJob.noun == noun, BulkJob.user_id == user_id
    return await session.scalar(select(BulkJob.ids).where(*mine)) or []


def told(job: BulkJob) -> str:
    """The result line: "tagged: 3,400 of 3,412 accounts, the others were so already"."""
    listed = LISTS[job.noun]
    act = listed.acts[job.act]
    rest = "" if job.changed == job.done else f" of {number(job.done)}"
    others = "" if job.changed == job.done else f"; {act.others}"
    return f"{counted(job.changed, listed.noun)}{rest} {act.past}{others}"
