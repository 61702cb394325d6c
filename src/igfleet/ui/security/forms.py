"""Cross-site requests: refused by where they come from, and by a token that belongs to the session."""

import hashlib
import hmac
import secrets
from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection

from igfleet.errors import Forbidden

FIELD = "csrf"
HEADER = "x-csrf-token"
VISITOR_COOKIE = "igfleet_visitor"
"""Before the sign-in, the form token belongs to this cookie instead of a session."""
_SEAL = 32
"""Digits of a seal: 128 bits."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class FormTokens:
    """Makes and checks tokens with a key of this installation."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def make(self, owner: str) -> str:
        """A token for forms shown to this session or visitor; different each time: nothing to guess piecewise."""
        salt = secrets.token_hex(8)
        return f"{salt}.{self._sign(owner, salt)}"

    def check(self, owner: str, token: str | None) -> None:
        """Raises `Forbidden`."""
        salt, _, signature = (token or "").partition(".")
        if not owner or not hmac.compare_digest(self._sign(owner, salt).encode(), signature.encode()):
            raise Forbidden("This form is too old or not from this session. Go back, reload the page, and try again.")

    def seal(self, owner: str, words: str) -> str:
        """By which words in an address are known as our own, said to this owner."""
        return self._sign(owner, words, "words")[:_SEAL]

    def is_sealed(self, owner: str, words: str, seal: str) -> bool:
        return hmac.compare_digest(self.seal(owner, words).encode(), seal.encode())

    def _sign(self, owner: str, salt: str, purpose: str = "form") -> str:
        return hmac.new(self._key, f"{purpose}/{owner}/{salt}".encode(), hashlib.sha256).hexdigest()


def check_origin(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """Refuse what another site sent. Raises `Forbidden`."""
    headers = connection.headers
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden("This request came from another site.")
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != headers.get("host", ""):
        raise Forbidden("This request came from another site.")
