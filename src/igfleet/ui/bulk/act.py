"""What can be done to many rows at once, and what a list must be able to tell for it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, insert
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.settings import UiSettings
from igfleet.ui.models import AuditEntry, BulkJob


@dataclass(frozen=True, slots=True)
class Work:
    """What an act may use."""

    session: AsyncSession
    settings: UiSettings
    job: BulkJob

    @property
    def option(self) -> str:
        """What the person gave to the act."""
        return str(self.job.options.get("option", ""))

    async def audited(self, changing: Any, action: str, of: str, **facts: str) -> int:
        """Carry out a statement that returns the ids of what it changes, and audit each. Returns how many."""
        ids = list(await self.session.scalars(changing))
        named = {"actor": self.job.created_by, "action": action, "facts": facts}
        if ids:
            await self.session.execute(insert(AuditEntry), [{**named, "subject": f"{of}:{key}"} for key in ids])
        return len(ids)

    def keep_file(self, text: str) -> None:
        """What the job wrote, to be fetched from its page."""
        self.job.file, self.job.link = text.encode(), self.job.file_path


class Asks(StrEnum):
    """What an act wants to know besides the rows."""

    NOTHING = ""
    TAG = "tag"
    PROXY = "proxy"
    ANOTHER_PROXY = "another proxy"
    """The same, but not none."""
    KIND = "kind"

    @property
    def wants_proxy(self) -> bool:
        return self in {self.PROXY, self.ANOTHER_PROXY}


type Do = Callable[[Work, Sequence[int]], Awaitable[int]]
"""Act on some of the rows; returns how many were changed."""
type Check = Callable[[AsyncSession, str], Awaitable[str]]
"""The option as it is stored. Raises `Invalid`, `NotFound`."""


@dataclass(frozen=True, slots=True)
class Act:
    """One act. `is_whole` acts get all rows at once: what they make is one thing."""

    label: str
    icon: str
    past: str
    """"tagged": what the result line says was done."""
    do: Do
    asks: Asks = Asks.NOTHING
    check: Check | None = None
    leads_to: Callable[[BulkJob], str] | None = None
    """Nothing is done to the rows; the selection is taken along to this address."""
    is_whole: bool = False
    is_grave: bool = False
    """It is shown in red."""
    others: str = "the others were so already"
    """Why some of the rows were not changed."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A list whose rows can be selected."""

    noun: str
    """"account": counted on the pages."""
    path: str
    acts: Mapping[str, Act]
    query: Callable[[Mapping[str, Any], UiSettings], Select[Any]]
    """The ids of a filter, in order."""
    words: Callable[[Mapping[str, Any]], list[str]]
    filtered: Callable[[Mapping[str, Any]], dict[str, str]]
    """Those of some given fields that are of the filter."""
    wrong: Callable[[Mapping[str, str]], dict[str, str]]
    """Of some given fields those that filter nothing, with what is wrong with each."""
    names: Callable[[Sequence[int]], Select[Any]]
    """How these rows are called, in order."""
    present: Callable[[Sequence[int]], Select[Any]]
    """Those of some ids that there are, in order."""
    batch: int = 500
    """So many rows are done in one transaction."""
    of: str = ""
    """The field that names what all the rows belong to, whose page their list is on: `task`."""

    def home(self, given: Mapping[str, Any]) -> str:
        """The page of the list. `given` are the fields of a selection, or the options of its job."""
        return f"{self.path}/{given[self.of]}" if self.of else self.path

    def owner(self, given: Mapping[str, Any]) -> dict[str, str]:
        """What the rows belong to, by the field that names it."""
        return {self.of: str(given[self.of])} if self.of else {}

    def changed(self, options: Mapping[str, Any], ids: Sequence[int]) -> tuple[str, int]:
        """The topic and the key by which open pages are told that these rows changed."""
        if self.of:
            return self.of, int(options[self.of])
        return self.noun, ids[0] if len(ids) == 1 else 0
