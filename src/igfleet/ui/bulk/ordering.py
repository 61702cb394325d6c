"""Ordering a bulk job: what is selected, whether it is still so, and that the person means it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Conflict, Invalid, NotFound
from igfleet.plurals import counted, number
from igfleet.settings import UiSettings
from igfleet.ui.bulk.act import Act, Listed
from igfleet.ui.bulk.of_accounts import ACCOUNTS
from igfleet.ui.bulk.of_proxies import PROXIES
from igfleet.ui.bulk.of_tasks import TASKS
from igfleet.ui.forms.reading import listed as texts_of
from igfleet.ui.models import AuditEntry, BulkJob, BulkState
from igfleet.ui.security.sessions import SignedIn
from igfleet.ui.security.sound import ids_of

LISTS: Mapping[str, Listed] = {"accounts": ACCOUNTS, "tasks": TASKS, "proxies": PROXIES}
TYPED_FROM = 100
"""From so many rows on the number is typed."""
MOST = 100_000


class Drifted(Conflict):
    """Another number matches than the person saw."""

    reason_code = "selection_changed"


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows picked by hand, or (`all`) all that match a filter."""

    noun: str
    act: str
    given: Mapping[str, str]
    """The filter."""
    ids: Sequence[int] = ()
    all: bool = False
    seen: int | None = None
    """So many matched when the person chose them all."""

    @property
    def listed(self) -> Listed:
        return LISTS[self.noun]

    @property
    def what(self) -> Act:
        return self.listed.acts[self.act]

    async def count(self, session: AsyncSession, settings: UiSettings) -> int:
        """How many there are just now."""
        query = self.listed.query(self.given, settings) if self.all else self.listed.present(self.ids)
        return await session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0

    async def found(self, session: AsyncSession, settings: UiSettings) -> list[int]:
        """The rows, in order. Raises `Conflict` when there are none or too many, `Drifted`."""
        query = self.listed.query(self.given, settings) if self.all else self.listed.present(self.ids)
        ids = list(await session.scalars(query.limit(MOST + 1)))
        if self.all and self.seen != len(ids):
            was = number(self.seen or 0)
            raise Drifted(
                f"{was} matched when you chose them, now it is {number(len(ids))}. Look again, then repeat it."
            )
        if not ids:
            raise Conflict(f"No {self.listed.noun} is selected.")
        if len(ids) > MOST:
            raise Conflict(f"More than {number(MOST)}: choose fewer by a filter.")
        return ids


def read(noun: str, form: Mapping[str, Any]) -> Selection:
    """From the parameters of an address or the fields of a form. Raises `NotFound`, `Invalid`."""
    if noun not in LISTS:
        raise NotFound(f"There is no list of {noun!r}.")
    listed, act = LISTS[noun], str(form.get("act", ""))
    if act not in listed.acts:
        raise Invalid("Choose what is to be done with them.", {"act": "Choose one."})
    seen = ids_of([str(form.get("all", ""))])
    return Selection(
        noun=noun,
        act=act,
        given=listed.filtered(form) if seen else {},
        ids=ids_of(texts_of(form, "id")),
        all=bool(seen),
        seen=seen[0] if seen else None,
    )


async def order(
    session: AsyncSession, settings: UiSettings, selection: Selection, form: Mapping[str, Any], person: SignedIn
) -> BulkJob:
    """Store the job; the background does it. Audited. Raises `Drifted`, `Conflict`, `Invalid`, `NotFound`."""
    ids = await selection.found(session, settings)
    act, text = selection.what, str(form.get("option", ""))
    option = await act.check(session, text) if act.check else ""
    typed = str(form.get("typed", "")).replace(",", "").strip()
    if len(ids) >= TYPED_FROM and not act.leads_to and typed != str(len(ids)):
        raise Invalid("Type the number of rows to go on.", {"typed": f"Type {len(ids)}."})
    job = BulkJob(
        noun=selection.noun,
        act=selection.act,
        options={"option": option},
        selection=selection.listed.words(selection.given),
        ids=ids,
        total=len(ids),
        created_by=person.actor,
        user_id=person.user_id,
    )
    if act.leads_to:
        job.state, job.done, job.finished_at = BulkState.DONE, len(ids), func.now()
    session.add(job)
    await session.flush()
    facts = {"act": job.act, "of": job.noun, "rows": job.total, "option": option, "filter": dict(selection.given)}
    session.add(AuditEntry(actor=person.actor, action="bulk_ordered", subject=f"bulk:{job.id}", facts=facts))
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
