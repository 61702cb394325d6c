"""The pages of the site. Each is the same frame with another script in it."""

import json

from pydantic import JsonValue

from igfleet.sandbox.messages import Answer, Request
from igfleet.sandbox.people import SimAccount
from igfleet.sandbox.web.session import greet
from igfleet.sandbox.web.site import FOLDER, WWW, language_of, texts
from igfleet.sandbox.web.stops import Stop, stop_of
from igfleet.sandbox.world import World, route

_POLICY = "default-src 'self'; img-src 'self' blob:; media-src 'self' blob:; frame-ancestors 'none'"
_FRAME = (FOLDER / "page.html").read_text(encoding="utf-8")
LOGIN = "/accounts/login/"


@route("GET", r"/", needs_session=False, host=WWW)
async def home(world: World, request: Request, _path: dict[str, str]) -> Answer:
    account = world.signed_in(request)
    if account is None:
        return greet(request, Answer.redirect(LOGIN))
    stop = stop_of(account)
    return Answer.redirect(stop.path) if stop else page(world, request, "home", account)


@route("GET", LOGIN, needs_session=False, host=WWW)
async def login(world: World, request: Request, _path: dict[str, str]) -> Answer:
    account = world.signed_in(request)
    return Answer.redirect("/") if account else page(world, request, "login")


@route("GET", r"/accounts/login/two_factor/", needs_session=False, host=WWW)
async def two_factor(world: World, request: Request, _path: dict[str, str]) -> Answer:
    return page(world, request, "two_factor")


@route("GET", r"/accounts/onetap/", needs_session=False, host=WWW)
async def onetap(world: World, request: Request, _path: dict[str, str]) -> Answer:
    account = world.signed_in(request)
    return page(world, request, "onetap", account) if account else Answer.redirect(LOGIN)


@route("GET", r"/challenge/(?P<pk>\d+)/(?P<nonce>app|locked)/", needs_session=False, host=WWW)
async def challenge(world: World, request: Request, path: dict[str, str]) -> Answer:
    account = next((known for known in world.accounts.values() if known.pk == int(path["pk"])), None)
    return _dead_end(world, request, stop_of(account) if account else None)


@route("GET", r"/accounts/suspended/", needs_session=False, host=WWW)
async def suspended(world: World, request: Request, _path: dict[str, str]) -> Answer:
    return _dead_end(world, request, Stop("/accounts/suspended/", "suspended_title", "suspended_text"))


def _dead_end(world: World, request: Request, stop: Stop | None) -> Answer:
    if stop is None:
        return Answer.redirect("/")
    return page(world, request, "dead_end", title=stop.title, text=stop.text)


def page(world: World, request: Request, script: str, account: SimAccount | None = None, **more: JsonValue) -> Answer:
    language = language_of(request, account)
    told: dict[str, JsonValue] = {
        "texts": dict(texts(language)),
        "switches": world.web.model_dump(),
        "user": account.short() if account else None,
        **more,
    }
    text = json.dumps(told).replace("<", "\\u003c")
    html = _FRAME.replace("{language}", language).replace("{script}", script).replace("{told}", text)
    answer = greet(request, Answer.html(html))
    answer.headers |= {"content-security-policy": _POLICY, "cache-control": "no-store"}
    return answer
