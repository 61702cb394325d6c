"""Pages and static files leave compressed. Streams and media do not: they have ranges, or no end."""

import gzip

from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPResponseBodyEvent, HTTPResponseStartEvent, Message, Receive, Scope, Send

_LEAST_BYTES = 1024
_LEVEL = 5
_TEXTS = ("text/", "application/json", "image/svg+xml")


class Compression(ASGIMiddleware):
    """gzip for whole texts, when the browser takes it.

    Form tokens are made anew for each page, so that the length of a compressed page tells nothing about them.
    """

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Pass the answer on, smaller."""
        takes = "gzip" in Headers.from_scope(scope).get("accept-encoding", "")
        await next_app(scope, receive, _compressing(send) if takes else send)


def _compressing(send: Send) -> Send:
    start: HTTPResponseStartEvent | None = None

    async def wrapped(message: Message) -> None:
        nonlocal start
        if message["type"] == "http.response.start":
            start = message
            return
        if start is not None:
            first, start = start, None
            if message["type"] == "http.response.body" and not message["more_body"] and _is_worth_it(first, message):
                message["body"] = gzip.compress(message["body"], _LEVEL, mtime=0)
                headers = MutableScopeHeaders.from_message(first)
                headers["content-encoding"] = "gzip"
                headers["content-length"] = str(len(message["body"]))
                headers.extend_header_value("vary", "Accept-Encoding")
            await send(first)
        await send(message)

    return wrapped


def _is_worth_it(start: HTTPResponseStartEvent, body: HTTPResponseBodyEvent) -> bool:
    headers = Headers(start["headers"])
    is_text = headers.get("content-type", "").startswith(_TEXTS)
    return is_text and "content-encoding" not in headers and len(body["body"]) >= _LEAST_BYTES
