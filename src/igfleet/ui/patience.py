"""Callers who begin a request and never end it: their connections do not stay for ever."""

import asyncio
from enum import Enum
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS_S = 30.0
"""From the first byte of a request to the end of its headers, however they dribble in."""
SILENCE_S = 60.0
"""Between two parts of a body."""


class _Owed(Enum):
    NOTHING = "nothing"
    HEADERS = "headers"
    BODY = "body"


class Patient(H11Protocol):
    """uvicorn's protocol with an end to its patience. Between two requests its own limit holds."""

    def __init__(self, *words: Any, headers_s: float = HEADERS_S, silence_s: float = SILENCE_S, **more: Any) -> None:
        super().__init__(*words, **more)
        self._headers_s, self._silence_s = headers_s, silence_s
        self._owed = _Owed.NOTHING
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._rest()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Headers have one limit in all; each part of a body begins a new one."""
        owed = self._is_owed()
        if owed is _Owed.HEADERS and self._owed is _Owed.HEADERS:
            return
        self._rest()
        self._owed = owed
        if owed is not _Owed.NOTHING:
            limit = self._headers_s if owed is _Owed.HEADERS else self._silence_s
            self._timer = self.loop.call_later(limit, self._give_up)

    def _is_owed(self) -> _Owed:
        if self.conn.their_state is h11.SEND_BODY:
            return _Owed.BODY
        has_begun = self.cycle is None or bool(self.conn.trailing_data[0])
        return _Owed.HEADERS if self.conn.their_state is h11.IDLE and has_begun else _Owed.NOTHING

    def _give_up(self) -> None:
        if self.flow.read_paused:  # it is we who do not read
            self._timer = self.loop.call_later(self._silence_s, self._give_up)
        else:
            self.transport.abort()

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
