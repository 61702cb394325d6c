"""`Idempotency-Key`: a request that may be sent again without being done again. One room for every call of the API."""

import hashlib
from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPResponseStartEvent, HTTPScope, Message, Receive, Scope, Send

from igfleet.errors import Invalid, NotSignedIn
from igfleet.ui.answers import Answer, Answers, Turn
from igfleet.ui.context import UiContext
from igfleet.ui.keys.keyring import PREFIX, bearer

_SAFE = ("GET", "HEAD", "OPTIONS")
_LONGEST_KEY = 200
_MOST_HASHED = 8 * 1024**2
"""No body is longer, except of calls whose path says what their bytes are: see `NAMED_BY_PATH`."""
NAMED_BY_PATH = "named_by_path"
"""In a handler's `opt`: path, offset and length tell the bytes of the body, which is not gathered."""
_PART = (b"upload-offset", b"content-length")
AGAIN = b"idempotency-replayed"


class Repeats:
    """Middleware. Answers that ask to come back (5xx, `Retry-After`) are not kept: the same key may try again."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or (key := _key(scope)) is None or (actor := await _actor(scope)) is None:
            await self._app(scope, receive, send)
            return
        ui: UiContext = scope["litestar_app"].state.ui
        body = _Body(receive)
        asked = await _asked(scope, body)
        answers = Answers(ui.database, ui.vault)
        begun = await answers.begin(_mark(scope, actor, key), asked, actor)
        if isinstance(begun, Answer):
            await _send_again(begun, send)
        else:
            await self._do(scope, body, send, answers, begun)

    async def _do(self, scope: Scope, body: "_Body", send: Send, answers: Answers, turn: Turn) -> None:
        told = _Told(send, answers, turn)
        try:
            await self._app(scope, body.receive, told.send)
        finally:
            if not told.is_over:
                await answers.forget(turn)


class _Body:
    """The body of a request, that can be read and then still be received."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._read: list[Any] = []

    async def digest(self) -> bytes:
        """SHA-256 of the whole body, or of as much as any call may take."""
        hashed, size, more = hashlib.sha256(), 0, True
        while more and size <= _MOST_HASHED:
            message: Any = await self._receive()
            self._read.append(message)
            part: bytes = message.get("body", b"")
            hashed.update(part)
            size += len(part)
            more = bool(message.get("more_body", False))
        return hashed.digest()

    async def receive(self) -> Any:
        return self._read.pop(0) if self._read else await self._receive()


class _Told:
    """The answer on its way out: kept before the caller sees the end of it."""

    def __init__(self, send: Send, answers: Answers, turn: Turn) -> None:
        self._send, self._answers, self._turn = send, answers, turn
        self._start: HTTPResponseStartEvent | None = None
        self._body = bytearray()
        self.is_over = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
        elif message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._end()
        await self._send(message)

    async def _end(self) -> None:
        assert self._start is not None
        self.is_over = True
        headers = dict(self._start["headers"])
        status = self._start["status"]
        if status >= 500 or b"retry-after" in headers:
            await self._answers.forget(self._turn)
            return
        media_type = headers.get(b"content-type", b"").decode("latin-1")
        await self._answers.keep(self._turn, Answer(status, media_type, bytes(self._body)))


def _key(scope: HTTPScope) -> str | None:
    """The key of an unsafe request. Raises `Invalid`."""
    if scope["method"] in _SAFE:
        return None
    key = next((value for name, value in scope["headers"] if name == b"idempotency-key"), None)
    if key is None:
        return None
    text = key.decode("latin-1").strip()
    if not 0 < len(text) <= _LONGEST_KEY or not text.isprintable():
        raise Invalid(f"Idempotency-Key: 1 to {_LONGEST_KEY} printable characters.", {"Idempotency-Key": "is no key"})
    return text


async def _actor(scope: Scope) -> str | None:
    """Whose key it is; None when the API will refuse the caller."""
    ui: UiContext = scope["litestar_app"].state.ui
    header = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"), None)
    try:
        if bearer(header).startswith(PREFIX):
            return (await ui.keys.holder(ui.database, header)).actor
        caller = await ui.tokens.caller(ui.database, header)
    except NotSignedIn:
        return None
    return f"worker:{caller.worker_name or 'shared'}"


async def _asked(scope: Scope, body: _Body) -> bytes:
    hashed = hashlib.sha256(scope["query_string"])
    if scope["route_handler"].opt.get(NAMED_BY_PATH):
        hashed.update(repr([pair for pair in scope["headers"] if pair[0] in _PART]).encode())
    else:
        hashed.update(await body.digest())
    return hashed.digest()


def _mark(scope: HTTPScope, actor: str, key: str) -> bytes:
    """The same key at another address, or of another caller, is another key."""
    return hashlib.sha256("\0".join((actor, scope["method"], scope["path"], key)).encode()).digest()


async def _send_again(answer: Answer, send: Send) -> None:
    headers = [
        (b"content-type", answer.media_type.encode("latin-1")),
        (b"content-length", str(len(answer.body)).encode()),
        (AGAIN, b"true"),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})
