"""How requests leave: through the proxy or not at all, each sent once, each with a limited time."""

import contextlib
import functools
import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import select_proxy
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool

from igfleet.instagram.adapters.wire import Wire

HOSTS = ("https://i.instagram.com", "https://b.i.instagram.com", "https://www.instagram.com")
"""Where the library sends to. Longer than its own mount points, so it cannot mount over them."""
_CONNECT_S = 10.0
_READ_S = 30.0
_LIMIT_S = 90.0
_REQUEST_TIMEOUT = 408


class SendOnce(HTTPAdapter):
    """A transport of one account that never repeats a request by itself.

    The body is read before `send` returns and any break in it is a `requests.ConnectionError`, so that the library
    above does not take it for a read that may be repeated. An answer 408, which it would answer by sending again, is a
    `requests.ReadTimeout`.
    """

    def __init__(self) -> None:
        self.wire = Wire()
        self._limit_s = _LIMIT_S
        super().__init__(max_retries=0, pool_connections=4, pool_maxsize=2)

    @contextlib.contextmanager
    def within(self, limit_s: float) -> Iterator[None]:
        """Another total limit for the requests inside."""
        before, self._limit_s = self._limit_s, limit_s
        try:
            yield
        finally:
            self._limit_s = before

    def forget_connections(self) -> None:
        """Make the next request open a connection of its own: a kept one may be dead already."""
        self.poolmanager.clear()
        for manager in self.proxy_manager.values():
            manager.clear()

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:  # base class's signature
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = {"https": functools.partial(_WatchedPool, wire=self.wire)}
        return manager

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        if not select_proxy(request.url or "", dict(proxies or {})):
            raise requests.exceptions.ProxyError("no proxy is set, and nothing leaves without one")
        with self.wire.call(self._limit_s):
            try:
                answer = super().send(request, False, timeout or (_CONNECT_S, _READ_S), verify, cert, proxies)
            except requests.exceptions.ProxyError as error:
                raise self._blamed_rightly(error) from error
            _read_whole(answer)
        if answer.status_code == _REQUEST_TIMEOUT:
            raise requests.exceptions.ReadTimeout("Instagram answered 408 Request Timeout", request=request)
        return answer

    def _blamed_rightly(self, error: requests.exceptions.ProxyError) -> requests.ConnectionError:
        """A break after the request had left is not the proxy's refusal, though urllib3 calls it so."""
        if self.wire.has_left:
            return requests.ConnectionError("the connection broke after the request was sent")
        return error


def mounted(*sessions: requests.Session) -> SendOnce:
    """One send-once transport for all sessions of a client, proof against the library's own mounting."""
    transport = SendOnce()
    for session in sessions:
        session.trust_env = False
        session.max_redirects = 0
        for host in HOSTS:
            session.mount(host, transport)
    return transport


def _read_whole(answer: requests.Response) -> None:
    try:
        _ = answer.content
    except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError, ssl.SSLError) as error:
        raise requests.ConnectionError(f"{type(error).__name__}: the answer was cut short") from error


class _WatchedConnection(HTTPSConnection):
    wire: Wire

    def _new_conn(self) -> socket.socket:
        connection = super()._new_conn()
        self.wire.opened(connection)
        return connection

    def request(self, *args: Any, **kwargs: Any) -> None:  # base class's signature
        if self.sock is not None:
            self.wire.opened(self.sock)
        self.wire.starts()
        super().request(*args, **kwargs)


class _WatchedPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedConnection

    def __init__(self, *args: Any, wire: Wire, **kwargs: Any) -> None:  # base class's signature
        self._wire = wire
        super().__init__(*args, **kwargs)

    def _new_conn(self) -> Any:  # base class's signature
        connection = super()._new_conn()
        connection.wire = self._wire  # type: ignore[attr-defined]  # ConnectionCls is ours
        return connection
