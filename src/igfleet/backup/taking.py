"""Taking a backup, while everything goes on: the database at one moment, then the files that it names.

Files never change under their sha256, so only one that is deleted meanwhile can be missed: then nobody needs it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from igfleet import __version__
from igfleet.backup import tools
from igfleet.backup.archive import DATABASE, Manifest, Writer, written
from igfleet.ui.storage import Storage

_FACTS = """
SELECT now(), (SELECT version_num FROM alembic_version),
  (SELECT coalesce(array_agg(DISTINCT master_key_id), '{}') FROM data_keys),
  (SELECT place || ':' || encode(hash, 'hex') FROM audit_seals ORDER BY place DESC LIMIT 1)
"""
_FILES = "SELECT sha256 FROM media UNION SELECT sha256 FROM evidence ORDER BY 1"
_IS_WANTED = (
    "SELECT EXISTS (SELECT FROM media WHERE sha256 = %(it)s) OR EXISTS (SELECT FROM evidence WHERE sha256 = %(it)s)"
)
_NOTE = """
INSERT INTO audit (actor, action, subject, facts) VALUES ('cli', 'backup_made', 'system', jsonb_build_object(
  'taken_at', %s::timestamptz, 'media', %s::int, 'bytes', %s::bigint, 'absent', %s::int))
"""


@dataclass(frozen=True, slots=True)
class Taken:
    manifest: Manifest
    size_bytes: int

    @property
    def media(self) -> int:
        return sum(name.startswith("media/") and "." not in name for name in self.manifest.files)


def take(url: str, storage: Storage, out: Path) -> Taken:
    """Write the archive, as a whole or not at all, and note in the audit that there is one. Raises `SetupError`."""
    with written(out) as archive, psycopg.connect(url, connect_timeout=10) as connection:
        manifest = _take(connection, url, storage, archive, out.with_name(f".{out.name}.database"))
        archive.close(manifest)
    taken = Taken(manifest, out.stat().st_size)
    with psycopg.connect(url, connect_timeout=10) as connection:
        connection.execute(_NOTE, [manifest.taken_at, taken.media, taken.size_bytes, len(manifest.absent)])
    return taken


def _take(connection: "psycopg.Connection[Any]", url: str, storage: Storage, archive: Writer, dumped: Path) -> Manifest:
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    major = tools.major_of(connection)
    (snapshot,) = connection.execute("SELECT pg_export_snapshot()").fetchone() or ("",)
    facts = connection.execute(_FACTS).fetchone()
    assert facts is not None
    files = [str(row[0]) for row in connection.execute(_FILES)]
    try:
        tools.dump(url, str(snapshot), major, dumped)
        archive.add(DATABASE, dumped)
    finally:
        dumped.unlink(missing_ok=True)
    connection.rollback()  # from here on rows are as they are now
    connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
    absent = [sha256 for sha256 in files if not _add(archive, storage, sha256) and _is_wanted(connection, sha256)]
    return Manifest(
        igfleet=__version__,
        taken_at=facts[0],
        postgres=major,
        migration=facts[1],
        master_keys=tuple(facts[2]),
        audit_head=facts[3] or "",
        files=archive.files,
        absent=tuple(absent),
    )


def _add(archive: Writer, storage: Storage, sha256: str) -> bool:
    """Whether the file was there and is what its name says. Its thumbnail goes with it."""
    if not storage.has(sha256):
        return False
    try:
        entry = archive.add(f"media/{sha256}", storage.path(sha256))
    except FileNotFoundError:
        return False
    thumbnail = storage.thumbnail(sha256)
    if thumbnail.is_file():
        archive.add(f"media/{sha256}.jpg", thumbnail)
    return entry.sha256 == sha256


def _is_wanted(connection: "psycopg.Connection[Any]", sha256: str) -> bool:
    row = connection.execute(_IS_WANTED, {"it": sha256}).fetchone()
    return bool(row and row[0])
