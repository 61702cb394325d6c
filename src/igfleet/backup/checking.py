"""Is a backup good? Everything is tried out on a server of its own that is gone afterwards; nothing live is touched."""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
from alembic.script import ScriptDirectory

from igfleet.backup import tools
from igfleet.backup.archive import DATABASE, Manifest, contents, manifest_of, wrong_files
from igfleet.embedded import EmbeddedPostgres
from igfleet.errors import Conflict, IgfleetError
from igfleet.settings import UiSettings
from igfleet.ui import migrating
from igfleet.ui.audit import chain
from igfleet.ui.db import Database
from igfleet.ui.sealing.ring import Ring
from igfleet.ui.system.checks import Finding, Grade
from igfleet.ui.vault import Vault

_SHOWN = 5
_FILES = "SELECT sha256 FROM media UNION SELECT sha256 FROM evidence"


def findings(settings: UiSettings, path: Path) -> Iterator[Finding]:
    """All checks, in the order in which they build on one another. Raises `Invalid` for what is no archive."""
    manifest = manifest_of(path)
    yield Finding("manifest", Grade.OK, f"taken at {manifest.taken_at:%Y-%m-%d %H:%M:%S} by igfleet {manifest.igfleet}")
    wrong = wrong_files(path, manifest)
    yield _files(manifest, wrong)
    yield _tried("master key", lambda: _master_key(settings, manifest))
    yield _tried("migrations", lambda: _migrations(manifest))
    if any(one.startswith(DATABASE) for one in wrong):
        return
    with tempfile.TemporaryDirectory(prefix="igfleet-verify-") as scratch:
        yield from _in_scratch(settings, path, manifest, Path(scratch))


def require_key(settings: UiSettings, manifest: Manifest) -> None:
    """Raises `SetupError` when a key is missing that something in it was sealed with."""
    ring = Ring.from_settings(settings)
    for key_id in manifest.master_keys:
        if not ring.knows(key_id):
            raise ring.refuse(key_id)


def require_known(manifest: Manifest) -> None:
    """Raises `Conflict` for tables that this igfleet does not know."""
    known = {one.revision for one in ScriptDirectory.from_config(migrating.config_of("")).walk_revisions()}
    if manifest.migration not in known:
        raise Conflict(
            f"Its tables are at {manifest.migration}, which this igfleet does not know: it was taken by a newer one "
            f"({manifest.igfleet}). Use that."
        )


def unpack_database(path: Path, into: Path) -> Path:
    """The dump as a file of its own."""
    dumped = into / DATABASE
    for name, file in contents(path):
        if name == DATABASE:
            with dumped.open("wb") as out:
                while chunk := file.read(1024**2):
                    out.write(chunk)
            break
    return dumped


def _files(manifest: Manifest, wrong: list[str]) -> Finding:
    if wrong:
        more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        return Finding("files", Grade.BAD, "; ".join(wrong[:_SHOWN]) + more, "Use another backup.")
    size = sum(entry.size_bytes for entry in manifest.files.values())
    found = f"{len(manifest.files)} files, {size / 1024**2:,.1f} MB, all as they were written"
    if manifest.absent:
        gone = f"; of {len(manifest.absent)} media the bytes were gone already when it was taken"
        return Finding("files", Grade.NOTE, found + gone, "Upload them again after a restore.")
    return Finding("files", Grade.OK, found)


def _master_key(settings: UiSettings, manifest: Manifest) -> Finding:
    require_key(settings, manifest)
    return Finding("master key", Grade.OK, f"{', '.join(manifest.master_keys) or 'none needed'}")


def _migrations(manifest: Manifest) -> Finding:
    require_known(manifest)
    return Finding("migrations", Grade.OK, f"at {manifest.migration}")


def _in_scratch(settings: UiSettings, path: Path, manifest: Manifest, scratch: Path) -> Iterator[Finding]:
    with EmbeddedPostgres(scratch, durable=False).running() as server:
        url = server.dsn()
        loaded = _tried("database", lambda: _load(url, path, scratch))
        yield loaded
        if loaded.grade is Grade.BAD:
            return
        yield _tried("library", lambda: _library(url, manifest))
        yield _tried("secrets", lambda: asyncio.run(_secrets(settings, url)))
        yield _tried("audit", lambda: asyncio.run(_audit(url, manifest)))


def _load(url: str, path: Path, scratch: Path) -> Finding:
    with psycopg.connect(url, connect_timeout=10) as connection:
        major = tools.major_of(connection)
    tools.load(url, major, unpack_database(path, scratch))
    with psycopg.connect(url, connect_timeout=10) as connection:
        row = connection.execute("SELECT (SELECT count(*) FROM accounts), (SELECT count(*) FROM posts)").fetchone()
    assert row is not None
    return Finding("database", Grade.OK, f"restored on a server of its own: {row[0]:,} accounts, {row[1]:,} posts")


def _library(url: str, manifest: Manifest) -> Finding:
    with psycopg.connect(url, connect_timeout=10) as connection:
        wanted = {str(row[0]) for row in connection.execute(_FILES)} - set(manifest.absent)
    missing = [sha256 for sha256 in wanted if f"media/{sha256}" not in manifest.files]
    if missing:  # deleted while it was taken
        return Finding("library", Grade.NOTE, f"{len(missing)} of {len(wanted)} files were deleted while it was taken")
    return Finding("library", Grade.OK, f"each of its {len(wanted)} files is there")


async def _secrets(settings: UiSettings, url: str) -> Finding:
    database, vault = Database(url), Vault(Ring.from_settings(settings))
    try:
        async with database.sessions() as session:
            good, damaged = await vault.try_all(session)
    finally:
        await database.close()
    if damaged:
        shown = ", ".join(damaged[:_SHOWN])
        return Finding("secrets", Grade.BAD, f"{len(damaged)} of {good + len(damaged)} do not open: {shown}")
    return Finding("secrets", Grade.OK, f"all {good:,} open")


async def _audit(url: str, manifest: Manifest) -> Finding:
    database = Database(url)
    try:
        async with database.sessions() as session:
            noted = chain.read_head(manifest.audit_head) if manifest.audit_head else None
            verdict = await chain.verify(session, noted)
    finally:
        await database.close()
    if not verdict.is_sound:
        return Finding("audit", Grade.BAD, "; ".join(verdict.wrong[:_SHOWN]))
    return Finding("audit", Grade.OK, f"{verdict.entries:,} entries, all as they were written")


def _tried(name: str, check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except (IgfleetError, psycopg.Error) as error:
        return Finding(name, Grade.BAD, str(error).strip().splitlines()[0])
