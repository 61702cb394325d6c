"""A browser's cookies: its own id, the token against forged requests, and the session."""

import hmac
import secrets
import uuid

from igfleet.sandbox.messages import Answer, Request
from igfleet.sandbox.people import BROWSER, SimAccount
from igfleet.sandbox.world import World

_YEAR_S = 365 * 86400


def cookies_of(request: Request) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in request.headers.get("cookie", "").split(";"))
    return {name: value for name, _, value in pairs if name}


def greet(request: Request, answer: Answer) -> Answer:
    """Give a browser what it lacks: an id for life, and a token."""
    known = cookies_of(request)
    if "ig_did" not in known:
        answer.cookies.append(_cookie("ig_did", str(uuid.uuid4()).upper(), http_only=True))
    if "csrftoken" not in known:
        answer.cookies.append(_cookie("csrftoken", secrets.token_urlsafe(24)))
    return answer


def is_forged(request: Request) -> bool:
    """Whether a changing request lacks the token that only the site's own pages know."""
    token = cookies_of(request).get("csrftoken", "")
    return not token or not hmac.compare_digest(token, request.headers.get("x-csrftoken", ""))


def give_session(world: World, account: SimAccount, request: Request, answer: Answer) -> Answer:
    """Open a session for this browser."""
    session = account.open_session(f"{BROWSER}:{cookies_of(request).get('ig_did', '')}")
    world.keep(account)
    answer.cookies += [
        _cookie("sessionid", session, http_only=True),
        _cookie("ds_user_id", str(account.pk)),
        _cookie("csrftoken", secrets.token_urlsafe(24)),
        _cookie("rur", f'"RVA\\054{account.pk}\\0540"', http_only=True),
    ]
    return answer


def _cookie(name: str, value: str, *, http_only: bool = False) -> str:
    more = "; HttpOnly" if http_only else ""
    return f"{name}={value}; Domain=.instagram.com; Path=/; Max-Age={_YEAR_S}; Secure{more}"
