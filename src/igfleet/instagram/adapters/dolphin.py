"""Driving an account's web site in its profile of Dolphin Anty: the browser is attached to, not launched.

The profile makes its connections by its own proxy. So there is no valve before it, and nothing is published by it.
"""

from contextlib import AsyncExitStack
from dataclasses import replace

import anyio
from playwright.async_api import Error as BrowserError
from playwright.async_api import async_playwright

from igfleet import log
from igfleet.contracts.leases import SessionMaterial
from igfleet.errors import NeedsPerson, RetryLater, RunError
from igfleet.instagram.adapters.browser.cookies import (
    Cookies,
    cookies_in,
    differ,
    has_session,
    material_of,
    stored_cookies,
)
from igfleet.instagram.adapters.browser.dolphin_api import DolphinApi
from igfleet.instagram.adapters.browser.had import Had, quietly
from igfleet.instagram.adapters.playwright_client import PlaywrightPublisher
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
    return PlaywrightPublisher(replace(opening, keep_session=profile.keep), profile.attached)


class DolphinProfile:
    """The account's profile, and what is known of its cookies."""

    def __init__(self, opening: Opening, profile: str) -> None:
        self._id = profile
        self._keep_session = opening.keep_session
        self._cookies = stored_cookies(opening.account)

    async def keep(self, material: SessionMaterial) -> None:
        """Store it, and remember what was stored."""
        await self._keep_session(material)
        self._cookies = cookies_in(material)

    async def attached(self, opening: Opening) -> Had:
        """The profile's browser, started for us. It is stopped in every case, a failure on the way included."""
        async with AsyncExitStack() as stack:
            api = await stack.enter_async_context(DolphinApi(opening.browser))
            await api.sign_in()
            stack.push_async_callback(self._stop, api)
            endpoint = await api.start(self._id, headless=opening.browser.headless)
            playwright = await async_playwright().start()
            stack.push_async_callback(quietly, playwright.stop)
            try:
                browser = await playwright.chromium.connect_over_cdp(endpoint, timeout=_ATTACH_MS)
            except BrowserError as error:
                text = "The browser of the Dolphin profile cannot be attached to"
                raise RetryLater(text, ReasonCode.DOLPHIN_TROUBLE) from error
            stack.push_async_callback(quietly, browser.close)
            return Had(browser.contexts[0], None, stack.pop_all().aclose, is_ours=False)
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
        if has_session(cookies) and differ(cookies, self._cookies):
            await self.keep(material_of(cookies))
