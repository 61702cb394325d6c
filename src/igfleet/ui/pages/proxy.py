"""One proxy: its checks, its accounts, and what a person does with it."""

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from igfleet.errors import Invalid
from igfleet.ui import proxies, proxy_page
from igfleet.ui.injected import Session, Ui
from igfleet.ui.outbound import Answer, NoAnswer
from igfleet.ui.pages.render import go_and_say, page
from igfleet.ui.scope.reach import FLEET
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of


@get("/proxies/{proxy_id:int}")
async def one(request: AnyRequest, proxy_id: FromPath[int], session: Session) -> Template:
    """What its checks found, whose way out it is, and the proxies that could take over."""
    seen = await proxy_page.gather(session, proxy_id)
    others = await proxy_page.others(session, proxy_id)
    return page(request, "proxies/one.html", "proxies", seen=seen, others=others)


@get("/proxies/{proxy_id:int}/live")
async def fragment(request: AnyRequest, proxy_id: FromPath[int], session: Session) -> Template:
    """The part that changes while it is checked."""
    return page(request, "proxies/_live.html", "proxies", seen=await proxy_page.gather(session, proxy_id))


@post("/proxies/{proxy_id:int}/rotations", opt={FLEET: True})
async def rotate(request: AnyRequest, proxy_id: FromPath[int], ui: Ui) -> Redirect:
    """Another exit IP, by the provider's own address."""
    await checked_form(request)
    answer = await proxies.rotate(ui, proxy_id, person_of(request).actor)
    if not answer.is_good:
        raise NoAnswer(f"The provider refuses: {_told(answer)}")
    return _back(request, proxy_id, f"The provider says: {_told(answer)}. Check it now to see where it comes out.")


@post("/proxies/{proxy_id:int}/replacement")
async def replace(request: AnyRequest, proxy_id: FromPath[int], session: Session) -> Redirect:
    """Its accounts get another proxy."""
    form = await checked_form(request)
    wanted = str(form.get("new_id", ""))
    if not wanted.isdecimal() or len(wanted) > 18:
        raise Invalid("Choose the proxy that takes over.", {"new_id": "Choose one."})
    moved = await proxies.replace(session, proxy_id, int(wanted), person_of(request).actor)
    accounts = "1 account leaves" if moved == 1 else f"{moved} accounts leave"
    return _back(request, int(wanted), f"{accounts} through this proxy from the next run on")


@post("/proxies/{proxy_id:int}/switch", opt={FLEET: True})
async def switch(request: AnyRequest, proxy_id: FromPath[int], session: Session) -> Redirect:
    """On or off."""
    form = await checked_form(request)
    on = form.get("on") == "yes"
    await proxies.switch(session, proxy_id, person_of(request).actor, on=on)
    said = "It is switched on" if on else "It is switched off: its accounts are left out of new plans"
    return _back(request, proxy_id, said)


def _told(answer: Answer) -> str:
    return f"{answer.status} {answer.text}".strip().rstrip(".")


def _back(request: AnyRequest, proxy_id: int, said: str) -> Redirect:
    return go_and_say(request, f"/proxies/{proxy_id}", said)


HANDLERS = [one, fragment, rotate, replace, switch]
