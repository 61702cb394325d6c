"""What `igfleet doctor` and the page System look at: one check each, with the mend."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address

import psycopg

from igfleet import clock
from igfleet.browser import locate_browser
from igfleet.errors import IgfleetError
from igfleet.media.ffmpeg import locate_ffmpeg
from igfleet.settings import UiSettings
from igfleet.ui import migrating, restricted
from igfleet.ui.migrating import Status
from igfleet.ui.sealing.ring import Ring

_CLOCK_TOLERANCE_S = 5
_LITTLE_BYTES = 1024**3


class Grade(StrEnum):
    OK = "ok"
    NOTE = "note"
    """Works, but something is missing that some tasks need."""
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, and what mends it."""

    name: str
    grade: Grade
    found: str
    mend: str = ""


def of_database(settings: UiSettings, url: str) -> Iterator[Finding]:
    """What has to do with the database, which answers at this address. Raises `SetupError` when it does not."""
    status = migrating.status(url)
    yield Finding("database", Grade.OK, "PostgreSQL answers" if settings.database_url else "embedded PostgreSQL")
    yield _migrations(settings, status)
    yield _checked("connection", lambda: _connection(url))
    if status.is_at_head:
        yield _checked("audit", lambda: _audit(url))
    yield _checked("clock", lambda: _clock(url))
    yield _checked("master key", lambda: _master_key(settings, url))


def of_machine(settings: UiSettings) -> Iterator[Finding]:
    """What has to do with this machine."""
    yield _checked("ffmpeg", lambda: _ffmpeg(settings))
    yield _browser(settings)
    yield _checked("disk", lambda: _disk(settings))


def _migrations(settings: UiSettings, found: Status) -> Finding:
    if found.is_at_head:
        return Finding("migrations", Grade.OK, f"at {found.current}")
    if found.current is None and settings.database_url is None:
        return Finding("migrations", Grade.OK, "a new database; the first command makes its tables")
    return Finding("migrations", Grade.BAD, f"at {found.current or 'nothing'}, not {found.head}", "igfleet db upgrade")


def _audit(url: str) -> Finding:
    found = restricted.standing(url)
    if not found.may_change_audit:
        return Finding("audit", Grade.OK, f"igfleet works as {found.role}, which cannot change it")
    mend = "igfleet db role makes one that cannot, and says what to set."
    return Finding("audit", Grade.NOTE, f"igfleet works as {found.role}, which could change it", mend)


def _connection(url: str) -> Finding:
    with psycopg.connect(url, connect_timeout=10) as connection:
        row = connection.execute("SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl").fetchone()
        mode = connection.info.get_parameters().get("sslmode", "")
        host, address = connection.info.host, connection.info.hostaddr
    is_near = host.startswith("/") or ip_address(address).is_loopback
    return judged(str(row[0]) if row else "", mode, is_near=is_near)


def judged(tls: str, mode: str, *, is_near: bool) -> Finding:
    """How safe the way to the database is. `tls` is its version, empty when there is none; `mode` its `sslmode`."""
    name, certified = "connection", mode in ("verify-ca", "verify-full")
    if tls and certified:
        return Finding(name, Grade.OK, f"{tls}, and its certificate is checked")
    if is_near:
        return Finding(name, Grade.OK, "the database is on this machine")
    mend = "Add ?sslmode=verify-full&sslrootcert=FILE to DATABASE_URL (docs/database.md)."
    if tls:
        return Finding(name, Grade.NOTE, f"{tls}, and nobody checks whose: somebody else may answer", mend)
    return Finding(name, Grade.BAD, "everything goes to another machine in the clear", mend)


def _clock(url: str) -> Finding:
    """Deadlines follow the database's clock, one-time codes follow this machine's."""
    with psycopg.connect(url, connect_timeout=10) as connection:
        row = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone()
    apart = abs(clock.now().timestamp() - (row[0] if row else 0.0))
    if apart <= _CLOCK_TOLERANCE_S:
        return Finding("clock", Grade.OK, f"{apart:.1f} s from the database's")
    mend = "Set the time (NTP): one-time codes are refused otherwise."
    return Finding("clock", Grade.BAD, f"{apart:.0f} s from the database's", mend)


def _master_key(settings: UiSettings, url: str) -> Finding:
    ring = Ring.from_settings(settings)
    with psycopg.connect(url, connect_timeout=10) as connection:
        known = connection.execute("SELECT to_regclass('data_keys') IS NOT NULL").fetchone()
        query = "SELECT DISTINCT master_key_id FROM data_keys"
        used = [row[0] for row in connection.execute(query)] if known and known[0] else []
    unknown = next((key_id for key_id in used if not ring.knows(key_id)), None)
    if unknown is not None:
        raise ring.refuse(unknown)
    earlier = set(used) - {ring.present().id}
    if earlier:
        found = f"key {ring.present().id}, and some data keys are still wrapped by {', '.join(sorted(earlier))}"
        return Finding("master key", Grade.NOTE, found, "igfleet keys rotate")
    return Finding("master key", Grade.OK, f"key {ring.present().id}")


def _ffmpeg(settings: UiSettings) -> Finding:
    path = locate_ffmpeg(settings.ffmpeg)
    shown = subprocess.run(  # our own argument list
        [path, "-version"], capture_output=True, text=True, timeout=20, check=True, stdin=subprocess.DEVNULL
    )
    return Finding("ffmpeg", Grade.OK, f"{' '.join(shown.stdout.split()[:3])} at {path}")


def _browser(settings: UiSettings) -> Finding:
    path = locate_browser(settings.chromium)
    if path is not None:
        return Finding("browser", Grade.OK, str(path))
    mend = "Only the method playwright needs it: playwright install chromium, or set IGFLEET_CHROMIUM."
    grade = Grade.BAD if settings.chromium else Grade.NOTE
    return Finding("browser", grade, f"no program at {settings.chromium}" if settings.chromium else "none found", mend)


def _disk(settings: UiSettings) -> Finding:
    folder = settings.data_dir
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    found = f"{free / 1024**3:.1f} GB free at {folder}"
    if not os.access(folder, os.W_OK):
        return Finding("disk", Grade.BAD, f"{folder} cannot be written", "Set IGFLEET_DATA_DIR to a folder of yours.")
    if free < _LITTLE_BYTES:
        return Finding("disk", Grade.BAD, found, "Free some space, or set IGFLEET_DATA_DIR to another disk.")
    return Finding("disk", Grade.OK, found)


def _checked(name: str, check: Callable[[], Finding]) -> Finding:
    """The check's finding; what goes wrong in it is the finding."""
    try:
        return check()
    except (IgfleetError, OSError, subprocess.SubprocessError) as error:
        return Finding(name, Grade.BAD, str(error).splitlines()[0], _MENDS.get(name, ""))


_MENDS = {
    "ffmpeg": "Install ffmpeg, or set IGFLEET_FFMPEG.",
    "master key": "Give the right MASTER_KEY, or make IGFLEET_DATA_DIR writable.",
}
