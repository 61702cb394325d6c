"""Which accounts take no part in a plan, and why."""

from datetime import date

from igfleet.contracts.states import AccountStatus, ProxyState
from igfleet.contracts.tasks import Method
from igfleet.settings import UiSettings
from igfleet.ui.models import Account
from igfleet.ui.planning.notes import Finding, NoteKind


def exclusion(account: Account, settings: UiSettings, today: date, method: Method) -> Finding | None:
    """Why the account is left out; None when it takes part by that method. Its proxy must be loaded."""
    found = (
        _archived(account)
        or _stopped(account)
        or _unauthorised(account, today)
        or _without_proxy(account, settings)
        or _without_profile(account, method)
    )
    if found is None:
        return None
    code, sentence, todo = found
    return Finding(NoteKind.EXCLUSION, code, sentence, todo, account.username)


type _Found = tuple[str, str, str] | None


def _archived(account: Account) -> _Found:
    if account.archived_at is None:
        return None
    return "archived", "The account is archived", "Take it out of the archive to use it again."


def _stopped(account: Account) -> _Found:
    status = AccountStatus(account.status)
    if status.may_run:
        return None
    words = status.value.replace("_", " ")
    return f"account_{status}", f"The account is stopped: {words}", "Settle it in the app, then press Resume."


def _unauthorised(account: Account, today: date) -> _Found:
    if not account.authorised_by.strip():
        return "not_authorised", "Nobody is recorded as having authorised its management", "Record who did."
    if account.authorised_until is not None and account.authorised_until < today:
        todo = "Import it again with a later authorised_until."
        return "authorisation_expired", f"Its authorisation ended on {account.authorised_until.isoformat()}", todo
    return None


def _without_proxy(account: Account, settings: UiSettings) -> _Found:
    if account.proxy is not None and account.proxy.state == ProxyState.DISABLED:
        return "proxy_disabled", "Its proxy is switched off", "Switch the proxy on, or assign another."
    if account.proxy is None and settings.require_proxy and not settings.egress_proxy:
        return "proxy_missing", "It has no proxy and REQUIRE_PROXY is on", "Assign a proxy."
    return None


def _without_profile(account: Account, method: Method) -> _Found:
    if method is Method.DOLPHIN and not account.dolphin_profile_id:
        todo = "Import it again with its dolphin_profile_id."
        return "dolphin_profile_missing", "It has no profile of Dolphin Anty", todo
    return None
