"""Sends the publish request of a page in its browser's place: for a browser whose connections are not all ours.

The page's request is taken whole, and is over for the browser before the courier begins. So whatever the browser
repeats by itself, this request is not among it.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from playwright.async_api import Request

from igfleet.instagram.adapters.browser.cookies import Cookies
from igfleet.instagram.adapters.commit_answers import Answer
from igfleet.instagram.adapters.held import Held
from igfleet.instagram.adapters.transport import mounted

_SET_BY_THE_TRANSPORT = frozenset({"accept-encoding", "connection", "content-length", "host"})


class NotWhole(Exception):
    """What the page wants to send cannot be read to its end."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One request, as the page made it."""

    url: str
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of(cls, request: Request, cookies: Cookies) -> "Parcel":
        """With these cookies, which the browser would have added below. Raises `NotWhole`."""
        given = {name: value for name, value in request.headers.items() if name not in _SET_BY_THE_TRANSPORT}
        body = request.post_data_buffer
        if request.method != "POST" or not body or "multipart/" in given.get("content-type", ""):
            raise NotWhole("The page publishes in another form than expected")
        kept = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in cookies)
        return cls(request.url, {"origin": _origin(request.url)} | given | {"cookie": kept}, body)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a parcel."""

    answer: Answer
    cookies: tuple[dict[str, Any], ...] = ()
    """Those that came with the answer, as Playwright takes them."""


@dataclass(frozen=True, slots=True)
class Courier:
    """By one way out, on a connection of its own for each parcel."""

    proxy_url: str
    verify: str | bool

    async def deliver(self, parcel: Parcel, limit_s: float) -> Delivery:
        """Send it once, over after `limit_s` seconds. Never raises for what the other side does."""
        return await asyncio.to_thread(self._deliver, parcel, limit_s)

    def _deliver(self, parcel: Parcel, limit_s: float) -> Delivery:
        with requests.Session() as session:
            transport = mounted(session)
            session.headers.clear()
            response: requests.Response | None = None
            with transport.wire.only_one() as wire, transport.within(limit_s), Held() as held:
                response = session.post(
                    parcel.url,
                    data=parcel.body,
                    headers=dict(parcel.headers),
                    proxies={"https": self.proxy_url},
                    verify=self.verify,
                    allow_redirects=False,
                    timeout=limit_s,
                )
            if response is None:
                return Delivery(Answer(None, b"", error=held.error, has_left=wire.has_left, is_late=wire.is_late))
            return Delivery(Answer(response.status_code, response.content), _cookies_of(response))


def _origin(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def _cookies_of(response: requests.Response) -> tuple[dict[str, Any], ...]:
    return tuple(
        {
            "name": cookie.name,
            "value": cookie.value or "",
            "domain": cookie.domain,
            "path": cookie.path,
            "expires": cookie.expires if cookie.expires is not None else -1,
            "secure": cookie.secure,
            "httpOnly": cookie.has_nonstandard_attr("HttpOnly"),
        }
        for cookie in response.cookies
    )
