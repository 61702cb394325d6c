"""Cookies of the dashboard: scripts cannot read them, other sites cannot send them along with a form.

Over https their names say `__Host-`: a browser takes such a one from this very host only, over TLS only, so that nobody
who owns a neighbouring name can plant one. What comes under the plain name is not looked at there.
"""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from igfleet.ui.security import forms, sessions

_OF_THIS_HOST = "__Host-"

type AnyConnection = ASGIConnection[Any, Any, Any, Any]


def session_key(connection: AnyConnection) -> str:
    """The key of the session that the browser says it has; empty without one."""
    return connection.cookies.get(_named(connection, sessions.COOKIE), "")


def visitor_key(connection: AnyConnection) -> str:
    """Whom form tokens belong to before the sign-in; empty for who has not come yet."""
    return connection.cookies.get(_named(connection, forms.VISITOR_COOKIE), "")


def for_session(connection: AnyConnection, key: str) -> Cookie:
    return _cookie(connection, sessions.COOKIE, key)


def for_visitor(connection: AnyConnection, key: str) -> Cookie:
    """The request counts as one that has brought it along already."""
    made = _cookie(connection, forms.VISITOR_COOKIE, key)
    connection.cookies[made.key] = key
    return made


def without_session(connection: AnyConnection) -> Cookie:
    return _cookie(connection, sessions.COOKIE, "", max_age=0)


def without_visitor(connection: AnyConnection) -> Cookie:
    return _cookie(connection, forms.VISITOR_COOKIE, "", max_age=0)


def _cookie(connection: AnyConnection, name: str, value: str, max_age: int | None = None) -> Cookie:
    key, is_secure = _named(connection, name), _is_secure(connection)
    return Cookie(key=key, value=value, path="/", httponly=True, samesite="lax", secure=is_secure, max_age=max_age)


def _named(connection: AnyConnection, name: str) -> str:
    return f"{_OF_THIS_HOST}{name}" if _is_secure(connection) else name


def _is_secure(connection: AnyConnection) -> bool:
    """Whether the browser speaks https, to us or to the reverse proxy before us."""
    return connection.url.scheme == "https" or connection.headers.get("x-forwarded-proto") == "https"
