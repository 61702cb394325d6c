"""Having a live session: the stored one if it still answers, else one sign-in with the same device."""

from collections.abc import Callable
from typing import Any

from instagrapi.exceptions import LoginRequired, TwoFactorRequired

from igfleet.contracts.leases import LeasedAccount
from igfleet.errors import NeedsPerson
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
    """Sign in with the password, once. Raises the library's errors, and ours when something is missing.

    It may raise after the session exists (reading the feed failed): whoever calls stores the session in any case.
    """
    if account.password is None:
        raise NeedsPerson(f"{account.username}: no password is stored", ReasonCode.CREDENTIALS_MISSING)
    try:
        client.login(account.username, account.password.get_secret_value(), relogin=bool(client.user_id))
    except TwoFactorRequired as wanted:
        if not account.has_totp:
            raise NeedsPerson(
                f"{account.username}: a second factor is needed and no TOTP secret is stored",
                ReasonCode.TWO_FACTOR_REQUIRED,
            ) from wanted
        _give_code(client, wanted, totp_now())


def _give_code(client: Any, wanted: Any, code: str) -> None:
    """Finish the sign-in that is under way. A second one would send another code and count against the account."""
    context = getattr(wanted, "two_step_verification_context", "")
    if not context:
        client.login_legacy(verification_code=code)
        return
    client.bloks_two_step_verification_entrypoint(context)
    client.bloks_two_step_verification_method_picker(context)
    client.bloks_two_step_verification_select_method(context, selected_method="totp")
    answer = client.bloks_two_step_verification_verify_code(context, code, challenge="totp")
    if not client.bloks_apply_login_response(answer):
        raise wanted
    client.login_flow()
