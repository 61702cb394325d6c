"""Signed-in browsers. Ids come only from here, are new at every sign-in, and are stored as their sha256."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Interval, bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import NotFound
from igfleet.settings import UiSettings
from igfleet.ui.models import Role, User, UserSession
from igfleet.ui.scope.scope import EVERYTHING, Scope, scope_of

COOKIE = "igfleet_session"
_TOUCH = timedelta(seconds=30)
"""`seen_at` is written at most so often."""
_LIVE = (
    UserSession.seen_at > func.now() - bindparam("idle", type_=Interval),
    UserSession.created_at > func.now() - bindparam("longest", type_=Interval),
)
_FIND = (
    select(User, UserSession.seen_at < func.now() - _TOUCH)
    .join(UserSession, UserSession.user_id == User.id)
    .where(UserSession.digest == bindparam("digest"), *_LIVE, User.disabled_at.is_(None))
)
_BROWSERS = (
    select(UserSession).where(UserSession.user_id == bindparam("user_id"), *_LIVE).order_by(UserSession.seen_at.desc())
)
_MARK = re.compile(r"[0-9a-f]{64}")
_PROGRAMS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iOS"), ("iPad", "iPadOS"), ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The person behind a request."""

    user_id: int
    name: str
    role: Role
    session_key: str
    """The cookie's value; the key of this session's form tokens."""
    scope: Scope = EVERYTHING
    has_second_factor: bool = False

    @property
    def actor(self) -> str:
        return f"user:{self.name}"

    def lacks_second_factor(self, settings: UiSettings) -> bool:
        """Whether they have none and must have one."""
        asked = {"nobody": False, "admins": self.role is Role.ADMIN, "all": True}
        return asked[settings.require_second_factor] and not self.has_second_factor


@dataclass(frozen=True, slots=True)
class Browser:
    """One signed-in browser, as its owner and admins see it."""

    row: UserSession
    is_own: bool

    @property
    def mark(self) -> str:
        """Names it; the key in its cookie cannot be told from it."""
        return self.row.digest.hex()

    @property
    def name(self) -> str:
        """The browser and the system, as far as its header tells."""
        text = self.row.browser
        program = next((name for sign, name in _PROGRAMS if sign in text), "")
        system = next((name for sign, name in _SYSTEMS if sign in text), "")
        return " on ".join(filter(None, (program, system))) or text[:60] or "unknown"


async def open_session(session: AsyncSession, user: User, address: str, browser: str) -> str:
    """A new session; the value for the cookie."""
    key = secrets.token_urlsafe(32)
    session.add(UserSession(digest=_digest(key), user_id=user.id, address=address[:100], browser=browser[:300]))
    return key


async def find(session: AsyncSession, settings: UiSettings, key: str | None) -> SignedIn | None:
    """Whose session it is; None for an unknown, idle, expired one or a disabled user. Keeps it awake."""
    if not key or len(key) > 100:
        return None
    found = (await session.execute(_FIND, {"digest": _digest(key), **_limits(settings)})).first()
    if found is None:
        return None
    user, is_stale = found
    if is_stale:
        mine = update(UserSession).where(UserSession.digest == _digest(key))
        await session.execute(mine.values(seen_at=func.now()))
    return SignedIn(user.id, user.name, Role(user.role), key, scope_of(user), user.second_factor_at is not None)


async def close_session(session: AsyncSession, key: str) -> None:
    """Sign out."""
    await session.execute(delete(UserSession).where(UserSession.digest == _digest(key)))


async def close_all(session: AsyncSession, user_id: int, but: str = "") -> int:
    """End every session of a person, `but` the one of this key: at a change of password or role. Returns how many."""
    row = UserSession
    ended = delete(row).where(row.user_id == user_id, row.digest != _digest(but)).returning(row.user_id)
    return len(list(await session.scalars(ended)))


async def browsers_of(session: AsyncSession, settings: UiSettings, user_id: int, key: str = "") -> list[Browser]:
    """Where a person is signed in, the latest first; `key` is the asker's own session."""
    rows = await session.scalars(_BROWSERS, {"user_id": user_id, **_limits(settings)})
    return [Browser(one, one.digest == _digest(key)) for one in rows]


async def close_browser(session: AsyncSession, user_id: int, mark: str) -> None:
    """End one session of a person, by the mark of its `Browser`. Raises `NotFound` when it is over already."""
    digest = bytes.fromhex(mark) if _MARK.fullmatch(mark) else b""
    row = UserSession
    ended = delete(row).where(row.user_id == user_id, row.digest == digest).returning(row.user_id)
    if await session.scalar(ended) is None:
        raise NotFound("This session is over already.")


def _limits(settings: UiSettings) -> dict[str, timedelta]:
    return {"idle": settings.session_idle, "longest": settings.session_longest}


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
