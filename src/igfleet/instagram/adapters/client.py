"""An instagrapi client as igfleet wants it: one account, one proxy, no waits, no repeats, no questions."""

from typing import Any, NoReturn
from urllib.parse import urlsplit

from instagrapi import Client

from igfleet import clock
from igfleet.contracts.leases import LeasedAccount
from igfleet.errors import ChallengeRequired, NeedsPerson
from igfleet.instagram.adapters.dialogue import CodeNeeded, mailed
from igfleet.instagram.adapters.session import offset_s, stored_settings
from igfleet.instagram.adapters.transport import SendOnce, mounted
from igfleet.reasons import ReasonCode


def new_client(account: LeasedAccount, proxy_url: str, verify: str | bool) -> tuple[Any, SendOnce]:
    """A client with the account's stored device and session, or with a new device, and its transport.

    Raises `NeedsPerson` without a proxy: the library would take none for a direct connection.
    """
    if urlsplit(proxy_url).scheme not in ("http", "https"):
        raise NeedsPerson(f"{account.username}: it has no proxy to go through", ReasonCode.PROXY_MISSING)
    settings = stored_settings(account)
    client = Client(
        settings=settings,
        proxy=proxy_url,
        tls_verify=verify,
        request_timeout=0,
        session_retry_total=0,
        session_retry_statuses=[],
        public_request_retries_count=1,
        private_transport="requests",
        public_transport="requests",
        with_challenge_flow=False,
    )
    client.username = account.username
    client.password = account.password.get_secret_value() if account.password else None
    client.challenge_code_handler = lambda username, choice=None: _wants_code(client, username)
    client.change_password_handler = _wants_password
    if settings is None:
        _settle(client, account)
    return client, mounted(client.private, client.public, client.graphql)


def _settle(client: Any, account: LeasedAccount) -> None:
    """Where a new device is at home."""
    client.set_locale(account.locale)
    client.set_timezone_offset(offset_s(account.timezone, clock.now()))


def _wants_code(client: Any, username: str) -> NoReturn:
    """Instead of the keyboard: the sign-in is left, and gone on with when there is a code."""
    dialogue = mailed(client)
    if dialogue is not None:
        raise CodeNeeded(dialogue)
    raise ChallengeRequired(f"{username}: Instagram has sent a code and wants it entered. Confirm it in the app.")


def _wants_password(username: str) -> NoReturn:
    raise ChallengeRequired(f"{username}: Instagram wants a new password. Set one in the app.")
