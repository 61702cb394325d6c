"""Driving an account's web site in its profile of Dolphin Anty: the browser is attached to, not launched.

The profile itself goes by a proxy that is set in Dolphin. So the run's pages live in a context of their own, whose only
way is the valve; it gets the profile's cookies and gives them back. A publish request is never the browser's to send.
"""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial

import anyio
from playwright.async_api import Browser, BrowserContext, async_playwright
from playwright.async_api import Error as BrowserError

from igfleet import log
from igfleet.contracts.leases import SessionMaterial
from igfleet.errors import NeedsPerson, RetryLater, RunError
from igfleet.instagram.adapters.browser.cookies import (
    Cookies,
    cookies_in,
    cookies_of,
    differ,
    has_session,
    material_of,
    put_cookies,
    session_id,
    stored_cookies,
)
from igfleet.instagram.adapters.browser.courier import Courier
from igfleet.instagram.adapters.browser.dolphin_api import DolphinApi
from igfleet.instagram.adapters.browser.had import Had, quietly
from igfleet.instagram.adapters.browser.stray import Stray
from igfleet.instagram.adapters.browser.valve import Valve
from igfleet.instagram.adapters.playwright_client import PlaywrightPublisher
from igfleet.instagram.adapters.trust import bundle
from igfleet.instagram.gateway import Opening, Publisher
from igfleet.reasons import ReasonCode

_log = log.get(__name__)
_ATTACH_MS = 30_000
_FAREWELL_S = 60


def open_dolphin(opening: Opening) -> Publisher:
    """Nothing is started before `sign_in`. Raises `NeedsPerson` for an account without a profile."""
    if not opening.account.dolphin_profile_id:
        text = f"{opening.account.username}: it has no dolphin_profile_id"
        raise NeedsPerson(text, ReasonCode.DOLPHIN_REFUSED)
    profile = DolphinProfile(opening, opening.account.dolphin_profile_id)
    watched = replace(opening, keep_session=profile.keep, refuse_session=profile.refuse)
    return PlaywrightPublisher(watched, profile.attached)


class DolphinProfile:
    """The account's profile, and what is known of its cookies."""

    def __init__(self, opening: Opening, profile: str) -> None:
        self._id = profile
        self._keep_session, self._refuse_session = opening.keep_session, opening.refuse_session
        self._ended: set[str] = set()
        self._cookies = stored_cookies(opening.account)

    async def keep(self, material: SessionMaterial) -> None:
        """Store it, and remember what was stored."""
        await self._keep_session(material)
        self._cookies = cookies_in(material)

    async def refuse(self, material: SessionMaterial) -> None:
        """Note it, and that the profile's cookies are not to be stored while they hold this session."""
        self._ended.add(session_id(material))
        await self._refuse_session(material)

    async def attached(self, opening: Opening) -> Had:
        """The profile's browser, started for us. It is stopped in every case, a failure on the way included."""
        async with AsyncExitStack() as stack:
            api = await stack.enter_async_context(DolphinApi(opening.browser))
            await api.sign_in()
            stack.push_async_callback(self._stop, api)
            endpoint = await api.start(self._id, headless=opening.browser.headless)
            playwright = await async_playwright().start()
            stack.push_async_callback(quietly, playwright.stop)
            verify = await asyncio.to_thread(bundle, opening.ca_file, opening.folder)
            try:
                browser = await playwright.chromium.connect_over_cdp(endpoint, timeout=_ATTACH_MS)
                stack.push_async_callback(quietly, browser.close)
                context, valve, stray = await _apart(stack, browser, opening.proxy_url)
            except BrowserError as error:
                text = "The browser of the Dolphin profile cannot be attached to"
                raise RetryLater(text, ReasonCode.DOLPHIN_TROUBLE) from error
            courier = Courier(opening.proxy_url, verify)
            return Had(context, valve, stack.pop_all().aclose, courier=courier, stray=stray)
        raise AssertionError("unreachable")

    async def _stop(self, api: DolphinApi) -> None:
        """Stop the profile, then have its cookies from Dolphin: what they became after the sign-in is kept too."""
        with anyio.move_on_after(_FAREWELL_S, shield=True):
            try:
                await api.stop(self._id)
                await self._learn(await api.cookies(self._id))
            except RunError as error:
                _log.warning("dolphin_profile_not_closed", profile=self._id, error=str(error))

    async def _learn(self, cookies: Cookies) -> None:
        _log.info("dolphin_cookies", profile=self._id, count=len(cookies))
        material = material_of(cookies)
        if has_session(cookies) and differ(cookies, self._cookies) and session_id(material) not in self._ended:
            await self.keep(material)


async def _apart(stack: AsyncExitStack, browser: Browser, proxy_url: str) -> tuple[BrowserContext, Valve, Stray]:
    """A context beside the profile's own, with its Instagram cookies; what it leaves behind is left on the stack."""
    profile = browser.contexts[0]
    valve = Valve(proxy_url)
    stack.push_async_callback(valve.close)
    context = await browser.new_context(proxy=await valve.open(), service_workers="block", no_viewport=True)
    stack.push_async_callback(quietly, context.close)
    stray = await Stray.of(context, valve)
    await put_cookies(context, await cookies_of(profile))
    stack.push_async_callback(quietly, partial(_give_back, context, profile, stray))
    return context, valve, stray


async def _give_back(context: BrowserContext, profile: BrowserContext, stray: Stray) -> None:
    """The profile's cookies are what the run made of them. A browser that lost its way has lost them too."""
    cookies = await cookies_of(context)
    if cookies and not await stray.has_strayed():
        await put_cookies(profile, cookies)
