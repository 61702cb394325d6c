"""Named lists of people to follow."""

from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Invalid
from igfleet.plurals import counted
from igfleet.ui import targets
from igfleet.ui.exports import Sheet
from igfleet.ui.imports.target_names import names_in
from igfleet.ui.injected import Session
from igfleet.ui.pages.files import both, sheet_file
from igfleet.ui.pages.importing import text_of
from igfleet.ui.pages.render import go_and_say, page
from igfleet.ui.scope.reach import FLEET
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of

_SHOWN = 500
_COLUMNS = ("username", "user_id", "is_private", "trouble", "looked_up_at")
ListName = Annotated[str, QueryParameter(name="list", max_length=100)]


@get("/targets")
async def table(request: AnyRequest, session: Session, chosen: ListName = "") -> Template:
    """The lists, and the people on one of them."""
    return page(request, "targets/list.html", "targets", **await _listed(session, chosen), wrong="", text="")


@get(both("/targets"))
async def export(request: AnyRequest, session: Session, chosen: ListName = "") -> Response[bytes]:
    """The people on one list as a file."""
    people = await targets.of_list(session, chosen)
    rows = [[getattr(one, name) for name in _COLUMNS] for one in people]
    return sheet_file(request, Sheet(_COLUMNS, rows), "targets")


@post("/targets", opt={FLEET: True})
async def add(request: AnyRequest, session: Session) -> Redirect | Template:
    """Put people on a list. Words that are no user name are told, the others are stored."""
    form = await checked_form(request)
    name = str(form.get("list", "")).strip()
    try:
        found = names_in(await text_of(form))
        if not found.good:
            raise Invalid("None of this is a user name.")
        new = await targets.add(session, name, found.good, person_of(request).actor)
    except Invalid as error:
        context = {**await _listed(session, ""), "chosen": name, "wrong": str(error), "text": str(form.get("text", ""))}
        return page(request, "targets/list.html", "targets", status_code=422, **context)
    left_out = f", {counted(len(found.bad), 'word')} left out: no user name" if found.bad else ""
    told = f"{new} added to {name}{left_out}"
    return go_and_say(request, f"/targets?{urlencode({'list': name})}", told)


@post("/targets/removal", opt={FLEET: True})
async def remove(request: AnyRequest, session: Session) -> Redirect:
    """Remove a list. Whom accounts follow already is still remembered."""
    form = await checked_form(request)
    gone = await targets.remove(session, str(form.get("list", "")), person_of(request).actor)
    return go_and_say(request, "/targets", f"The list is removed, {gone} were on it")


async def _listed(session: AsyncSession, chosen: str) -> dict[str, Any]:
    people = await targets.of_list(session, chosen) if chosen else []
    return {
        "lists": await targets.summaries(session),
        "chosen": chosen,
        "people": people[:_SHOWN],
        "total": len(people),
    }


HANDLERS = [table, export, add, remove]
