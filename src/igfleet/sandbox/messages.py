"""One request and its answer, whatever version of HTTP carried them."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import format_datetime
from enum import StrEnum
from urllib.parse import parse_qs, unquote_plus, urlsplit

from pydantic import JsonValue

from igfleet import clock


class Wire(StrEnum):
    """What becomes of an answer on its way."""

    WHOLE = "whole"
    DROP = "drop"
    """The connection closes, not a byte of the answer leaves."""
    CUT = "cut"
    """Half of the body leaves, then the connection closes."""
    HANG = "hang"
    """Nothing leaves, the connection stays open."""


@dataclass
class Request:
    """A request as it arrived. `body` is a part of it when the connection broke: then `is_whole` is False."""

    method: str
    host: str
    target: str
    headers: dict[str, str]
    body: bytes = b""
    is_whole: bool = True
    proxy: str = ""
    """The user name given to the proxy: tells which proxy it came by."""
    account: str | None = None
    """Set as soon as it is known who asks."""
    route: str = ""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}

    def form(self) -> dict[str, str]:
        """The fields of a form body."""
        return {name: values[-1] for name, values in parse_qs(self.body.decode(errors="replace")).items()}

    def signed(self) -> dict[str, JsonValue]:
        """The JSON below `signed_body=SIGNATURE.…`, or the form itself when it is not signed."""
        form = self.form()
        text = form.get("signed_body", "")
        if not text:
            return dict(form)
        _, _, quoted = text.partition(".")
        loaded = json.loads(quoted if quoted.startswith("{") else unquote_plus(quoted))
        return loaded if isinstance(loaded, dict) else {}

    def json(self) -> dict[str, JsonValue]:
        loaded = json.loads(self.body or b"{}")
        return loaded if isinstance(loaded, dict) else {}


@dataclass
class Answer:
    """What is answered. `sent` is called when the last byte was handed to the network."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cookies: list[str] = field(default_factory=list)
    """One `set-cookie` each."""
    wire: Wire = Wire.WHOLE
    sent: Callable[[], None] | None = None

    @classmethod
    def of(cls, data: dict[str, JsonValue] | list[JsonValue], status: int = 200, **headers: str) -> "Answer":
        """A JSON answer; underscores in header names become dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(status, json.dumps(data).encode(), {"content-type": "application/json; charset=utf-8", **named})

    @classmethod
    def ok(cls, **data: JsonValue) -> "Answer":
        """The usual good answer."""
        return cls.of({**data, "status": "ok"})

    @property
    def fields(self) -> list[tuple[str, str]]:
        """All header fields but the status."""
        date = format_datetime(clock.now(), usegmt=True)
        return [("date", date), *self.headers.items(), *(("set-cookie", cookie) for cookie in self.cookies)]

    @classmethod
    def redirect(cls, path: str) -> "Answer":
        return cls(302, b"", {"location": path})

    @classmethod
    def html(cls, text: str, status: int = 200) -> "Answer":
        return cls(status, text.encode(), {"content-type": "text/html; charset=utf-8"})
