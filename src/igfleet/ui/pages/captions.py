"""Captions: named sets, with a look at what comes out."""

from typing import Any

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from igfleet.errors import Invalid
from igfleet.runners.captions import VARIABLES
from igfleet.ui.captions import sets
from igfleet.ui.captions.preview import Preview, read
from igfleet.ui.injected import Session
from igfleet.ui.models import CaptionSet
from igfleet.ui.pages.importing import text_of
from igfleet.ui.pages.lists import After, page_of
from igfleet.ui.pages.render import go_and_say, page
from igfleet.ui.planning.draft import CaptionForm, Captions
from igfleet.ui.scope.reach import FLEET
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of

FORMS = {
    CaptionForm.ONE: "One for all",
    CaptionForm.LINES: "One a line: line 1 for video 1",
    CaptionForm.TEMPLATE: "Template with {a|b} and {{name}}",
    CaptionForm.CSV: "CSV: video,caption,…",
}
_SHORT = {CaptionForm.ONE: "one for all", CaptionForm.LINES: "lines", CaptionForm.TEMPLATE: "template"}
_SHORT |= {CaptionForm.CSV: "CSV"}


@get("/captions")
async def table(
    request: AnyRequest, session: Session, q: FromQuery[str] = "", form: FromQuery[str] = "", after: After = None
) -> Template:
    """The sets, the newest first."""
    form = form if form in set(CaptionForm) else ""
    found = await page_of(session, sets.listed(q.strip(), form), CaptionSet.id, after, newest=True)
    previews = {row.id: _preview(_stored(row))[0] for row in found.rows}
    context: dict[str, Any] = {"found": found, "previews": previews, "q": q, "form": form, "forms": _SHORT}
    return page(request, "captions/list.html", "captions", **context)


@get("/captions/new")
async def new(request: AnyRequest) -> Template:
    """An empty set."""
    return _form(request, None, "", Captions(form=CaptionForm.TEMPLATE), {})


@get("/captions/{set_id:int}")
async def one(request: AnyRequest, set_id: FromPath[int], session: Session) -> Template:
    """One set, to look at and to change."""
    row = await sets.find(session, set_id)
    return _form(request, row, row.name, _stored(row), {})


@post("/captions")
async def create(request: AnyRequest, session: Session) -> Redirect | Template:
    """Keep a new set; or look at it first."""
    return await _kept(request, session, None)


@post("/captions/{set_id:int}")
async def change(request: AnyRequest, set_id: FromPath[int], session: Session) -> Redirect | Template:
    """Change a set; tasks that used it keep their copy."""
    return await _kept(request, session, set_id)


@post("/captions/{set_id:int}/removal", opt={FLEET: True})
async def remove(request: AnyRequest, set_id: FromPath[int], session: Session) -> Redirect:
    """Forget a set."""
    await checked_form(request)
    name = await sets.remove(session, set_id, person_of(request).actor)
    return go_and_say(request, "/captions", f"{name} is removed")


async def _kept(request: AnyRequest, session: Session, set_id: int | None) -> Redirect | Template:
    form = await checked_form(request)
    row = await sets.find(session, set_id) if set_id is not None else None
    name = str(form.get("name", ""))
    captions = Captions()
    try:
        captions = _given(form, str(form.get("text", "")))
        captions = _given(form, await text_of(form))
        if form.get("look") == "yes":
            return _form(request, row, name, captions, {})
        kept = await sets.keep(session, name, captions, person_of(request).actor, row)
    except Invalid as error:
        wrong = error.fields or {"text": str(error)}
        return _form(request, row, name, captions, wrong, status_code=422)
    return go_and_say(request, f"/captions/{kept.id}", f"{kept.name} is kept")


def _given(form: dict[str, Any], text: str) -> Captions:
    return sets.captions_of(str(form.get("caption_form") or "template"), text, str(form.get("timezone", "")))


def _stored(row: CaptionSet) -> Captions:
    return Captions(form=CaptionForm(row.form), text=row.text, timezone=row.timezone)


def _preview(captions: Captions) -> tuple[Preview | None, str]:
    """The first captions, or what is wrong with them."""
    try:
        return read(captions), ""
    except Invalid as error:
        return None, str(error)


def _form(
    request: AnyRequest,
    row: CaptionSet | None,
    name: str,
    captions: Captions,
    wrong: dict[str, str],
    *,
    status_code: int = 200,
) -> Template:
    preview, trouble = _preview(captions) if captions.text else (None, "")
    context = {"row": row, "name": name, "captions": captions, "preview": preview, "trouble": trouble, "forms": FORMS}
    return page(
        request, "captions/one.html", "captions", status_code=status_code, wrong=wrong, variables=VARIABLES, **context
    )


HANDLERS = [table, new, one, create, change, remove]
