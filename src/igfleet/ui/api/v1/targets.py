"""Named lists of people to follow."""

from datetime import datetime
from typing import Annotated

from litestar import delete, get, post
from litestar.params import JSONBody, QueryParameter
from pydantic import ConfigDict, Field
from sqlalchemy import select

from igfleet.contracts.base import Word
from igfleet.errors import Invalid
from igfleet.ui import targets
from igfleet.ui.api.v1.access import FLEET, Caller
from igfleet.ui.api.v1.paging import USUAL, Body, Cursor, Limit, Page, View, rows_of
from igfleet.ui.imports.target_names import names_in
from igfleet.ui.injected import Session
from igfleet.ui.models import Target

ListName = Annotated[str, QueryParameter(name="list", min_length=1, max_length=100)]


class ListView(View):
    """One list in numbers."""

    name: str
    targets: int
    looked_up: int
    private: int
    troubled: int


class TargetView(View):
    """Somebody on a list."""

    id: int
    username: str
    user_id: str | None
    is_private: bool | None
    trouble: str
    looked_up_at: datetime | None


class NewTargets(Body):
    """People to put on a list, which is made when there is none of that name."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "bars", "usernames": ["bar_01", "bar_02"]}]})
    name: Word
    usernames: Annotated[tuple[Annotated[str, Field(max_length=300)], ...], Field(min_length=1, max_length=100_000)]
    """In any form: with @, or as the address of a profile."""


class TargetsAdded(View):
    new: int
    left_out: list[str]
    """What is no user name."""


class TargetsRemoved(View):
    removed: int


@get("/target-lists", tags=["Targets"])
async def list_target_lists(caller: Caller, session: Session) -> Page[ListView]:
    """List all lists, by name. They are few: there is one page."""
    return Page[ListView](items=[ListView.model_validate(one) for one in await targets.summaries(session)])


@get("/targets", tags=["Targets"])
async def list_targets(
    caller: Caller, session: Session, name: ListName, cursor: Cursor = None, limit: Limit = USUAL
) -> Page[TargetView]:
    """List the people on one list."""
    query = select(Target).where(Target.list_name == name)
    rows, following = await rows_of(session, query, Target.id, cursor, limit)
    return Page[TargetView](items=[TargetView.model_validate(row) for row in rows], next_cursor=following)


@post("/targets", opt=FLEET, status_code=200, tags=["Targets"])
async def add_targets(data: JSONBody[NewTargets], caller: Caller, session: Session) -> TargetsAdded:
    """Put people on a list. Words that are no user name are told, the others are stored."""
    found = names_in("\n".join(data.usernames))
    if not found.good:
        raise Invalid("None of this is a user name.", {"usernames": "holds no user name"})
    new = await targets.add(session, data.name, found.good, caller.actor)
    return TargetsAdded(new=new, left_out=[word for _, word in found.bad])


@delete("/targets", opt=FLEET, status_code=200, tags=["Targets"])
async def remove_targets(name: ListName, caller: Caller, session: Session) -> TargetsRemoved:
    """Remove a list. Whom accounts follow already is still remembered."""
    return TargetsRemoved(removed=await targets.remove(session, name, caller.actor))


HANDLERS = [list_target_lists, list_targets, add_targets, remove_targets]
