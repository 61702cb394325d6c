"""Having a live session: the stored one if it still answers, else one sign-in with the same device."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from instagrapi.exceptions import LoginRequired, TwoFactorRequired

from igfleet import clock
from igfleet.contracts.challenges import ChallengeKind
from igfleet.contracts.leases import LeasedAccount
from igfleet.errors import NeedsPerson
from igfleet.instagram.adapters.dialogue import CodeNeeded, two_factor
from igfleet.reasons import ReasonCode

type TotpNow = Callable[[], str]
"""Gives the present TOTP code; asked only when Instagram wants one."""


def restore(client: Any) -> bool:  # instagrapi's client has no types
    """Whether the stored session still answers: one call. False without one, or when Instagram has ended it."""
    if not client.user_id:
        return False
    try:
        answer = client.private_request("accounts/current_user/?edit=true")
    except LoginRequired:
        return False
    return str(answer["user"]["pk"]) == str(client.user_id)


def log_in(client: Any, account: LeasedAccount, totp_now: TotpNow) -> None:
    """Sign in with the password, once. Raises the library's errors, ours when something is missing, and `CodeNeeded`.

    It may raise after the session exists (reading the feed failed): whoever calls stores the session in any case.
    """
    if account.password is None:
        raise NeedsPerson(f"{account.username}: no password is stored", ReasonCode.CREDENTIALS_MISSING)
    begun_at = clock.now()
    try:
        client.login(account.username, account.password.get_secret_value(), relogin=bool(client.user_id))
    except CodeNeeded as needed:
        raise CodeNeeded(replace(needed.dialogue, begun_at=begun_at)) from needed
    except TwoFactorRequired as wanted:
        dialogue = two_factor(client, wanted)
        if not account.has_totp or dialogue.kind is not ChallengeKind.TOTP_CODE:
            raise CodeNeeded(replace(dialogue, begun_at=begun_at)) from wanted
        if not dialogue.enter(client, totp_now()):
            raise
        client.login_flow()
