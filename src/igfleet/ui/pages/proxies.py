"""Proxies: the list and its exports, the import, and checks of many."""

from typing import Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.response import Redirect, Template

from igfleet.contracts.states import ProxyState
from igfleet.errors import Invalid
from igfleet.plurals import counted
from igfleet.runners.proxy_diag import MOST_PROXIES
from igfleet.ui import staging
from igfleet.ui.announcing import announce
from igfleet.ui.bulk.of_proxies import PROXIES
from igfleet.ui.forms.reading import listed
from igfleet.ui.imports.proxies import apply_proxies, preview_proxies
from igfleet.ui.injected import Session, Ui
from igfleet.ui.models import Proxy, Role
from igfleet.ui.pages import lists
from igfleet.ui.pages.files import both, sheet_file
from igfleet.ui.pages.importing import shown, text_of
from igfleet.ui.pages.lists import After, page_of
from igfleet.ui.pages.render import go, page
from igfleet.ui.proxies import order_check
from igfleet.ui.proxy_list import ProxyFilter, rows_of, sheet, tags_in_use
from igfleet.ui.scope.reach import FLEET
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of
from igfleet.ui.security.sound import ids_of

_EXPORTED = 100_000


@get("/proxies")
async def table(request: AnyRequest, session: Session, after: After = None) -> Template:
    """The proxies that fit the filter, what their checks say, and how many accounts leave through each."""
    wanted = ProxyFilter.read(request.query_params)
    found = await page_of(session, wanted.select(), Proxy.id, after)
    context: dict[str, Any] = {
        "found": found,
        "rows": await rows_of(session, found.rows),
        "matching": await lists.true_count(session, wanted.select(), Proxy.id, found),
        "wanted": wanted,
        "states": list(ProxyState),
        "tags": await tags_in_use(session),
        "acts": PROXIES.acts,
        "may_act": person_of(request).role.includes(Role.OPERATOR),
    }
    return page(request, "proxies/list.html", "proxies", **context)


@get(both("/proxies"))
async def export(request: AnyRequest, session: Session) -> Response[bytes]:
    """The same filter as a file."""
    wanted = ProxyFilter.read(request.query_params)
    return sheet_file(request, await sheet(session, wanted.select(), _EXPORTED), "proxies")


@post("/proxies/checks")
async def check(request: AnyRequest, session: Session, ui: Ui) -> Redirect:
    """Check the proxies that are named, or all of a filter. One alone is watched on its own page."""
    form = await checked_form(request)
    ids = ids_of(listed(form, "row"))
    if not ids:
        wanted = ProxyFilter.read(form)
        key = wanted.select().with_only_columns(Proxy.id).order_by(Proxy.id)
        ids = list(await session.scalars(key.limit(MOST_PROXIES + 1)))
    task = await order_check(session, ui.settings, ids, person_of(request).actor)
    answer = go(f"/proxies/{ids[0]}" if len(ids) == 1 else f"/tasks/{task.id}")
    answer.background = BackgroundTask(announce, ui, task.id)
    return answer


@get("/proxies/import", opt={FLEET: True})
async def import_form(request: AnyRequest) -> Template:
    """Paste or choose a file."""
    return page(request, "proxies/import.html", "proxies", wrong="")


@post("/proxies/import/preview", opt={FLEET: True})
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


@post("/proxies/import", opt={FLEET: True})
async def import_confirmed(request: AnyRequest, session: Session, ui: Ui) -> Redirect:
    """Import the good lines."""
    form = await checked_form(request)
    person = person_of(request)
    text = await staging.take(session, ui.vault, "proxies", str(form.get("key", "")), person.user_id)
    done = await apply_proxies(session, ui.vault, text, person.actor)
    return go(f"/proxies?{urlencode({'done': counted(len(done.ids), 'proxy') + ' imported'})}")


HANDLERS = [table, export, check, import_form, import_preview, import_confirmed]
