"""The search over everything: pages, acts, accounts, tasks, proxies and files, for the command palette."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.runners import KINDS
from igfleet.ui.models import Account, Media, Proxy, Role, Task
from igfleet.ui.words import look

_EACH = 6
_PLACES: Sequence[tuple[str, str, str, Role]] = (
    ("Overview", "/", "home", Role.VIEWER),
    ("Tasks", "/tasks", "list-check", Role.VIEWER),
    ("Inbox", "/inbox", "inbox", Role.VIEWER),
    ("Schedule", "/schedule", "calendar", Role.VIEWER),
    ("Recurring tasks", "/schedule/recurring", "refresh", Role.VIEWER),
    ("Logs", "/logs", "file-text", Role.VIEWER),
    ("Reports", "/reports", "table", Role.VIEWER),
    ("Media", "/media", "movie", Role.VIEWER),
    ("Captions", "/captions", "message", Role.VIEWER),
    ("Targets", "/targets", "user-plus", Role.VIEWER),
    ("Accounts", "/accounts", "users", Role.VIEWER),
    ("Accounts that need a person", "/accounts?status=human_verification_required", "alert-triangle", Role.VIEWER),
    ("Proxies", "/proxies", "world", Role.VIEWER),
    ("Proxies that fail", "/proxies?state=failing", "plug-connected-x", Role.VIEWER),
    ("Workers", "/workers", "server", Role.VIEWER),
    ("Bulk jobs", "/bulk", "list-check", Role.VIEWER),
    ("Import accounts", "/accounts/import", "upload", Role.OPERATOR),
    ("Import proxies", "/proxies/import", "upload", Role.OPERATOR),
    ("Pause everything", "/standstill", "player-pause", Role.OPERATOR),
    ("Your password and sessions", "/me", "user", Role.VIEWER),
    ("What you are told by mail", "/me/notifications", "send", Role.VIEWER),
    ("API keys", "/settings/keys", "key", Role.VIEWER),
    ("Settings", "/settings", "settings", Role.ADMIN),
    ("Users", "/users", "shield", Role.ADMIN),
    ("Audit", "/audit", "history", Role.ADMIN),
    ("System", "/system", "stethoscope", Role.ADMIN),
)


@dataclass(frozen=True, slots=True)
class Found:
    """One place to go."""

    sort: str
    title: str
    path: str
    icon: str
    note: str = ""


async def search(session: AsyncSession, text: str, role: Role) -> list[Found]:
    """What fits, the best of each sort first; without a text, all pages and acts."""
    text = text.strip().removeprefix("@")
    found = _places(text, role)
    if not text:
        return found
    return [
        *found[:_EACH],
        *await _accounts(session, text),
        *await _tasks(session, text.removeprefix("#")),
        *await _proxies(session, text),
        *await _media(session, text),
    ]


def _places(text: str, role: Role) -> list[Found]:
    pages = [Found("Pages", title, path, icon) for title, path, icon, least in _PLACES if role.includes(least)]
    if role.includes(Role.OPERATOR):
        pages += [
            Found("New task", f"New: {kind.title}", f"/tasks/new/{name}", kind.icon) for name, kind in KINDS.items()
        ]
    words = text.lower().split()
    return [page for page in pages if all(word in page.title.lower() for word in words)]


async def _accounts(session: AsyncSession, text: str) -> list[Found]:
    best = case((Account.username.istartswith(text, autoescape=True), 0), else_=1)
    query = select(Account).where(Account.username.icontains(text, autoescape=True)).order_by(best, Account.username)
    return [
        Found("Accounts", f"@{one.username}", f"/accounts/{one.id}", "user", look("account", one.status).label)
        for one in await session.scalars(query.limit(_EACH))
    ]


async def _tasks(session: AsyncSession, text: str) -> list[Found]:
    fits = Task.name.icontains(text, autoescape=True)
    if text.isascii() and text.isdecimal() and len(text) < 19:
        fits = fits | (Task.id == int(text))
    query = select(Task).where(fits, Task.kind.in_(KINDS)).order_by(Task.id.desc()).limit(_EACH)
    return [
        Found("Tasks", f"#{one.id} {one.name}", f"/tasks/{one.id}", KINDS[one.kind].icon, look("task", one.state).label)
        for one in await session.scalars(query)
    ]


async def _proxies(session: AsyncSession, text: str) -> list[Found]:
    query = select(Proxy).where(Proxy.host.icontains(text, autoescape=True)).order_by(Proxy.id).limit(_EACH)
    return [
        Found("Proxies", one.name, f"/proxies/{one.id}", "world", look("proxy", one.state).label)
        for one in await session.scalars(query)
    ]


async def _media(session: AsyncSession, text: str) -> list[Found]:
    named = select(Media.id, Media.name).where(Media.name.icontains(text, autoescape=True))
    rows = await session.execute(named.order_by(func.lower(Media.name), Media.id).limit(_EACH))
    return [Found("Media", name, f"/media/{key}", "movie") for key, name in rows]
