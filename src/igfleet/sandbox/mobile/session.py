"""Giving out sessions, and the codes of a second factor."""

import hmac

from igfleet.sandbox.people import SimAccount, bearer
from igfleet.sandbox.world import World
from igfleet.totp import code_at


def session_headers(world: World, account: SimAccount, device: str) -> dict[str, str]:
    """Open a session for the device; the headers that carry it."""
    session = account.open_session(device)
    world.keep(account)
    return {
        "ig-set-authorization": bearer(account.pk, session),
        "ig-set-ig-u-rur": f"RVA,{account.pk},0",
        "x-ig-set-www-claim": "hmac.sandbox",
        "set-cookie": f"sessionid={session}; Domain=.instagram.com; Path=/; Secure; HttpOnly",
    }


def is_right_code(world: World, account: SimAccount, code: str) -> bool:
    """Whether it is the account's TOTP code now, or of the step before or after; or the code it was sent by SMS."""
    given = code.replace(" ", "")
    if account.sms_two_factor and world.letters.is_right(account, given):
        return True
    if account.totp_secret is None:
        return False
    return any(hmac.compare_digest(code_at(account.totp_secret, drift=drift), given) for drift in (-30, 0, 30))
