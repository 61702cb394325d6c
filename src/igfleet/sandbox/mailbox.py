"""The simulated mailboxes: just enough of IMAP (RFC 3501) for a client that reads an inbox."""

import asyncio
import hmac
import re
from collections.abc import Awaitable, Callable
from datetime import date

from igfleet.sandbox.letters import Letter
from igfleet.sandbox.people import SimAccount
from igfleet.sandbox.world import World

_LINE = re.compile(rb"(?P<tag>\S+) (?P<verb>(?:UID )?\w+) ?(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
_LONGEST = 8192
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

type Say = Callable[[str], None]


class MailServer:
    """Serves the mailboxes of all accounts that have an address, by its password. Plain text, for loopback."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        try:
            await Dialogue(self._world, reader, writer).serve()
        except (ConnectionError, OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()


class Dialogue:
    """One client's."""

    def __init__(self, world: World, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._world, self._reader, self._writer = world, reader, writer
        self._owner: SimAccount | None = None
        self._is_selected = False
        self._verbs: dict[str, Callable[[str], Awaitable[str]]] = {
            "CAPABILITY": self._capability,
            "NOOP": self._noop,
            "LOGIN": self._login,
            "SELECT": self._select,
            "EXAMINE": self._select,
            "UID SEARCH": self._search,
            "UID FETCH": self._fetch,
        }

    async def serve(self) -> None:
        self._say("* OK the sandbox's mailboxes")
        while line := await self._line():
            found = _LINE.fullmatch(line)
            if found is None:
                self._say("* BAD what?")
                continue
            tag, verb = found["tag"].decode(), found["verb"].decode().upper()
            if verb == "LOGOUT":
                self._say("* BYE for now")
                self._say(f"{tag} OK done")
                await self._writer.drain()
                return
            act = self._verbs.get(verb)
            said = await act(found["rest"].decode(errors="replace")) if act else "BAD unknown command"
            self._say(f"{tag} {said}")
            await self._writer.drain()

    async def _line(self) -> bytes:
        line = await self._reader.readline()
        if len(line) > _LONGEST:
            raise ValueError("too long")
        return line.rstrip(b"\r\n") if line.strip() else b""

    def _say(self, text: str) -> None:
        self._writer.write(text.encode() + b"\r\n")

    async def _capability(self, _: str) -> str:
        self._say("* CAPABILITY IMAP4rev1")
        return "OK done"

    async def _noop(self, _: str) -> str:
        return "OK done"

    async def _login(self, rest: str) -> str:
        words = [re.sub(r"\\(.)", r"\1", quoted) if quoted else word for quoted, word in _WORD.findall(rest)]
        name, password = [*words, "", ""][:2]
        known = [one for one in self._world.accounts.values() if one.email and one.email.lower() == name.lower()]
        self._owner = next((one for one in known if hmac.compare_digest(one.email_password, password)), None)
        return "OK done" if self._owner else "NO [AUTHENTICATIONFAILED] wrong address or password"

    async def _select(self, _: str) -> str:
        if self._owner is None:
            return "NO sign in first"
        self._is_selected = True
        self._say(f"* {len(self._mails)} EXISTS")
        self._say("* 0 RECENT")
        self._say("* OK [UIDVALIDITY 1] as always")
        return "OK [READ-ONLY]"

    async def _search(self, rest: str) -> str:
        """All, or those since a day."""
        if not self._is_selected:
            return "NO select a mailbox first"
        found = re.search(r"SINCE (\d{1,2})-(\w{3})-(\d{4})", rest, re.IGNORECASE)
        since = None
        if found:
            since = date(int(found[3]), _MONTHS.index(found[2].title()) + 1, int(found[1]))
        numbers = [str(one.number) for one in self._mails if since is None or one.at.date() >= since]
        self._say(f"* SEARCH {' '.join(numbers)}".rstrip())
        return "OK done"

    async def _fetch(self, rest: str) -> str:
        if not self._is_selected:
            return "NO select a mailbox first"
        wanted, _, items = rest.partition(" ")
        numbers = {int(part) for part in wanted.split(",") if part.isdecimal()}
        for place, letter in enumerate(self._mails, 1):
            if letter.number in numbers:
                self._writer.write(_row(place, letter, items.upper()))
        return "OK done"

    @property
    def _mails(self) -> list[Letter]:
        return self._world.letters.mails_to(self._owner.email) if self._owner else []


def _row(place: int, letter: Letter, items: str) -> bytes:
    at = letter.at
    moment = f'"{at.day:2d}-{_MONTHS[at.month - 1]}-{at.year} {at:%H:%M:%S} +0000"'
    head = f"* {place} FETCH (UID {letter.number} INTERNALDATE {moment}".encode()
    if "BODY" not in items:
        return head + b")\r\n"
    mail = letter.as_mail()
    return head + b" BODY[]<0> {%d}\r\n" % len(mail) + mail + b")\r\n"
