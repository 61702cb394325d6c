"""Watches the one request that is under way: whether any of it has left, and whether its time is over."""

import contextlib
import os
import socket
import threading
from collections.abc import Iterator

from igfleet import clock


class TimeIsOver(OSError):
    """The request's time was over before it could be sent."""


class SentTwice(OSError):
    """A second request where only one was allowed: it was not sent."""


class Wire:
    """The state of one transport. One request at a time; its total time is limited however slowly bytes trickle."""

    def __init__(self) -> None:
        self.has_left = False
        """Whether a byte of the request itself may have left. A connection, tunnel or handshake is not one."""
        self.is_late = False
        """Whether the request was cut off because its time was over."""
        self._only_one = False
        self._calls = 0
        self._ends_at = 0.0
        self._handle: socket.socket | None = None
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def only_one(self) -> Iterator["Wire"]:
        """Within it a single request is let through, whatever the library above decides to repeat."""
        self._only_one, self._calls, self.has_left = True, 0, False
        try:
            yield self
        finally:
            self._only_one = False

    @contextlib.contextmanager
    def call(self, limit_s: float) -> Iterator[None]:
        """One request, ended after `limit_s` by closing its connection under it."""
        self._begin(limit_s)
        alarm = threading.Timer(limit_s, self._cut)
        alarm.daemon = True
        alarm.start()
        try:
            yield
        finally:
            alarm.cancel()
            self._let_go()

    def opened(self, connection: socket.socket) -> None:
        """A connection is being made: from here on it can be cut. Raises `TimeIsOver`."""
        with self._lock:
            self._raise_if_late()
            self._drop_handle()
            self._handle = socket.socket(fileno=os.dup(connection.fileno()))

    def starts(self) -> None:
        """The first byte of the request is about to leave. Raises `TimeIsOver` instead when it is too late."""
        with self._lock:
            self._raise_if_late()
            self.has_left = True

    def _begin(self, limit_s: float) -> None:
        self._calls += 1
        if self._only_one and self._calls > 1:
            raise SentTwice("a second request was held back")
        self.has_left = self.is_late = False
        self._ends_at = clock.boot_seconds() + limit_s

    def _raise_if_late(self) -> None:
        if self.is_late or clock.boot_seconds() >= self._ends_at:
            self.is_late = True
            raise TimeIsOver("the time for this request is over")

    def _cut(self) -> None:
        with self._lock:
            self.is_late = True
            if self._handle is not None:
                with contextlib.suppress(OSError):
                    self._handle.shutdown(socket.SHUT_RDWR)

    def _let_go(self) -> None:
        with self._lock:
            self._drop_handle()

    def _drop_handle(self) -> None:
        if self._handle is not None:
            self._handle.close()
            self._handle = None
