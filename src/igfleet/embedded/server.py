"""The embedded server: started by the first process that needs it, stopped by the last one that leaves."""

import contextlib
import fcntl
import hashlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Self
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from igfleet.embedded import cluster
from igfleet.embedded.locator import find_binaries
from igfleet.errors import SetupError

_READY_TIMEOUT_S = 60
_STOP_TIMEOUT_S = 20
_LOG_MAX_BYTES = 5 * 1024**2
_SOCKET_PATH_MAX = 90
"""The kernel allows 107 bytes; `/.s.PGSQL.5432` takes 14."""


class EmbeddedPostgres:
    """A PostgreSQL server on `<folder>/postgres`, reached by a unix socket only its owner can open.

    Processes share it: each holds a shared lock on `users.lock`, which the kernel drops when the process dies. Who
    leaves and finds nobody else stops the server, so neither a crash nor an overlap of commands leaves one behind or
    takes it away from another.
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self._home = folder.absolute() / "postgres"
        self._data = self._home / "data"
        self._durable = durable
        self._users: IO[str] | None = None

    @contextlib.contextmanager
    def running(self) -> Iterator[Self]:
        """The server runs within the block."""
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def start(self) -> None:
        """Start the server or join the running one. Raises `SetupError`."""
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        users = self._open("users.lock")
        with self._turn():
            fcntl.flock(users, fcntl.LOCK_SH)
            self._users = users
            try:
                self._ensure_running()
            except BaseException:
                self._leave()
                raise

    def revive(self) -> bool:
        """Start the server that has died meanwhile; whether there was a need. Raises `SetupError`."""
        with self._turn():
            if self._users is None or self.pid is not None:
                return False
            self._ensure_running()
            return True

    def stop(self) -> None:
        """Leave; stop the server when nobody else uses it. Safe to repeat."""
        if self._users is None:
            return
        with self._turn():
            self._leave()

    def dsn(self, database: str = "igfleet") -> str:
        """The address for asyncpg, psycopg and SQLAlchemy. The database is made when it is not there."""
        self._ensure_database(database)
        return self._address(database)

    @property
    def pid(self) -> int | None:
        """The pid of the server, None when it does not run."""
        return cluster.server_pid(self._data)

    def _ensure_running(self) -> None:
        if self.pid is None:
            binaries = find_binaries()
            cluster.clear_after_crash(self._data)
            cluster.initialise(binaries, self._data)
            self._launch(binaries)
        else:
            self._wait_ready(None)

    def _launch(self, binaries: Path) -> None:
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._socket_folder()),
            "unix_socket_permissions": "0700",
            "max_connections": "100",
            "shared_buffers": "64MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if not self._durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        settings = [text for name, value in options.items() for text in ("-c", f"{name}={value}")]
        with self._log() as log:
            process = subprocess.Popen(
                cluster.command(binaries, "postgres", "-D", str(self._data.resolve()), *settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=cluster.environment(),
                start_new_session=True,
            )
        self._wait_ready(process)

    def _wait_ready(self, process: subprocess.Popen[bytes] | None) -> None:
        end = time.monotonic() + _READY_TIMEOUT_S
        while not (self.pid and cluster.is_ready(self._data)):
            if process is not None and process.poll() is not None:
                raise SetupError(f"The database server ended at once: {self._last_words()}. See {self._log_path}")
            if time.monotonic() > end:
                raise SetupError(f"The database server is not ready after {_READY_TIMEOUT_S} s. See {self._log_path}")
            time.sleep(0.02)

    def _ensure_database(self, name: str) -> None:
        with psycopg.connect(self._address("postgres"), autocommit=True, connect_timeout=10) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return
            with contextlib.suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def _leave(self) -> None:
        users, self._users = self._users, None
        if users is None:
            return
        with users:
            fcntl.flock(users, fcntl.LOCK_UN)
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            self._shut_down()

    def _shut_down(self) -> None:
        """Fast shutdown; at once when that takes too long."""
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            pid = self.pid
            if pid is None:
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            self._wait_gone(pid)

    def _wait_gone(self, pid: int) -> None:
        with contextlib.suppress(psutil.Error):
            psutil.Process(pid).wait(_STOP_TIMEOUT_S)

    def _address(self, database: str) -> str:
        return f"postgresql://{cluster.USER}@/{database}?host={quote(str(self._socket_folder()), safe='/')}"

    def _socket_folder(self) -> Path:
        """Beside the data, or below the temporary folder when that path is too long for a socket."""
        if len(os.fsencode(self._home)) <= _SOCKET_PATH_MAX:
            return self._home
        name = hashlib.sha256(os.fsencode(self._home)).hexdigest()[:16]
        short = Path(tempfile.gettempdir(), f"igfleet-{name}")
        short.mkdir(mode=0o700, exist_ok=True)
        if short.is_symlink() or short.stat().st_uid != os.getuid():
            raise SetupError(f"{short} belongs to somebody else. Choose a shorter IGFLEET_DATA_DIR.")
        return short

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """One process at a time starts or stops the server."""
        with self._open("turn.lock") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            yield

    def _open(self, name: str) -> IO[str]:
        return open(self._home / name, "a", opener=_private)

    @property
    def _log_path(self) -> Path:
        return self._home / "server.log"

    def _log(self) -> IO[str]:
        too_large = self._log_path.exists() and self._log_path.stat().st_size > _LOG_MAX_BYTES
        return open(self._log_path, "w" if too_large else "a", opener=_private)

    def _last_words(self) -> str:
        lines = self._log_path.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "no message"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
