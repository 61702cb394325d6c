"""Dead ends: the pages that a stopped account sees instead of the site."""

from dataclasses import dataclass

from igfleet.sandbox.people import AccountState, SimAccount


@dataclass(frozen=True, slots=True)
class Stop:
    """A page that leads nowhere."""

    path: str
    title: str
    """Name of its heading among the site's texts."""
    text: str
    is_locked: bool = False


def stop_of(account: SimAccount) -> Stop | None:
    """Where the account is stopped; None when it is not, or only by an answer."""
    match account.state:
        case AccountState.CHALLENGE_EMAIL | AccountState.CHALLENGE_SMS:
            return code_wanted(account)
        case AccountState.CHALLENGE:
            return Stop(f"/challenge/{account.pk}/app/", "confirm_title", "confirm_text")
        case AccountState.CHECKPOINT:
            return Stop(f"/challenge/{account.pk}/locked/", "locked_title", "locked_text", is_locked=True)
        case AccountState.SUSPENDED:
            return Stop("/accounts/suspended/", "suspended_title", "suspended_text")
    return None


def code_wanted(account: SimAccount) -> Stop:
    """The one that a code leads out of."""
    return Stop(f"/challenge/{account.pk}/code/", "code_title", "code_text")
