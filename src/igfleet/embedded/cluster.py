"""A data folder of PostgreSQL: making it, and telling whether a server lives on it."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil

from igfleet.embedded import unprivileged
from igfleet.errors import SetupError

USER = "igfleet"
_INITDB_TIMEOUT_S = 120
_ORPHANS_TIMEOUT_S = 10


def command(binaries: Path, program: str, *arguments: str) -> list[str]:
    """The command line that runs a PostgreSQL program, as root through the user namespace."""
    line = [str(binaries / program), *arguments]
    if os.geteuid() == 0:
        return [sys.executable, "-I", "-S", unprivileged.__file__, *line]
    return line


def initialise(binaries: Path, data: Path) -> None:
    """Make the data folder, whole or not at all. Raises `SetupError`."""
    if (data / "PG_VERSION").exists():
        return
    fresh = data.with_name(data.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    options = ["-D", str(fresh), "-U", USER, "-E", "UTF8", "--auth=trust", "--no-instructions", *_locale(binaries)]
    done = subprocess.run(
        command(binaries, "initdb", *options),
        capture_output=True,
        text=True,
        timeout=_INITDB_TIMEOUT_S,
        env=environment(),
        check=False,
    )
    if done.returncode:
        raise SetupError(f"The database could not be made in {data}: {_last_line(done.stderr)}. {_ADVICE}")
    fresh.rename(data)


_ADVICE = "Use a PostgreSQL of your own with DATABASE_URL, or start igfleet as a user that is not root."


def environment() -> dict[str, str]:
    """The environment of the server: nothing of the caller's PG… settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def server_pid(data: Path) -> int | None:
    """The pid of the living server of this data folder."""
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
    return pid if _lives_in(pid, data) else None


def is_ready(data: Path) -> bool:
    """Whether the living server takes connections."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"


def clear_after_crash(data: Path) -> None:
    """Wait until the processes of a killed server are gone, then remove what it left. Raises `SetupError`."""
    left = data / "postmaster.pid"
    if not left.exists():
        return
    end = time.monotonic() + _ORPHANS_TIMEOUT_S
    while orphans := [process.pid for process in psutil.process_iter() if _lives_in(process.pid, data)]:
        if time.monotonic() > end:
            raise SetupError(f"Processes of an earlier database server do not end: {orphans}. Stop them by hand.")
        time.sleep(0.05)
    left.unlink(missing_ok=True)


def _lives_in(pid: int, data: Path) -> bool:
    try:
        process = psutil.Process(pid)
        alive = process.status() != psutil.STATUS_ZOMBIE
        return alive and process.name().startswith("postgres") and Path(process.cwd()) == data.resolve()
    except (psutil.Error, OSError):
        return False


def _locale(binaries: Path) -> list[str]:
    shown = subprocess.run([binaries / "initdb", "--version"], capture_output=True, text=True, timeout=10, check=True)
    major = int(shown.stdout.split()[2].split(".")[0])
    if major >= 17:
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    return ["--locale=C"]


def _last_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1] if lines else "no message"
