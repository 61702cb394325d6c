"""What the simulated Instagram mails and texts: codes, as the owner of an account sees them."""

import hmac
import secrets
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from pydantic import JsonValue

from igfleet import clock
from igfleet.sandbox.people import SimAccount

_KEPT = 500
_SENDER = "Instagram <security@mail.instagram.com>"
_GOOD_FOR = timedelta(minutes=10)


@dataclass(frozen=True)
class Letter:
    """One mail or SMS with a code."""

    number: int
    account: str
    by: str
    """`mail` or `sms`"""
    to: str
    code: str
    at: datetime

    def shown(self) -> dict[str, JsonValue]:
        """For the control API: as on the owner's phone."""
        return {
            "number": self.number,
            "account": self.account,
            "by": self.by,
            "to": self.to,
            "code": self.code,
            "at": self.at.isoformat(),
        }

    def as_mail(self) -> bytes:
        """The whole message, in two forms as such mails have."""
        mail = EmailMessage()
        mail["From"], mail["To"] = _SENDER, self.to
        mail["Subject"] = "Your confirmation code"
        mail["Date"], mail["Message-ID"] = format_datetime(self.at), make_msgid(domain="mail.instagram.com")
        mail.set_content(f"Hi {self.account},\n\nSomebody signs in. If this is you, the code is:\n\n{self.code}\n")
        page = f"<p>Hi {self.account},</p><p>The code is</p><p><font size=6 color='#404040'>{self.code}</font></p>"
        mail.add_alternative(f"<html><head><style>p {{ margin: 123456px }}</style></head>{page}</html>", subtype="html")
        return mail.as_bytes()


class Letters:
    """All that was sent. A code is good once, for ten minutes, and until the next one is sent."""

    def __init__(self) -> None:
        self.sent: deque[Letter] = deque(maxlen=_KEPT)
        self._valid: dict[str, Letter] = {}
        self._numbers = 0

    def by_mail(self, account: SimAccount) -> Letter:
        return self._send(account, "mail", account.email)

    def by_sms(self, account: SimAccount) -> Letter:
        return self._send(account, "sms", account.phone)

    def is_right(self, account: SimAccount, code: str) -> bool:
        """Whether it is the code that the account was sent last; a right one is used up."""
        if not self.is_awaited(account) or not hmac.compare_digest(self._valid[account.username].code, code):
            return False
        del self._valid[account.username]
        return True

    def is_awaited(self, account: SimAccount) -> bool:
        """Whether a code was sent that is still good."""
        letter = self._valid.get(account.username)
        return letter is not None and letter.at + _GOOD_FOR >= clock.now()

    def mails_to(self, address: str) -> list[Letter]:
        """The mails in a mailbox, oldest first."""
        return [one for one in self.sent if one.by == "mail" and one.to.lower() == address.lower()]

    def clear(self) -> None:
        self.sent.clear()
        self._valid.clear()

    def _send(self, account: SimAccount, by: str, to: str) -> Letter:
        self._numbers += 1
        code = f"{secrets.randbelow(900_000) + 100_000}"
        letter = Letter(self._numbers, account.username, by, to, code, clock.now())
        self.sent.append(letter)
        self._valid[account.username] = letter
        return letter


def masked_mail(address: str) -> str:
    """As Instagram shows it: `n***1@e***.com`."""
    name, _, domain = address.partition("@")
    host, _, end = domain.rpartition(".")
    return f"{name[:1]}***{name[-1:]}@{host[:1]}***.{end}" if address else ""


def masked_phone(number: str) -> str:
    """As Instagram shows it: `+** *** ***09`."""
    return f"+** *** ***{number[-2:]}" if number else ""
