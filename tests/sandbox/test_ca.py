"""The sandbox's authority is good enough for the strictest client."""

import socket
import ssl
from pathlib import Path
from threading import Thread

import pytest

from igfleet.sandbox.ca import Authority


@pytest.mark.parametrize("name", ["i.instagram.com", "scontent.cdninstagram.com", "b.i.instagram.com"])
def test_a_client_that_checks_strictly_trusts_it(tmp_path: Path, name: str) -> None:
    authority = Authority(tmp_path / "ca")
    client = ssl.create_default_context(cafile=authority.file)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    here, there = socket.socketpair()

    def serve() -> None:
        with authority.server_context().wrap_socket(there, server_side=True) as served:
            served.sendall(b"hello")

    server = Thread(target=serve)
    server.start()
    with client.wrap_socket(here, server_hostname=name) as trusted:
        assert trusted.recv(5) == b"hello"
    server.join()


def test_nobody_else_trusts_it(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="i.instagram.com")
    forward, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = authority.server_context().wrap_bio(forward, back, server_side=True)
    _advance(client)
    forward.write(outgoing.read())
    _advance(server)
    incoming.write(back.read())

    with pytest.raises(ssl.SSLCertVerificationError):
        _advance(client)


def _advance(side: ssl.SSLObject) -> None:
    try:
        side.do_handshake()
    except ssl.SSLWantReadError:
        return
