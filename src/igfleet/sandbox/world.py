"""The simulated Instagram's whole state, and the way of one request through it."""

import random
import re
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from igfleet import clock
from igfleet.sandbox.faults import Faults, play
from igfleet.sandbox.items import ItemKind, Items
from igfleet.sandbox.ledger import Ledger
from igfleet.sandbox.letters import Letters
from igfleet.sandbox.limits import Limits
from igfleet.sandbox.messages import Answer, Request
from igfleet.sandbox.passwords import PasswordKey
from igfleet.sandbox.people import AccountState, SimAccount, owner_of, session_of
from igfleet.sandbox.refusals import REFUSALS, standing_against
from igfleet.sandbox.store import Store
from igfleet.sandbox.switches import Switches
from igfleet.sandbox.uploads import Uploads

_JOURNAL_LENGTH = 2000

type Handler = Callable[["World", Request, dict[str, str]], Awaitable[Answer]]


@dataclass(frozen=True)
class Route:
    """One thing that can be asked for."""

    method: str
    pattern: re.Pattern[str]
    handler: Handler
    needs_session: bool
    host: str = ""
    """Only there; everywhere when empty."""

    def fits(self, request: Request) -> re.Match[str] | None:
        if self.method != request.method or self.host not in ("", request.host):
            return None
        return self.pattern.fullmatch(request.path)


ROUTES: list[Route] = []


def route(method: str, pattern: str, *, needs_session: bool = True, host: str = "") -> Callable[[Handler], Handler]:
    """Register a handler for a path (a regular expression for the whole path)."""

    def register(handler: Handler) -> Handler:
        ROUTES.append(Route(method, re.compile(pattern), handler, needs_session, host))
        return handler

    return register


@dataclass
class JournalEntry:
    at: str
    account: str | None
    method: str
    host: str
    path: str
    status: int
    proxy: str
    wire: str


@dataclass
class World:
    """Accounts and what they have, uploads, the ledger, the script of faults and limits, the journal of requests."""

    folder: Path
    accounts: dict[str, SimAccount] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    limits: Limits = field(default_factory=Limits)
    uploads: Uploads = field(default_factory=Uploads)
    password_key: PasswordKey = field(default_factory=PasswordKey)
    contexts: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Second-factor dialogues under way: token → (account, device)."""
    journal: deque[JournalEntry] = field(default_factory=lambda: deque(maxlen=_JOURNAL_LENGTH))
    web: Switches = field(default_factory=Switches)
    store: Store = field(init=False)
    ledger: Ledger = field(init=False)
    items: Items = field(init=False)
    letters: Letters = field(default_factory=Letters)
    _by_pk: dict[int, SimAccount] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store = Store(self.folder)
        self.ledger = Ledger(self.store)
        self.ledger.load()
        self.items = Items(self.store)
        self.items.load()
        for row in self.store.all("account"):
            account = SimAccount(**row)  # type: ignore[arg-type]  # written by `keep`
            self._know(account)

    def add_account(
        self, username: str, password: str, totp_secret: str | None = None, state: str = "ok", **more: Any
    ) -> SimAccount:
        """Add an account, or change the password, secret and state of a known one. `more`: mailbox and phone."""
        account = self.accounts.get(username)
        if account is None:
            pk = 10_000_000_000 + random.SystemRandom().randrange(10**9)
            account = SimAccount(username, password, pk)
            self._know(account)
        account.password, account.totp_secret, account.state = password, totp_secret, AccountState(state)
        for name, value in more.items():
            setattr(account, name, value)
        self.keep(account)
        return account

    def furnish(self, account: SimAccount, *, pictures: int = 0, stories: int = 0, **traits: str | bool) -> None:
        """Give an account a profile, and at least so many pictures and stories."""
        for name, value in traits.items():
            setattr(account, name, value)
        if account.external_url and not account.link_id:
            account.link_id = str(account.pk)
        self.keep(account)
        self.items.top_up(account.username, ItemKind.PICTURE, pictures)
        self.items.top_up(account.username, ItemKind.STORY, stories)

    def settled(self, account: SimAccount) -> None:
        """Its owner has confirmed what was wanted."""
        account.state = AccountState.OK
        self.keep(account)

    def _know(self, account: SimAccount) -> None:
        self.accounts[account.username] = account
        self._by_pk[account.pk] = account

    def keep(self, account: SimAccount) -> None:
        """Write an account down."""
        row: dict[str, JsonValue] = asdict(account)
        self.store.put("account", account.username, row)

    def account_of(self, pk: int) -> SimAccount | None:
        """Whose id this is."""
        account = self._by_pk.get(pk)
        return account if account is not None and self.accounts.get(account.username) is account else None

    def signed_in(self, request: Request) -> SimAccount | None:
        """Whose session the request shows."""
        session = session_of(request.headers)
        whose = owner_of(session) if session is not None else None
        account = self.account_of(whose) if whose is not None else None
        return account if account is not None and session in account.sessions else None

    async def handle(self, request: Request) -> Answer:
        """Answer one request for an Instagram host."""
        account = self.signed_in(request)
        request.account = account.username if account else self._asked_by(request)
        with self.ledger.under_way(request.account, request.path, self._device(request, account)):
            fault = self.faults.take(request)
            if fault is None:
                answer = await self._act(request)
            else:
                answer = await play(fault, lambda: self._act(request))
        self.journal.append(
            JournalEntry(
                clock.now().isoformat(),
                request.account,
                request.method,
                request.host,
                request.path,
                answer.status,
                request.proxy,
                answer.wire,
            )
        )
        return answer

    async def _act(self, request: Request) -> Answer:
        for known in ROUTES:
            found = known.fits(request)
            if found is None:
                continue
            if known.needs_session:
                refused = self._refused(request)
                if refused is not None:
                    return refused
            return await known.handler(self, request, found.groupdict())
        return REFUSALS["not_found"].answer()

    def _refused(self, request: Request) -> Answer | None:
        account = self.signed_in(request)
        if account is None:
            return REFUSALS["login_required"].answer()
        return standing_against(account)

    @staticmethod
    def _device(request: Request, account: SimAccount | None) -> str:
        """As an app names itself, else as its session was opened."""
        named = request.headers.get("x-ig-device-id", "")
        return named or (account.sessions.get(session_of(request.headers) or "", "") if account else "")

    def _asked_by(self, request: Request) -> str | None:
        """Before a session exists, the user name stands in the body of a sign-in, or a dialogue's token does."""
        text = request.body.decode(errors="replace")
        for token in re.findall(r"[0-9a-f]{32}", text):
            if token in self.contexts:
                return self.contexts[token][0]
        if request.method != "POST" or "login" not in request.path:
            return None
        if named := request.form().get("username"):
            return named
        found = re.search(r"(?:contact_point|username)(?:%22|\")(?:%3A|:)\+?(?:%22|\")([A-Za-z0-9._]+)", text)
        return found.group(1) if found else None

    def close(self) -> None:
        self.store.close()
