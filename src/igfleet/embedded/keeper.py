"""Starts the embedded server again when it has died under those who use it."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Protocol

from igfleet import backoff, clock, log
from igfleet.errors import SetupError

_log = log.get(__name__)
_LOOK = timedelta(seconds=1)
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=1), timedelta(seconds=30)
_MOST = 5
_WITHIN_S = 600.0
"""A server that has to be started more often within this time is left to a person."""


class Server(Protocol):
    """What is kept running."""

    @property
    def pid(self) -> int | None:
        """None when it does not run."""

    def revive(self) -> bool:
        """Start it if it does not run; whether it was this call that did. Raises `SetupError`."""


@contextmanager
def kept(server: Server, *, look: timedelta = _LOOK, first_wait: timedelta = _FIRST_WAIT) -> Iterator[None]:
    """Within the block the server is started again whenever it is gone, up to five times in ten minutes."""
    ended = threading.Event()
    keeper = threading.Thread(target=_keep, args=(server, ended, look, first_wait), name="database", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()


def _keep(server: Server, ended: threading.Event, look: timedelta, first_wait: timedelta) -> None:
    tries: deque[float] = deque(maxlen=_MOST)
    while not ended.wait(look.total_seconds()):
        if server.pid is not None:
            continue
        now = clock.boot_seconds()
        if len(tries) == _MOST and now - tries[0] < _WITHIN_S:
            _log.error("database_server_given_up", tries=_MOST, mend="read its log, mend it, then start igfleet again")
            return
        recent = sum(now - at < _WITHIN_S for at in tries)
        if recent and ended.wait(backoff.delay(recent, first=first_wait, most=_LONGEST_WAIT).total_seconds()):
            return
        tries.append(now)
        _revive(server)


def _revive(server: Server) -> None:
    _log.warning("database_server_gone", now="it is started again")
    try:
        if server.revive():
            _log.warning("database_server_started_again")
    except (SetupError, OSError) as error:
        _log.error("database_server_not_started", error=str(error))
