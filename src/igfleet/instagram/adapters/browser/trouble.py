"""Turns what goes wrong between us and the browser into one of our own errors."""

from playwright.async_api import Error as BrowserError
from playwright.async_api import TimeoutError as TooLate

from igfleet.errors import (
    AccountDisabled,
    ChallengeRequired,
    NeedsPerson,
    NetworkTrouble,
    ProxyTrouble,
    RetryLater,
    RunError,
    SessionOver,
)
from igfleet.instagram.adapters.browser.valve import Trouble
from igfleet.reasons import REASONS, ReasonCode, Retry

_GONE = ("has been closed", "crashed", "target closed", "failed to launch", "connection closed")
_NETWORK = ("net::", "failed to fetch", "networkerror")
_UNTRUSTED = "net::err_cert_"
_STOPS = (
    ("/accounts/suspended", AccountDisabled, ReasonCode.ACCOUNT_SUSPENDED, "Instagram suspended the account"),
    ("/accounts/disabled", AccountDisabled, ReasonCode.ACCOUNT_DISABLED, "Instagram disabled the account"),
    ("/challenge/", ChallengeRequired, ReasonCode.CHALLENGE_REQUIRED, "Instagram wants this sign-in confirmed"),
    ("/auth_platform/", ChallengeRequired, ReasonCode.CHALLENGE_REQUIRED, "Instagram wants this sign-in confirmed"),
    ("/consent/", NeedsPerson, ReasonCode.CONSENT_REQUIRED, "Instagram wants its terms accepted"),
    ("/accounts/login", SessionOver, ReasonCode.SESSION_OVER, "Instagram ended the session"),
)
"""Where the site sends a browser that it does not let in."""


def run_error_of(username: str, error: BrowserError, place: str, step: str, trouble: Trouble | None) -> RunError:
    """The error for a failure of the browser. `place` is the path of the page at that moment."""
    text = str(error).partition("\n")[0]
    if is_gone(error):
        return RetryLater(f"{username}: the browser crashed while {step}", ReasonCode.BROWSER_CRASHED)
    if _UNTRUSTED in text.lower():
        says = "Instagram's certificate cannot be verified: somebody opens TLS"
        return NeedsPerson(f"{username}: {says}", ReasonCode.PROXY_INTERCEPTS)
    if any(word in text.lower() for word in _NETWORK):
        return _of_network(username, trouble)
    stopped = stop_at(username, place)
    if stopped is not None:
        return stopped
    if isinstance(error, TooLate):
        text = "it took too long"
    return RetryLater(f"{username}: {step}: the web site is not as expected ({text[:150]})", ReasonCode.PAGE_UNEXPECTED)


def lost_way(username: str, step: str) -> RunError:
    """The error for a browser that has left the run's way out: it is ended, and nothing that it says counts."""
    return RetryLater(f"{username}: the browser lost its way out while {step}", ReasonCode.BROWSER_CRASHED)


def is_gone(error: BrowserError) -> bool:
    """Whether there is no page any more."""
    return any(word in str(error).lower() for word in _GONE)


def stop_at(username: str, place: str) -> RunError | None:
    """The error for a page that is a dead end; None for any other."""
    for beginning, error, reason, says in _STOPS:
        if place.startswith(beginning):
            return error(f"{username}: {says}", reason)
    return None


def _of_network(username: str, trouble: Trouble | None) -> RunError:
    if trouble is None:
        return NetworkTrouble(f"{username}: the connection to Instagram failed")
    if REASONS[trouble.reason].retry is Retry.WHEN_RESUMED:
        return NeedsPerson(f"{username}: {trouble.text}", trouble.reason)
    return ProxyTrouble(f"{username}: {trouble.text}", trouble.reason)
