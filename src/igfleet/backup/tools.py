"""PostgreSQL's own programs, and databases beside the one that is named."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy.engine import make_url

from igfleet.embedded.locator import find_program
from igfleet.errors import SetupError

_LONGEST_S = 12 * 3600
_UNSHARED = ("--no-owner", "--no-privileges")
"""Whoever brings it back owns it."""


def dump(url: str, snapshot: str, major: int, out: Path) -> None:
    """The database as it was at this snapshot. Raises `SetupError`."""
    words = ("--format=custom", f"--snapshot={snapshot}", *_UNSHARED, f"--file={out}")
    _run(find_program("pg_dump", major), words, url)


def load(url: str, major: int, dumped: Path) -> None:
    """Fill an empty database. Raises `SetupError`."""
    words = ("--exit-on-error", "--single-transaction", *_UNSHARED, str(dumped))
    _run(find_program("pg_restore", major), words, url)


def major_of(connection: "psycopg.Connection[object]") -> int:
    return connection.info.server_version // 10_000


def name_of(url: str) -> str:
    """The database that an address names."""
    name = make_url(url).database
    if not name:
        raise SetupError("DATABASE_URL: names no database. Example: postgresql://user@host/igfleet")
    return name


def beside(url: str, name: str) -> str:
    """Another database of the same server."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def make_database(url: str, name: str) -> None:
    """An empty one beside. Raises `SetupError`."""
    try:
        with psycopg.connect(beside(url, "postgres"), autocommit=True, connect_timeout=10) as admin:
            admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise SetupError(
            f"A database cannot be made beside {name_of(url)} ({reason}). The user of the address needs the right to "
            "make databases while it restores: ALTER ROLE … CREATEDB."
        ) from error


def drop_database(url: str, name: str) -> None:
    """Safe to repeat."""
    with psycopg.connect(beside(url, "postgres"), autocommit=True, connect_timeout=10) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def put_in_place(url: str, fresh: str, aside: str) -> None:
    """The fresh database takes the name that the address says; the one that had it is called `aside` from now on."""
    name = name_of(url)
    with psycopg.connect(beside(url, "postgres"), autocommit=True, connect_timeout=10) as admin:
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        admin.execute(rename.format(sql.Identifier(name), sql.Identifier(aside)))
        try:
            admin.execute(rename.format(sql.Identifier(fresh), sql.Identifier(name)))
        except psycopg.Error:
            admin.execute(rename.format(sql.Identifier(aside), sql.Identifier(name)))
            raise


def _run(program: Path, words: Sequence[str], url: str) -> None:
    """The password goes by the environment: a command line is everybody's to read."""
    where = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    password = where.pop("password", None)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    if password is not None:
        environment["PGPASSWORD"] = password
    done = subprocess.run(
        [program, *words, f"--dbname={make_conninfo('', **where)}"],
        capture_output=True,
        text=True,
        timeout=_LONGEST_S,
        env=environment,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise SetupError(f"{program.name} failed: {lines[-1] if lines else 'it says nothing'}")
