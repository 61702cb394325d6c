"""What speaks for each part of an account's health: a sentence, and where to look."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from igfleet import clock
from igfleet.contracts.states import AccountStatus
from igfleet.ui.fleet.health import Part
from igfleet.ui.models import Account
from igfleet.ui.templating import reason_of, when
from igfleet.ui.words import look


@dataclass(frozen=True, slots=True)
class Evidence:
    """One part, in words."""

    part: Part
    sentence: str
    link: str = ""

    @property
    def look(self) -> str:
        """How bad it is: the colour's key in the table of words."""
        return "good" if not self.part.taken else "fair" if self.part.taken < 30 else "poor"


def evidence_of(account: Account, part: Part) -> Evidence:
    """Why this part costs what it costs. The account's proxy must be loaded."""
    sentence, link = _TOLD[part.name](account, part)
    return Evidence(part, sentence, link)


def _status(account: Account, _part: Part) -> tuple[str, str]:
    status = AccountStatus(account.status)
    reason = reason_of(account.status_reason)
    since = f"{look('account', status).label} since {when(account.status_since)} UTC"
    return (f"{since}: {reason.happened}" if reason else since), ""


def _authorisation(account: Account, _part: Part) -> tuple[str, str]:
    if account.authorised_until is None:
        return f"by {account.authorised_by}, without an end", ""
    ended = "ended" if account.authorised_until < clock.now().date() else "ends"
    return f"by {account.authorised_by}, {ended} on {account.authorised_until.isoformat()}", ""


def _proxy(account: Account, _part: Part) -> tuple[str, str]:
    if account.proxy is None:
        return "It has none of its own.", ""
    trouble = f": {account.proxy.trouble}" if account.proxy.trouble else ""
    return f"{account.proxy.name} {look('proxy', account.proxy.state).label}{trouble}", f"/proxies/{account.proxy.id}"


def _sign_in(account: Account, _part: Part) -> tuple[str, str]:
    if account.session_at or account.web_session_at:
        return "It is signed in.", ""
    known = "It was never signed in; its password is stored." if account.has_password else "No session and no password."
    return known, ""


def _last_run(account: Account, part: Part) -> tuple[str, str]:
    if part.taken:
        reason = reason_of(account.last_failure_reason)
        told = reason.happened if reason else account.last_failure_reason
        return f"It failed at {when(account.last_failure_at)} UTC: {told}", "#timeline"
    if account.last_success_at is None:
        return "It has not run yet.", ""
    return f"It succeeded at {when(account.last_success_at)} UTC.", "#timeline"


def _slowness(account: Account, _part: Part) -> tuple[str, str]:
    if not account.slowdowns:
        return "Instagram has not asked for slowness since its last success.", ""
    return f"Instagram asked for slowness {account.slowdowns} times since its last success.", "#timeline"


def _breaker(_account: Account, part: Part) -> tuple[str, str]:
    return ("A breaker of the account is open.", "#breakers") if part.taken else ("No breaker of it is open.", "")


def _published(_account: Account, part: Part) -> tuple[str, str]:
    if part.taken:
        return "Something is wrong with what it published.", "/inbox#incidents"
    return "Nothing is known to be wrong with what it published.", ""


_TOLD: Mapping[str, Callable[[Account, Part], tuple[str, str]]] = {
    "status": _status,
    "authorisation": _authorisation,
    "proxy": _proxy,
    "sign-in": _sign_in,
    "last run": _last_run,
    "slowness": _slowness,
    "breaker": _breaker,
    "published posts": _published,
}
