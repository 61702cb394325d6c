"""The search over everything, and saved views."""

from typing import Annotated

from litestar import get, post
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect, Template

from igfleet.ui.finding import views
from igfleet.ui.finding.search import search
from igfleet.ui.injected import Session
from igfleet.ui.models import Role
from igfleet.ui.pages.render import go, page
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of

_ANYBODY = {"role": Role.VIEWER}
Text = Annotated[str, QueryParameter(name="q", max_length=200)]


@get("/find")
async def find(request: AnyRequest, session: Session, text: Text = "") -> Template:
    """As a page, or as the rows of the palette."""
    found = await search(session, text, person_of(request).role)
    name = "finding/_rows.html" if request.headers.get("hx-request") == "true" else "finding/page.html"
    return page(request, name, "find", found=found, q=text)


@post("/views", opt=_ANYBODY)
async def save(request: AnyRequest, session: Session) -> Redirect:
    """Keep the filter of a list under a name."""
    form = {name: str(value) for name, value in (await checked_form(request)).items()}
    user_id = person_of(request).user_id
    saved = await views.save(session, user_id, form.get("list", ""), form.get("name", ""), form.get("query", ""))
    return go(f"{saved.path}?{saved.query}")


@post("/views/{view_id:int}/deletion", opt=_ANYBODY)
async def forget(request: AnyRequest, view_id: FromPath[int], session: Session) -> Redirect:
    """Delete one of one's own."""
    await checked_form(request)
    return go(await views.forget(session, person_of(request).user_id, view_id))


HANDLERS = [find, save, forget]
