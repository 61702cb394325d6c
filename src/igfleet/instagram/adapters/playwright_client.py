"""Driving an account's web site with a browser: what runners see of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import anyio
from playwright.async_api import Error as BrowserError

from igfleet.contracts.leases import SessionKind, SessionMaterial
from igfleet.contracts.posts import CommitKind, PostOutcome
from igfleet.contracts.tasks import Action
from igfleet.errors import NeedsPerson, NotNow, RunError
from igfleet.instagram.adapters.browser.chronicle import Chronicle
from igfleet.instagram.adapters.browser.codes import pending_page
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
    without_session,
)
from igfleet.instagram.adapters.browser.create import fill_in
from igfleet.instagram.adapters.browser.evidence import Evidence
from igfleet.instagram.adapters.browser.had import HaveBrowser, launched
from igfleet.instagram.adapters.browser.listing import listing_of
from igfleet.instagram.adapters.browser.share import PreparedPage, not_sent, share
from igfleet.instagram.adapters.browser.sign_in import go_on, log_in, restore
from igfleet.instagram.adapters.browser.site import PATIENCE, Patience, Site
from igfleet.instagram.adapters.browser.trouble import lost_way, run_error_of
from igfleet.instagram.adapters.browser.turnstile import Turnstile
from igfleet.instagram.adapters.kept_sessions import KeptSessions
from igfleet.instagram.gateway import Listing, Opening, Prepared, Progress, Publisher, Reel, SignIn
from igfleet.reasons import ReasonCode


def open_playwright(opening: Opening) -> Publisher:
    """Nothing is started before `sign_in`. Raises `NeedsPerson` without a proxy."""
    return PlaywrightPublisher(opening)


class PlaywrightPublisher:
    """A `Publisher`. The browser is started when it is needed, and again after it had to be ended."""

    def __init__(self, opening: Opening, have: HaveBrowser = launched, patience: Patience = PATIENCE) -> None:
        if not opening.proxy_url.startswith("http://"):
            text = f"{opening.account.username}: it has no proxy to go through"
            raise NeedsPerson(text, ReasonCode.PROXY_MISSING)
        self._opening, self._have, self._patience = opening, have, patience
        self._account = opening.account
        self._cookies: Cookies = stored_cookies(opening.account)
        self._sessions = KeptSessions(opening.account, SessionKind.WEB, session_id, opening.refuse_session)
        self._chronicle = Chronicle()
        self._evidence = Evidence(opening.folder, opening.keep_evidence, self._chronicle)
        self._at: Site | None = None
        self._turnstile: Turnstile | None = None
        self._ready: PreparedPage | None = None
        self.signed_in_by = SignIn.RESTORED

    async def sign_in(self) -> SignIn:
        """Restore the stored cookies, else sign in once. What was learnt is stored in any case."""
        self._ready = None
        try:
            self.signed_in_by = await self._have_session()
        finally:
            await self._keep()
        return self.signed_in_by

    async def recent_media(self, count: int = 12) -> Listing:
        """The account's own feed, as the site's pages read it. Leaves a dialogue that is open as it is."""
        async with self._doing("reading the account's media") as site:
            return await listing_of(site, count)

    async def prepare(self, reel: Reel, progress: Progress) -> Prepared:
        """Fill in the dialogue up to its last step. The site takes the bytes only after the click on "Share"."""
        self._ready = None
        async with self._doing("filling in the post") as site:
            dialog = await fill_in(site, reel, self._opening.folder)
        self._ready = PreparedPage(reel, site, dialog)
        size = reel.video.stat().st_size
        progress(0, size)
        return self._ready

    async def commit(self, prepared: Prepared, window: timedelta) -> PostOutcome:
        """Click "Share" once: upload and publish request, at most `window` long.

        In doubt the browser is ended before this returns: nothing more can leave it.
        """
        if not isinstance(prepared, PreparedPage):
            raise TypeError("this reel was prepared by another adapter")
        is_ready, self._ready = prepared is self._ready, None
        if not is_ready or self._turnstile is None or prepared.site.gone.is_set():
            return not_sent("The page was not ready any more", ReasonCode.BROWSER_CRASHED)
        self._chronicle.step("sharing")
        outcome = await share(prepared, self._turnstile, window)
        if outcome.kind is not CommitKind.PUBLISHED:
            await self._evidence.take(prepared.site.page, f"{outcome.kind}: {outcome.message}")
        if outcome.kind is CommitKind.UNKNOWN:
            await self._end()
        else:
            prepared.site.had.valve.widen()
        return outcome

    async def close(self) -> None:
        """End the browser, and with it its profile."""
        await self._evidence.hand_over()
        await self._end()

    async def _have_session(self) -> SignIn:
        """Go on with the page of an earlier run when there is a code for it; else restore; else sign in."""
        opening = self._opening
        pending = pending_page(self._account)
        if pending is not None:
            had_session = has_session(self._cookies)
            async with self._doing("going on with the sign-in") as site:
                if await go_on(site, pending, opening.ask_code):
                    return SignIn.RESTORED if had_session else SignIn.SIGNED_IN
        if await self._restored():
            return SignIn.RESTORED
        await opening.spend(Action.LOGIN)
        async with self._doing("signing in") as site:
            await put_cookies(site.context, without_session(self._cookies or await cookies_of(site.context)))
            await log_in(site, self._account, opening.ask_totp, opening.ask_code)
        return SignIn.SIGNED_IN

    async def _restored(self) -> bool:
        """Whether a session still holds: a stored one, or without any the one that the browser brings along."""
        if self._cookies:
            return await self._sessions.restored(self._holds)
        async with self._doing("restoring the session") as site:
            return await restore(site, self._opening.ask_code)

    async def _holds(self, stored: SessionMaterial) -> bool:
        is_newest = stored is self._sessions.newest
        async with self._doing("restoring the session") as site:
            if not is_newest:
                await put_cookies(site.context, cookies_in(stored))
            return await restore(site, self._opening.ask_code)

    @asynccontextmanager
    async def _doing(self, step: str) -> AsyncIterator[Site]:
        """A step that may be repeated. Everything that goes wrong leaves as a `RunError`, with its evidence kept."""
        self._chronicle.step(step)
        try:
            await self._evidence.hand_over()
            yield await self._site()
            if await self._is_lost():
                raise self._lost(step)
        except BrowserError as error:
            self._chronicle.note(str(error))
            ours = self._lost(step) if await self._is_lost() else self._of_browser(error, step)
            await self._fail(ours)
            raise ours from error
        except NotNow:
            raise
        except RunError as error:
            ours = self._lost(step) if await self._is_lost() else error
            await self._fail(ours)
            raise ours from (None if ours is error else error)

    async def _is_lost(self) -> bool:
        return self._at is not None and await self._at.had.has_strayed()

    def _lost(self, step: str) -> RunError:
        return lost_way(self._account.username, step)

    def _of_browser(self, error: BrowserError, step: str) -> RunError:
        site = self._at
        trouble = site.had.valve.trouble if site else None
        return run_error_of(self._account.username, error, site.place if site else "", step, trouble)

    async def _fail(self, error: RunError) -> None:
        await self._evidence.take(self._at.page if self._at else None, str(error))
        if self._at is not None and (self._at.gone.is_set() or await self._is_lost()):
            await self._end()

    async def _site(self) -> Site:
        """The page; a new browser with the account's cookies when there is none."""
        if self._at is not None and (self._at.gone.is_set() or await self._is_lost()):
            await self._end()
        if self._at is None:
            had = await self._have(self._opening)
            try:
                if self._cookies:
                    await put_cookies(had.context, self._cookies)
                self._turnstile = Turnstile(had)
                await self._turnstile.stand_before(had.context)
                self._at = await Site.opened(had, self._account, self._patience, self._chronicle)
            except BaseException:
                await had.end()
                raise
        return self._at

    async def _keep(self) -> None:
        """Store the cookies, if they are others than before. A browser that is gone has none to give."""
        if self._at is None:
            return
        with suppress(BrowserError):
            cookies = await cookies_of(self._at.context)
            material = material_of(cookies)
            if self._sessions.is_ended(material) or await self._is_lost():
                return  # there is nothing to learn from it
            if cookies and differ(cookies, self._cookies):
                with anyio.CancelScope(shield=True):
                    await self._opening.keep_session(material)
                self._sessions.stored(material)
            self._cookies = cookies

    async def _end(self) -> None:
        at, self._at, self._turnstile, self._ready = self._at, None, None, None
        if at is not None:
            with anyio.CancelScope(shield=True):
                await at.had.end()
