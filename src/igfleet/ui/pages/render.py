"""What every page needs: who is signed in, the form token, where we are."""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from litestar.response import Redirect, Template

from igfleet.ui.finding import views
from igfleet.ui.security.gate import AnyRequest, owner_of, person_of, tokens

_WORDS = "done"


def page(request: AnyRequest, template: str, here: str = "", *, status_code: int = 200, **context: Any) -> Template:
    """A page or fragment. `here` is the entry of the navigation that is marked."""
    told: dict[str, Any] = {
        "person": request.state.person,
        "csrf": tokens(request).make(owner_of(request)),
        "here": here,
        "inbox_count": getattr(request.state, "inbox_count", 0),
        "breakers_hold": request.app.state.ui.settings.breakers,
        "standstill_now": getattr(request.state, "standstill", None),
        "query": dict(parse_qsl(request.url.query)),
        "views": getattr(request.state, "views", ()),
        "filter_now": views.normal(request.url.query),
        "list_path": request.url.path,
        "message": _said(request),
        **context,
    }
    return Template(template, context=told, status_code=status_code)


def go(path: str) -> Redirect:
    """After a change: show the result by a fresh GET."""
    return Redirect(path, status_code=303)


def go_and_say(request: AnyRequest, path: str, said: str) -> Redirect:
    """As `go`; the page then tells what was done."""
    return go(with_words(request, path, said))


def with_words(request: AnyRequest, path: str, said: str) -> str:
    """The path of a page that tells this, once, to who is signed in: a link that others made says nothing."""
    address = urlsplit(path)
    told = urlencode({_WORDS: f"{tokens(request).seal(_hearer(request), said)}.{said}"})
    return urlunsplit(address._replace(query="&".join(filter(None, (address.query, told)))))


def _said(request: AnyRequest) -> str:
    seal, _, said = request.query_params.get(_WORDS, "").partition(".")
    return said if request.state.person and tokens(request).is_sealed(_hearer(request), said, seal) else ""


def _hearer(request: AnyRequest) -> str:
    """The person: a session may be a fresh one by then, as after another password."""
    return f"user:{person_of(request).user_id}"
