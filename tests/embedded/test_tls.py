"""TLS to a PostgreSQL elsewhere: asked for by its address, kept by both of the libraries that connect, told by doctor.

The embedded server has no TLS; the distribution's has.
"""

import asyncio
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from igfleet.embedded import cluster
from igfleet.errors import SetupError
from igfleet.sandbox.ca import Authority
from igfleet.settings import UiSettings, load
from igfleet.ui.bus import Bus
from igfleet.ui.db import Database
from igfleet.ui.system.checks import Grade, judged, of_database

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server that speaks TLS on loopback: its address, and the authority of its certificate."""
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority(folder / "authority")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda found: int(found.parent.name))
    assert folders, "apt-get install postgresql"
    leaf, binaries, data = folder / "authority" / "leaf.pem", folders[-1], folder / "data"
    cluster.initialise(binaries, data)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "", "fsync": "off"}
    options |= {"ssl": "on", "ssl_cert_file": leaf, "ssl_key_file": leaf}
    said = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    command = cluster.command(binaries, "postgres", "-D", str(data), *said)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=cluster.environment())
    try:
        end = time.monotonic() + 60
        while not cluster.is_ready(data):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < end
            time.sleep(0.02)
        yield f"postgresql://{cluster.USER}@127.0.0.1:{port}/postgres", authority.file
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def _asking(server: tuple[str, Path], mode: str, authority: Path | None = None) -> str:
    return f"{server[0]}?sslmode={mode}&sslrootcert={quote(str(authority or server[1]))}"


async def _is_encrypted(url: str) -> bool:
    database = Database(url)
    try:
        async with database.transaction() as connection:
            found: bool = await connection.fetchval("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
            return found
    finally:
        await database.close()


async def test_the_ui_s_connections_are_as_safe_as_their_address_asks(server: tuple[str, Path]) -> None:
    assert await _is_encrypted(_asking(server, "verify-full"))
    assert not await _is_encrypted(_asking(server, "disable"))


async def test_a_server_whose_certificate_is_anothers_is_not_spoken_to(
    server: tuple[str, Path], tmp_path: Path
) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        await _is_encrypted(_asking(server, "verify-full", Authority(tmp_path).file))


async def test_what_changes_is_heard_over_tls(server: tuple[str, Path]) -> None:
    bus = Bus(_asking(server, "verify-full"))
    await bus.start()
    try:
        async with bus.changes() as changes, asyncio.timeout(30):
            bus.tell("task", 7)
            assert (await changes.get()).key == 7
    finally:
        await bus.stop()


def test_doctor_tells_whether_the_certificate_is_checked(server: tuple[str, Path]) -> None:
    url = _asking(server, "verify-full")
    settings = load(UiSettings, DATABASE_URL=url)

    told = next(one for one in of_database(settings, url) if one.name == "connection")

    assert (told.grade, told.found.partition(",")[2]) == (Grade.OK, " and its certificate is checked")


def test_what_goes_to_another_machine_in_the_clear_is_bad() -> None:
    grades = [
        judged(tls, mode, is_near=is_near).grade
        for tls, mode, is_near in (
            ("", "disable", True),
            ("", "prefer", False),
            ("TLSv1.3", "require", False),
            ("TLSv1.3", "verify-full", False),
        )
    ]

    assert grades == [Grade.OK, Grade.BAD, Grade.NOTE, Grade.OK]


def test_an_sslmode_that_there_is_not_is_refused_at_the_start() -> None:
    with pytest.raises(SetupError, match="DATABASE_URL: its sslmode must be one of disable"):
        load(UiSettings, DATABASE_URL="postgresql://nobody@db.example.com/igfleet?sslmode=on")
