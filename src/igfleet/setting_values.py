"""What values of settings may look like: how each sort is written in the environment, and read."""

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, HttpUrl
from pydantic_settings import NoDecode

from igfleet import mail_servers
from igfleet.mail_servers import MailServer

DEFAULT_BUDGETS: dict[str, tuple[int, int]] = {
    "login": (6, 20),
    "like": (30, 150),
    "story_view": (60, 300),
    "follow": (15, 60),
    "profile_edit": (4, 10),
}
"""Cautious on purpose. Instagram publishes no figures; these are ours, of 2026, to be changed by who knows better."""


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


type Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
type Budgets = Annotated[dict[str, tuple[int, int]], NoDecode, BeforeValidator(_budgets)]
"""By action, how often an hour and in 24 hours; written as `like=30/150, follow=15/60`."""
type MailServers = Annotated[dict[str, MailServer], NoDecode, BeforeValidator(_mail_servers)]
"""By domain, `*` for all others; written as `example.com=imap.example.com:993/tls`."""
type Addresses = Annotated[tuple[HttpUrl, ...], NoDecode, BeforeValidator(_split)]
type Seconds = Annotated[timedelta, BeforeValidator(_seconds)]
"""A length of time, written as a number of seconds."""
