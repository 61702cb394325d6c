"""What values of settings may look like: how each sort is written in the environment, and read."""

import re
from datetime import timedelta
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, HttpUrl, SecretStr
from pydantic_settings import NoDecode

from igfleet import mail_servers
from igfleet.mail_servers import MailServer

DEFAULT_BUDGETS: dict[str, tuple[int, int]] = {
    "login": (6, 20),
    "like": (30, 150),
    "story_view": (60, 300),
    "follow": (15, 60),
    "profile_edit": (4, 10),
    "read": (20, 100),
}
"""Cautious on purpose. Instagram publishes no figures; these are ours, of 2026, to be changed by who knows better."""

MAIL_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", re.ASCII)
LONGEST_MAIL_ADDRESS = 254
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _budgets(value: object) -> object:
    if not isinstance(value, str):
        return value
    found = dict(DEFAULT_BUDGETS)
    for part in filter(None, map(str.strip, value.split(","))):
        action, _, amounts = part.partition("=")
        hour, _, day = amounts.partition("/")
        if action.strip() not in DEFAULT_BUDGETS or not (hour.strip().isdigit() and day.strip().isdigit()):
            raise ValueError(f"{part!r} is no budget: write action=per hour/per day, as in like=30/150")
        found[action.strip()] = int(hour), int(day)
    return found


def _mail_servers(value: object) -> object:
    return mail_servers.parse(value) if isinstance(value, str) else value


def _seconds(value: object) -> object:
    if isinstance(value, str):
        return float(value.removesuffix("s"))
    return value


def _ages(value: object) -> object:
    if not isinstance(value, str):
        return value
    ages = sorted({float(part) for part in value.split(",") if part.strip()})
    if any(age <= 0 for age in ages):
        raise ValueError("must be numbers of seconds with commas between, as in 120,3600,86400")
    return tuple(ages)


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta():
        raise ValueError("must be more than 0 seconds")
    return value


def _not_negative(value: timedelta) -> timedelta:
    if value < timedelta():
        raise ValueError("must not be less than 0 seconds")
    return value


def _web_address(value: str) -> str:
    return _address(value, ("http", "https"), "http://127.0.0.1:8400")


def _proxy_address(value: str) -> str:
    return _address(value, ("http", "https", "socks5", "socks5h"), "http://user:password@127.0.0.1:8080")


def _postgres_address(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    _address(text, ("postgresql", "postgres"), "postgresql://user:password@127.0.0.1:5432/igfleet")
    if any(mode not in _SSL_MODES for mode in parse_qs(urlsplit(text).query).get("sslmode", [])):
        raise ValueError(f"its sslmode must be one of {', '.join(_SSL_MODES)}")
    return value


def _mail_server_address(value: SecretStr) -> SecretStr:
    _address(value.get_secret_value(), ("smtp", "smtps"), "smtps://user:password@mail.example.com:465")
    return value


def _mail_address(value: str) -> str:
    if not MAIL_ADDRESS.fullmatch(value) or len(value) > LONGEST_MAIL_ADDRESS:
        raise ValueError("must be written as igfleet@example.com")
    return value


def _address(value: str, schemes: tuple[str, ...], example: str) -> str:
    """Empty is not given. A database may stand on a socket, without a host."""
    if not value:
        return value
    try:
        parts = urlsplit(value)
        is_right = parts.scheme in schemes and (parts.hostname or parts.scheme.startswith("postgres"))
        is_right = is_right and (parts.port is None or parts.port > 0)
    except ValueError:
        is_right = False
    if not is_right:
        raise ValueError(f"must be written as {example}")
    return value


def _sendable(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("must be letters, digits and signs of ASCII, without blanks or line ends")
    return value


def _one_line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("must be one line of printable characters")
    return value


def shown(default: object) -> str:
    """A value as it is written in the environment."""
    if isinstance(default, dict):
        return ",".join(f"{name}={hour}/{day}" for name, (hour, day) in default.items())
    if isinstance(default, timedelta):
        return f"{default.total_seconds():g}"
    if isinstance(default, tuple):
        return ",".join(shown(part) for part in default)
    return str(default)


type Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
type Budgets = Annotated[dict[str, tuple[int, int]], NoDecode, BeforeValidator(_budgets)]
"""By action, how often an hour and in 24 hours; written as `like=30/150, follow=15/60`."""
type MailServers = Annotated[dict[str, MailServer], NoDecode, BeforeValidator(_mail_servers)]
"""By domain, `*` for all others; written as `example.com=imap.example.com:993/tls`."""
type Addresses = Annotated[tuple[HttpUrl, ...], NoDecode, BeforeValidator(_split)]
type Wait = Annotated[timedelta, BeforeValidator(_seconds), AfterValidator(_not_negative)]
"""A length of time as a number of seconds; 0 means that nothing is waited for."""
type Seconds = Annotated[timedelta, BeforeValidator(_seconds), AfterValidator(_positive)]
"""A length of time, written as a number of seconds."""
type Ages = Annotated[tuple[timedelta, ...], NoDecode, BeforeValidator(_ages)]
"""Lengths of time, the shortest first; written as numbers of seconds with commas between. Empty: none."""
type WebAddress = Annotated[str, AfterValidator(_web_address)]
type ProxyAddress = Annotated[str, AfterValidator(_proxy_address)]
type PostgresAddress = Annotated[SecretStr, AfterValidator(_postgres_address)]
type MailServerAddress = Annotated[SecretStr, AfterValidator(_mail_server_address)]
type MailAddress = Annotated[str, AfterValidator(_mail_address)]
type Token = Annotated[SecretStr, AfterValidator(_sendable)]
"""What is sent in a header."""
type ShortName = Annotated[str, Field(max_length=100), AfterValidator(_one_line)]
