"""What is stored of a browser: Instagram's cookies. With a session among them they are a bearer credential."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from playwright.async_api import BrowserContext
from pydantic import SecretStr

from igfleet.contracts.leases import LeasedAccount, SessionKind, SessionMaterial
from igfleet.instagram.hosts import HOSTS, is_instagram

_SESSION = "sessionid"
_USER = "ds_user_id"
_INSTAGRAM = re.compile(rf"(^|\.)({'|'.join(map(re.escape, HOSTS))})$")

type Cookies = Sequence[Mapping[str, Any]]
"""As Playwright shows and takes them."""


def stored_cookies(account: LeasedAccount) -> Cookies:
    """The newest; none for an account that never had a browser."""
    return next((cookies_in(material) for material in account.sessions if material.kind is SessionKind.WEB), ())


def cookies_in(material: SessionMaterial) -> Cookies:
    """Those of a browser's stored session."""
    return cast(Cookies, json.loads(material.settings.get_secret_value())["cookies"])


def session_id(material: SessionMaterial) -> str:
    """What makes it one session and no other; empty without one."""
    return _value(cookies_in(material), _SESSION)


async def cookies_of(context: BrowserContext) -> Cookies:
    """Instagram's own, in a settled order."""
    found = [cookie for cookie in await context.cookies() if is_instagram(cookie.get("domain", "").lstrip("."))]
    return sorted(found, key=lambda cookie: (cookie.get("domain", ""), cookie.get("name", "")))


async def put_cookies(context: BrowserContext, cookies: Cookies) -> None:
    """These and no others of Instagram: the profile's own may be of an older session."""
    await context.clear_cookies(domain=_INSTAGRAM)
    if cookies:
        await context.add_cookies(cast(Any, list(cookies)))  # Playwright takes what it shows, in another type


def material_of(cookies: Cookies) -> SessionMaterial:
    text = SecretStr(json.dumps({"cookies": list(cookies)}))
    return SessionMaterial(kind=SessionKind.WEB, settings=text, is_signed_in=has_session(cookies))


def has_session(cookies: Cookies) -> bool:
    return bool(_value(cookies, _SESSION))


def without_session(cookies: Cookies) -> Cookies:
    """What stays the browser's own when a session has ended."""
    return [cookie for cookie in cookies if cookie["name"] not in (_SESSION, _USER)]


def user_id(cookies: Cookies) -> str:
    """The account's id; empty without a session."""
    return _value(cookies, _USER)


def differ(some: Cookies, others: Cookies) -> bool:
    """Whether there is anything to store: a later expiry alone is not."""
    return _values(some) != _values(others)


def _value(cookies: Iterable[Mapping[str, Any]], name: str) -> str:
    return next((str(cookie["value"]) for cookie in cookies if cookie["name"] == name), "")


def _values(cookies: Cookies) -> set[tuple[str, str, str]]:
    return {(cookie["domain"], cookie["name"], cookie["value"]) for cookie in cookies}
