"""The example fleet: invented clients and accounts, and the four that are there to go wrong."""

import base64
import csv
import io
import secrets
from dataclasses import dataclass

CLIENTS = ("coast", "hill", "lake", "nord", "west")
PER_CLIENT = 10
_PER_PROXY = 5
_WITH_TOTP = 4
"""Every so manyeth account has a second factor."""
_DEAD_PORT = 9
AUTHORISED_BY = "Example only: invented accounts of the simulated Instagram"

CHALLENGED, UNPROXIED, UNSURE, LONG_WINDED = "nord_04", "nord_07", "nord_02", "nord_09"
"""Who is asked to confirm in the app, whose proxy is dead, whose answer is lost, whose caption is too long."""


@dataclass(frozen=True, slots=True)
class Member:
    """One account of the cast, with secrets made for this installation alone."""

    username: str
    client: str
    tags: tuple[str, ...]
    password: str
    totp_secret: str
    proxy: str
    """The user name at the proxy."""


def cast() -> list[Member]:
    """Fifty accounts."""
    members = []
    for place, client in enumerate(CLIENTS):
        for number in range(1, PER_CLIENT + 1):
            index = place * PER_CLIENT + number - 1
            name = f"{client}_{number:02d}"
            members.append(
                Member(
                    username=name,
                    client=client.title(),
                    tags=_tags(client, number),
                    password=secrets.token_urlsafe(12),
                    totp_secret=_totp_secret() if index % _WITH_TOTP == 0 else "",
                    proxy=f"exit_{index // _PER_PROXY + 1:02d}",
                )
            )
    return members


def proxies_of(members: list[Member]) -> dict[str, str]:
    """A password for every proxy user."""
    return {name: secrets.token_urlsafe(12) for name in sorted({member.proxy for member in members})}


def as_csv(members: list[Member], passwords: dict[str, str], host: str, port: int) -> str:
    """The file an operator would import."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(("username", "password", "totp_secret", "proxy", "tags", "client"))
    for one in members:
        at = _DEAD_PORT if one.username == UNPROXIED else port
        proxy = f"http://{one.proxy}:{passwords[one.proxy]}@{host}:{at}"
        rows.writerow((one.username, one.password, one.totp_secret, proxy, " ".join(one.tags), one.client))
    return out.getvalue()


def _tags(client: str, number: int) -> tuple[str, ...]:
    if client == "nord" or (client == "west" and number <= 2):
        return (client, "launch")
    return (client, "evening") if client == "lake" else (client,)


def _totp_secret() -> str:
    return base64.b32encode(secrets.token_bytes(20)).decode()
