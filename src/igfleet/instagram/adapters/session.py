"""What is stored of a signed-in client, and what a client is made from. Device settings stay the same for life."""

import json
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import JsonValue, SecretStr

from igfleet.contracts.leases import LeasedAccount, SessionKind, SessionMaterial

type SettingsDict = dict[str, JsonValue]
"""What instagrapi calls settings: device, identifiers, cookies and the bearer token."""

_NOT_STORED = frozenset(
    {
        "tls_verify",
        "proxy",
        "proxies",
        "delay_range",
        "request_timeout",
        "public_request_retries_count",
        "public_request_retries_timeout",
        "session_retry_total",
        "session_retry_backoff_factor",
        "session_retry_statuses",
        "public_transport",
        "public_transport_impersonate",
        "public_user_agent",
        "public_graphql_user_agent",
        "private_transport",
    }
)
"""Options of one process. Loaded back they would win over the constructor's arguments."""
_SIGN_IN = frozenset({"authorization_data", "cookies", "last_login", "ig_u_rur", "ig_www_claim"})


def stored_settings(account: LeasedAccount) -> SettingsDict | None:
    """The settings to restore; None for an account that never had a mobile session."""
    for material in account.sessions:
        if material.kind is SessionKind.MOBILE:
            return stripped(settings_in(material))
    return None


def settings_in(material: SessionMaterial) -> SettingsDict:
    """The settings that a material holds."""
    return cast(SettingsDict, json.loads(material.settings.get_secret_value()))


def session_id(material: SessionMaterial) -> str:
    """What makes it one session and no other; empty for a device alone."""
    settings = settings_in(material)
    for part in (settings.get("authorization_data"), settings.get("cookies")):
        if isinstance(part, dict) and (found := part.get("sessionid") or part.get("ds_user_id")):
            return str(found)
    return ""


def material_of(client: Any) -> SessionMaterial:  # instagrapi's client has no types
    """What is to be stored of a client, whether it is signed in or only has its device."""
    settings = stripped(client.get_settings())
    is_signed_in = bool(client.user_id)
    if not is_signed_in:
        settings = {name: value for name, value in settings.items() if name not in _SIGN_IN}
    text = SecretStr(json.dumps(settings))
    return SessionMaterial(kind=SessionKind.MOBILE, settings=text, is_signed_in=is_signed_in)


def stripped(settings: SettingsDict) -> SettingsDict:
    """The settings without what belongs to one process only."""
    return {name: value for name, value in settings.items() if name not in _NOT_STORED}


def offset_s(timezone: str, at: datetime) -> int:
    """Seconds east of Greenwich in an IANA time zone; 0 for one that is not known here."""
    try:
        offset = at.astimezone(ZoneInfo(timezone)).utcoffset()
    except (ZoneInfoNotFoundError, ValueError):
        return 0
    return int(offset.total_seconds()) if offset else 0
