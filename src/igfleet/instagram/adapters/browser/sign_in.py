"""Having a live session on the web site: the stored cookies if they still hold, else one sign-in."""

import asyncio
from collections.abc import Callable

from igfleet import clock
from igfleet.contracts.leases import LeasedAccount
from igfleet.errors import BadPassword, ChallengeRequired, NeedsPerson, RetryLater, RunError, SessionOver
from igfleet.instagram.adapters.browser import codes
from igfleet.instagram.adapters.browser.answers import SiteAnswer
from igfleet.instagram.adapters.browser.cookies import has_session
from igfleet.instagram.adapters.browser.labels import label
from igfleet.instagram.adapters.browser.site import Site
from igfleet.instagram.adapters.browser.trouble import stop_at
from igfleet.instagram.adapters.refusal import Phase
from igfleet.instagram.gateway import AskCode, AskTotp
from igfleet.reasons import ReasonCode

_LOGIN = "/api/v1/web/accounts/login/ajax/"
_SAVE_PAGE = "/accounts/onetap"
_CHALLENGE_PAGE = "/challenge/"
_WHO = "/api/v1/accounts/edit/web_form_data/"
_LOOK_S = 0.1


async def go_on(site: Site, page: codes.CodePage, ask_code: AskCode) -> bool:
    """Take up the page that an earlier run has left waiting for a code; False when it waits no more."""
    if not await page.open(site):
        return False
    await ask_code(page.wanted(), lambda code: page.enter(site, code))
    await _arrive(site)
    return True


async def restore(site: Site, ask_code: AskCode) -> bool:
    """Whether the cookies still hold, by one read. False without a session, or when Instagram has ended it."""
    if not has_session(await site.context.cookies()):
        return False
    try:
        await _home(site, ask_code)
        form = (await site.read(_WHO)).body.get("form_data")
    except SessionOver:
        return False
    return isinstance(form, dict) and str(form.get("username", "")).casefold() == site.username.casefold()


async def log_in(site: Site, account: LeasedAccount, ask_totp: AskTotp, ask_code: AskCode) -> None:
    """Sign in with the password, once, and answer what the site asks on the way."""
    if account.password is None:
        raise NeedsPerson(f"{account.username}: no password is stored", ReasonCode.CREDENTIALS_MISSING)
    page, begun_at = site.page, clock.now()
    await site.go(codes.LOGIN_PAGE)
    name = page.get_by_label(label("login_name")).or_(page.locator('input[name="username"]')).first
    await name.fill(account.username)
    password = page.get_by_label(label("login_password")).or_(page.locator('input[name="password"]')).first
    await password.fill(account.password.get_secret_value())
    answer = await site.answer_to(_LOGIN, page.get_by_role("button", name=label("log_in")).first.click)
    if _wants_second_factor(answer):
        await codes.second_factor(site, account, answer.body.get("two_factor_info"), begun_at, ask_totp, ask_code)
    elif answer.body.get("authenticated") is not True:
        await _settle(site, _refused(site, answer), ask_code)
    await _arrive(site)


async def _home(site: Site, ask_code: AskCode) -> None:
    try:
        await site.go("/")
    except ChallengeRequired:
        if not await codes.challenge(site, ask_code):
            await site.read(_WHO)  # its refusal says more than the page: locked, or to be approved in the app
            raise
        await _arrive(site)


async def _settle(site: Site, error: RunError, ask_code: AskCode) -> None:
    """Hand in a code where a code settles it. Raises the error for everything else."""
    if not isinstance(error, ChallengeRequired):
        raise error
    await _until(site, lambda: site.place.startswith(_CHALLENGE_PAGE))
    if not await codes.challenge(site, ask_code):
        raise error


def _wants_second_factor(answer: SiteAnswer) -> bool:
    return bool(answer.body.get("two_factor_required")) or answer.body.get("error_type") == "two_factor_required"


def _refused(site: Site, answer: SiteAnswer) -> RunError:
    """What a sign-in that gave no session means."""
    body = answer.body
    if "user" in body and body.get("authenticated") is False:
        says = "Instagram refuses the password, or distrusts the proxy's address"
        if body["user"] is False:
            says = "Instagram does not know the user name (check it first), or it refuses the proxy's address"
        return BadPassword(f"{site.username}: {says}")
    address = str(body.get("checkpoint_url") or "")
    if address:
        if body.get("lock") is True:
            text = f"{site.username}: Instagram locked the account behind a checkpoint"
            return NeedsPerson(text, ReasonCode.CHECKPOINT_REQUIRED)
        stopped = stop_at(site.username, address[address.find("/", 8) :] if "://" in address else address)
        if stopped is not None:
            return stopped
    return answer.refusal(site.username, Phase.LOGIN)


async def _arrive(site: Site) -> None:
    """Wait until the page has gone on from the sign-in, and past the question whether to save it."""
    on_the_way = (codes.LOGIN_PAGE, _CHALLENGE_PAGE)
    await _until(site, lambda: not site.place.startswith(on_the_way))
    if site.place.startswith(_SAVE_PAGE):
        await site.page.get_by_role("button", name=label("not_now")).first.click()
        await _until(site, lambda: not site.place.startswith(_SAVE_PAGE))
    stopped = stop_at(site.username, site.place)
    if stopped is not None and not isinstance(stopped, SessionOver):
        raise stopped
    if not has_session(await site.context.cookies()):
        text = f"{site.username}: the sign-in led to {site.place}, which igfleet does not know"
        raise RetryLater(text, ReasonCode.PAGE_UNEXPECTED)


async def _until(site: Site, is_so: Callable[[], bool]) -> None:
    """Returns when it is so, or when a page has had its time."""
    for _ in range(int(site.patience.page_s / _LOOK_S)):
        if is_so():
            return
        await asyncio.sleep(_LOOK_S)
