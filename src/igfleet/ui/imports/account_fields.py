"""The columns of an accounts file: what each may hold. Messages never repeat a value."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import date
from urllib.parse import parse_qs, urlsplit

from igfleet.ui.imports.proxy_lines import parse_proxy
from igfleet.ui.schedule.zones import is_zone

_USERNAME = re.compile(r"[a-z0-9._]{1,30}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{4,24}")
_LOCALE = re.compile(r"([a-z]{2,3})([_-]([A-Za-z]{2}))?")
_DOLPHIN_PROFILE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TOTP_LEAST_BYTES = 10


def checked(name: str, value: str) -> str:
    """The value of a column in its normal form. Raises `ValueError` with what is wrong."""
    if any(not character.isprintable() and (character != "\n" or name != "notes") for character in value):
        raise ValueError("contains characters that cannot be printed")
    return FIELDS[name](value)


def tags_of(text: str) -> list[str]:
    """The words of a tags cell, each once, in their order."""
    return list(dict.fromkeys(word for word in re.split(r"[\s,;|]+", text) if word))


def stored_form(name: str, value: str) -> str | list[str] | date:
    """A checked value as it stands in the table."""
    if name == "tags":
        return tags_of(value)
    return date.fromisoformat(value) if name == "authorised_until" else value


def shown(value: object) -> str:
    """A stored value as a time line tells it."""
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "–"
    return str(value) if value not in (None, "") else "–"


def _username(value: str) -> str:
    name = value.removeprefix("@").lower()
    if not _USERNAME.fullmatch(name):
        raise ValueError("is no user name: letters, digits, points and underscores, at most 30")
    return name


def _totp_secret(value: str) -> str:
    if value.startswith("otpauth://"):
        value = parse_qs(urlsplit(value).query).get("secret", [""])[0]
    secret = re.sub(r"[\s-]", "", value).upper().rstrip("=")
    try:
        raw = base64.b32decode(secret + "=" * (-len(secret) % 8))
    except binascii.Error:
        raise ValueError("is not base32 (letters A to Z and digits 2 to 7): give the key, not a code") from None
    if len(raw) < _TOTP_LEAST_BYTES:
        raise ValueError("is too short: give the key of 16 or 32 characters, not a code")
    return secret


def _email(value: str) -> str:
    if not _EMAIL.fullmatch(value):
        raise ValueError("is no e-mail address")
    return value


def _phone(value: str) -> str:
    if not _PHONE.fullmatch(value):
        raise ValueError("is no phone number")
    return value


def _proxy(value: str) -> str:
    parse_proxy(value)
    return value


def _tags(value: str) -> str:
    words = tags_of(value)
    if len(words) > 50 or any(len(word) > 50 for word in words):
        raise ValueError("has more than 50 tags, or one with more than 50 characters")
    return " ".join(words)


def _locale(value: str) -> str:
    match = _LOCALE.fullmatch(value)
    if match is None:
        raise ValueError("is no locale: write it as en_US")
    return f"{match[1]}_{match[3].upper()}" if match[3] else match[1]


def _timezone(value: str) -> str:
    if not is_zone(value):
        raise ValueError("is no time zone: write it as Europe/Berlin")
    return value


def _dolphin_profile(value: str) -> str:
    if not _DOLPHIN_PROFILE.fullmatch(value):
        raise ValueError("is no profile id of Dolphin Anty")
    return value


def _until(value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise ValueError("is no date: write it as 2027-12-31") from None


def _text(longest: int) -> Callable[[str], str]:
    def check(value: str) -> str:
        if len(value) > longest:
            raise ValueError(f"has more than {longest} characters")
        return value

    return check


FIELDS: Mapping[str, Callable[[str], str]] = {
    "username": _username,
    "password": _text(500),
    "totp_secret": _totp_secret,
    "email": _email,
    "email_password": _text(500),
    "phone": _phone,
    "proxy": _proxy,
    "tags": _tags,
    "client": _text(200),
    "locale": _locale,
    "timezone": _timezone,
    "authorised_by": _text(500),
    "authorised_until": _until,
    "notes": _text(2000),
    "dolphin_profile_id": _dolphin_profile,
}
"""The columns, in the order in which the documentation lists them."""
SECRETS = frozenset({"password", "totp_secret", "email_password"})
