"""The local API of Dolphin Anty: an application that keeps browser profiles and starts their browsers.

Its host is resolved once: the address that was looked at is the one that gets the token, and whose browser is driven.
"""

import asyncio
import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from types import TracebackType
from typing import Any, Self

import httpx

from igfleet import log
from igfleet.addresses import Names, system_names
from igfleet.errors import NeedsPerson, RetryLater, RunError
from igfleet.instagram.adapters.browser.cookies import Cookies
from igfleet.instagram.gateway import Browser
from igfleet.instagram.hosts import is_instagram
from igfleet.reasons import ReasonCode

_TIMEOUT = httpx.Timeout(60, connect=5)
_DUPLICATE = "E_BROWSER_RUN_DUPLICATE"
_SETTLES_S = 5
"""What a profile takes to be startable again after it was stopped."""
_ERRORS = 400
_UNAUTHORISED = 401
_SERVER = 500
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ENDPOINT = re.compile(r"/devtools/browser/[A-Za-z0-9-]+")
_SAME_SITE = {"no_restriction": "None", "lax": "Lax", "strict": "Strict"}

type Answer = Mapping[str, Any]


class AlreadyRuns(RetryLater):
    """The profile's browser runs: somebody uses it, or a worker died and left it."""

    default_reason = ReasonCode.DOLPHIN_TROUBLE


class DolphinApi:
    """One application. `async with DolphinApi(browser) as api: …`, then `sign_in`; every method raises `RunError`."""

    def __init__(self, browser: Browser, names: Names = system_names) -> None:
        if not browser.dolphin_host or not browser.dolphin_token:
            raise NeedsPerson(
                "Set DOLPHIN_API_HOST and DOLPHIN_API_TOKEN on the worker to use Dolphin Anty",
                ReasonCode.DOLPHIN_REFUSED,
            )
        self._url = httpx.URL(f"{browser.dolphin_host.rstrip('/')}/v1.0")
        self._names, self._only_simulated = names, browser.only_simulated
        self._token = browser.dolphin_token
        log.redactor.learn(self._token)
        headers = {"Host": self._url.netloc.decode()}
        self._http = httpx.AsyncClient(headers=headers, timeout=_TIMEOUT, trust_env=False)
        self._address = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def sign_in(self) -> None:
        """Hand in the token. In the sandbox whoever is not the stand-in is not spoken to any further."""
        self._address = await self._near()
        self._http.base_url = self._url.copy_with(host=self._address)
        answer = await self._ask("POST", "/auth/login-with-token", json={"token": self._token})
        if self._only_simulated and answer.get("simulated") is not True:
            text = (
                "This is a real Dolphin Anty, and IGFLEET_MODE is sandbox: its browser would reach the real Instagram"
            )
            raise NeedsPerson(text, ReasonCode.EGRESS_REFUSED)

    async def start(self, profile: str, *, headless: bool) -> str:
        """Start the profile's browser; its DevTools address. One that runs already is stopped and started again."""
        try:
            return await self._start(profile, headless)
        except AlreadyRuns:
            await self.stop(profile)
            await asyncio.sleep(_SETTLES_S)
            return await self._start(profile, headless)

    async def stop(self, profile: str) -> None:
        """End the profile's browser."""
        await self._ask("GET", f"/browser_profiles/{_checked(profile)}/stop")

    async def cookies(self, profile: str) -> Cookies:
        """Instagram's cookies in a profile that does not run, as Playwright takes them."""
        wanted = [{"id": _checked(profile), "name": profile, "transfer": 0}]
        answer = await self._ask("POST", "/export-cookies", json={"browserProfiles": wanted})
        found = answer.get("cookies")
        listed = found if isinstance(found, list) else []
        return [_cookie(one) for one in listed if is_instagram(str(one.get("domain", "")).lstrip("."))]

    async def _start(self, profile: str, headless: bool) -> str:
        query = {"automation": "1"} | ({"headless": "1"} if headless else {})
        answer = await self._ask("GET", f"/browser_profiles/{_checked(profile)}/start", params=query)
        automation = answer.get("automation")
        port, path = (automation.get("port"), automation.get("wsEndpoint")) if isinstance(automation, dict) else (0, "")
        if not isinstance(port, int) or not 0 < port < 2**16 or not _ENDPOINT.fullmatch(str(path)):
            text = "Dolphin Anty started the profile, but does not say where its browser is"
            raise RetryLater(text, ReasonCode.DOLPHIN_TROUBLE)
        host = f"[{self._address}]" if ":" in self._address else self._address
        return f"ws://{host}:{port}{path}"

    async def _ask(self, method: str, path: str, **more: Any) -> Answer:
        try:
            named = {"sni_hostname": self._url.raw_host.decode()}
            response = await self._http.request(method, path, extensions=named, **more)
            body = response.json()
        except httpx.TransportError as error:
            text = f"Dolphin Anty does not answer ({type(error).__name__})"
            raise RetryLater(text, ReasonCode.DOLPHIN_TROUBLE) from error
        except ValueError as error:
            raise RetryLater("Dolphin Anty answers nonsense", ReasonCode.DOLPHIN_TROUBLE) from error
        answer: Answer = body if isinstance(body, dict) else {}
        if response.status_code >= _ERRORS or answer.get("success") is not True:
            raise _refusal(response.status_code, answer)
        return answer

    async def _near(self) -> str:
        """Its address, on this machine or in a private network only: cookies and a token go there."""
        try:
            found = await self._names(self._url.host)
        except OSError as error:
            raise RetryLater("DOLPHIN_API_HOST has no address", ReasonCode.DOLPHIN_TROUBLE) from error
        addresses = [ip_address(one.partition("%")[0]) for one in found]
        if not addresses or not all(
            one.is_loopback or (_is_near(one) and not self._only_simulated) for one in addresses
        ):
            where = "on this machine" if self._only_simulated else "on this machine or in a private network"
            raise NeedsPerson(f"DOLPHIN_API_HOST is not {where}", ReasonCode.EGRESS_REFUSED)
        return str(addresses[0])


def _is_near(address: IPv4Address | IPv6Address) -> bool:
    """In a private network. What stands at link-local addresses of a cloud hands out that machine's own secrets."""
    return address.is_private and not (address.is_link_local or address.is_unspecified or address.is_reserved)


def _checked(profile: str) -> str:
    if not _ID.fullmatch(profile):
        raise NeedsPerson("The account's Dolphin profile id is none", ReasonCode.DOLPHIN_REFUSED)
    return profile


def _refusal(status: int, answer: Answer) -> RunError:
    """The error for an answer that is no success."""
    told = answer.get("errorObject")
    told = told if isinstance(told, dict) else {}
    text = str(told.get("text") or answer.get("error") or f"HTTP {status}")[:200]
    if told.get("code") == _DUPLICATE:
        return AlreadyRuns("The profile's browser runs already, and could not be stopped")
    if status == _UNAUTHORISED:
        return NeedsPerson("Dolphin Anty refuses DOLPHIN_API_TOKEN", ReasonCode.DOLPHIN_REFUSED)
    if status >= _SERVER and not told:
        return RetryLater(f"Dolphin Anty answers with an error of its own: {text}", ReasonCode.DOLPHIN_TROUBLE)
    return NeedsPerson(f"Dolphin Anty refuses: {text}", ReasonCode.DOLPHIN_REFUSED)


def _cookie(one: Mapping[str, Any]) -> dict[str, Any]:
    """From the form of browser extensions to Playwright's."""
    cookie = {name: one[name] for name in ("name", "value", "domain")}
    expires = one.get("expirationDate")
    cookie |= {"path": one.get("path", "/"), "expires": -1 if expires is None or one.get("session") else expires}
    cookie |= {"secure": bool(one.get("secure")), "httpOnly": bool(one.get("httpOnly"))}
    same_site = _SAME_SITE.get(str(one.get("sameSite")))
    return cookie if same_site is None else cookie | {"sameSite": same_site}
