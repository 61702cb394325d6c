"""The one irreversible act: the click on "Share". The page uploads, then publishes; its own answer tells the rest."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qs

from playwright.async_api import Error as BrowserError
from playwright.async_api import Locator, Request
from playwright.async_api import TimeoutError as TooLate

from igfleet import clock
from igfleet.contracts.posts import CommitKind, PostOutcome
from igfleet.instagram.adapters.browser.courier import NotWhole
from igfleet.instagram.adapters.browser.labels import label
from igfleet.instagram.adapters.browser.site import Site
from igfleet.instagram.adapters.browser.turnstile import Turnstile
from igfleet.instagram.adapters.commit_answers import Answer, outcome_of
from igfleet.instagram.gateway import Reel
from igfleet.reasons import ReasonCode

_CLICK_MS = 5_000
_CONFIRMED_MS = 3_000


@dataclass(frozen=True, slots=True)
class PreparedPage:
    """A dialogue at its last step. Good for one click."""

    reel: Reel
    site: Site
    dialog: Locator

    @property
    def upload_id(self) -> str:
        """Ours. The page makes one of its own, which is kept as evidence."""
        return self.reel.upload_id


async def share(prepared: PreparedPage, turnstile: Turnstile, window: timedelta) -> PostOutcome:
    """Click once, wait for the page's own publish request and its answer. Never raises for what happens meanwhile."""
    until = clock.boot_seconds() + window.total_seconds()
    button = prepared.dialog.get_by_role("button", name=label("share")).first
    try:
        await button.click(trial=True, timeout=_CLICK_MS)
    except BrowserError as error:
        return not_sent(f"The page is not ready any more ({type(error).__name__})", ReasonCode.PAGE_UNEXPECTED)
    turnstile.open(until)
    try:
        async with asyncio.timeout(until - clock.boot_seconds()):
            await button.click(timeout=0, no_wait_after=True)
            answer = await _answer(prepared, turnstile)
    except TimeoutError:
        answer = Answer(None, b"", is_late=True)
    except BrowserError as error:
        answer = Answer(None, b"", error=error)
    finally:
        carried = await turnstile.close()
    if carried is not None:
        answer = carried
    outcome = (
        not_sent("The web site could not take the video", ReasonCode.SERVER_TROUBLE)
        if answer is None
        else (_judged(answer, prepared.site))
    )
    return outcome.model_copy(update={"evidence": outcome.evidence | await _seen(prepared, turnstile, outcome)})


def not_sent(message: str, reason: ReasonCode) -> PostOutcome:
    """No publish request has left."""
    return PostOutcome(kind=CommitKind.NOT_SENT, reason=reason, message=message)


async def _answer(prepared: PreparedPage, turnstile: Turnstile) -> Answer | None:
    """What came back; None when the page gave up before it asked for anything to be published."""
    refused = prepared.dialog.get_by_text(label("not_shared")).first.wait_for(timeout=0)
    came = asyncio.create_task(_set(turnstile.came))
    gone = asyncio.create_task(_set(prepared.site.gone))
    gave_up = asyncio.create_task(_done(refused))
    waits = {came, gone, gave_up}
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if gone.done() or (gave_up.done() and gave_up.exception() is not None):
            raise BrowserError("Page crashed")
        if gave_up.done() and turnstile.passed is None:
            return None
        await came
        assert turnstile.passed is not None
        if (carried := turnstile.carried) is not None:
            return carried
        return await _answer_of(turnstile.passed, turnstile, gone)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


async def _set(event: asyncio.Event) -> bool:
    return await event.wait()


async def _done(call: Awaitable[None]) -> bool:
    await call
    return True


async def _answer_of(request: Request, turnstile: Turnstile, gone: asyncio.Task[bool]) -> Answer:
    reading = asyncio.create_task(_read(request, turnstile))
    try:
        await asyncio.wait({reading, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not reading.done():
            raise BrowserError("Page crashed")
        return reading.result()
    finally:
        reading.cancel()


async def _read(request: Request, turnstile: Turnstile) -> Answer:
    response = await request.response()
    if response is None:
        has_left = turnstile.passage is None or turnstile.passage.has_left
        return Answer(None, b"", error=BrowserError(request.failure or "failed"), has_left=has_left)
    try:
        return Answer(response.status, await response.body())
    except BrowserError as error:
        return Answer(response.status, b"", error=error)


def _judged(answer: Answer, site: Site) -> PostOutcome:
    """By the table of all adapters."""
    if not answer.has_left and isinstance(answer.error, NotWhole):
        return not_sent(str(answer.error), ReasonCode.PAGE_UNEXPECTED)
    if not answer.has_left and answer.is_late:
        return not_sent("The permit ran out before the call", ReasonCode.DEADLINE_PASSED)
    outcome = outcome_of(answer)
    trouble = site.had.valve.trouble if site.had.courier is None else None
    if outcome.kind is CommitKind.NOT_SENT and trouble is not None:
        return outcome.model_copy(update={"reason": trouble.reason, "message": trouble.text})
    return outcome


async def _seen(prepared: PreparedPage, turnstile: Turnstile, outcome: PostOutcome) -> dict[str, str | int | bool]:
    """Supporting evidence: what the page itself says, the upload id that it used, what was held back."""
    seen: dict[str, str | int | bool] = {
        "requests_let_through": int(turnstile.passed is not None),
        "requests_held_back": turnstile.held_back,
    }
    if turnstile.passed is not None:
        seen["page_upload_id"] = _upload_id(turnstile.passed)
    if prepared.site.had.courier is not None:
        seen["sent_by_worker"] = True
    elif outcome.kind is CommitKind.PUBLISHED:
        try:
            await prepared.dialog.get_by_text(label("shared")).first.wait_for(timeout=_CONFIRMED_MS)
            seen["page_says_shared"] = True
        except (TooLate, BrowserError):
            seen["page_says_shared"] = False
    if outcome.kind is not CommitKind.PUBLISHED:
        seen["reupload"] = True  # the page is past its last step
    return seen


def _upload_id(request: Request) -> str:
    try:
        return parse_qs(request.post_data or "").get("upload_id", [""])[0][:50]
    except (BrowserError, UnicodeDecodeError):
        return ""
