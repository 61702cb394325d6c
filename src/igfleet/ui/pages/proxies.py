"""Proxies: the table and the import."""

from litestar import get, post
from litestar.params import FromQuery
from litestar.response import Redirect, Template
from sqlalchemy import func, select

from igfleet.errors import Invalid
from igfleet.ui import staging
from igfleet.ui.imports.proxies import apply_proxies, preview_proxies
from igfleet.ui.injected import Session, Ui
from igfleet.ui.models import Account, Proxy
from igfleet.ui.pages.importing import shown, text_of
from igfleet.ui.pages.lists import After, page_of
from igfleet.ui.pages.render import go, page
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of


@get("/proxies")
async def table(
    request: AnyRequest,
    session: Session,
    q: FromQuery[str] = "",
    after: After = None,
) -> Template:
    """The proxies, and how many accounts leave through each."""
    query = select(Proxy)
    if q:
        query = query.where(Proxy.host.icontains(q, autoescape=True))
    found = await page_of(session, query, Proxy.id, after)
    ids = [proxy.id for proxy in found.rows]
    used = select(Account.proxy_id, func.count()).where(Account.proxy_id.in_(ids)).group_by(Account.proxy_id)
    counts = dict((await session.execute(used)).all())
    return page(request, "proxies/list.html", "proxies", found=found, used=counts, q=q)


@get("/proxies/import")
async def import_form(request: AnyRequest) -> Template:
    """Paste or choose a file."""
    return page(request, "proxies/import.html", "proxies", wrong="")


@post("/proxies/import/preview")
async def import_preview(request: AnyRequest, session: Session, ui: Ui) -> Template:
    """A verdict for each line. Nothing is written."""
    form = await checked_form(request)
    try:
        text = await text_of(form)
        preview = await preview_proxies(session, ui.vault, text)
    except Invalid as error:
        return page(request, "proxies/import.html", "proxies", status_code=422, wrong=str(error))
    key = await staging.keep(session, ui.vault, "proxies", text, person_of(request).user_id)
    return page(request, "proxies/preview.html", "proxies", key=key, bad_csv=preview.bad_csv(), **shown(preview))


@post("/proxies/import")
async def import_confirmed(request: AnyRequest, session: Session, ui: Ui) -> Redirect:
    """Import the good lines."""
    form = await checked_form(request)
    person = person_of(request)
    text = await staging.take(session, ui.vault, "proxies", str(form.get("key", "")), person.user_id)
    done = await apply_proxies(session, ui.vault, text, person.actor)
    return go(f"/proxies?done={len(done.ids)}+proxies+imported")


HANDLERS = [table, import_form, import_preview, import_confirmed]
