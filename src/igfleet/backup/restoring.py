"""Bringing a backup back. The database is made beside the present one, made safe to work with, and only then takes its
name: whoever dies on the way leaves the present one as it was.
"""

import asyncio
import hashlib
import os
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psycopg
from psycopg import sql

from igfleet import clock
from igfleet.backup import tools
from igfleet.backup.archive import DATABASE, Manifest, contents, manifest_of, wrong_files
from igfleet.backup.checking import require_key, require_known, unpack_database
from igfleet.errors import Conflict, Invalid
from igfleet.settings import UiSettings
from igfleet.ui import migrating
from igfleet.ui.db import Database
from igfleet.ui.models import AuditEntry
from igfleet.ui.queue.taking_over import take_over
from igfleet.ui.schedule.recurring import pass_over
from igfleet.ui.storage import Storage

_KEPT = ("users", "accounts", "tasks", "media", "proxies")
"""A database in which none of these has a row was never worked with."""
_OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
_NO_LIMIT = 2**62
_WHY = "igfleet was restored from a backup: it may have been made already."


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it."""

    manifest: Manifest
    leases_ended: int
    unsent: int
    """Posts that are looked for before they are published."""
    doubtful: int
    """Posts that were under way, or in doubt, when the backup was taken."""
    passed_over: list[str]
    """Recurring tasks whose times since the backup were passed over."""
    aside: str | None
    """What the database is called that was here before."""


def restore(settings: UiSettings, url: str, path: Path, *, force: bool, tell: Callable[[str], None]) -> Restored:
    """Raises `Invalid`, `SetupError`, `Conflict`, each before anything is changed."""
    manifest = manifest_of(path)
    require_known(manifest)
    require_key(settings, manifest)
    is_empty = _check_target(url, force=force)
    tell("Reading the backup and comparing what it holds with its manifest …")
    if wrong := wrong_files(path, manifest):
        raise Invalid(f"{path} is damaged: {wrong[0]}. Nothing was restored.")
    fresh = f"{tools.name_of(url)}_{uuid.uuid4().hex[:8]}"
    tools.make_database(url, fresh)
    try:
        tell("Restoring the database …")
        figures, passed = _fill(settings, tools.beside(url, fresh), path, manifest)
        tell("Restoring the files …")
        asyncio.run(_put_files(path, Storage(settings.data_dir / "media", _NO_LIMIT)))
        _check_target(url, force=force)
        aside = f"{tools.name_of(url)}_before_{clock.now():%Y%m%d_%H%M%S}"
        tools.put_in_place(url, fresh, aside)
    finally:
        tools.drop_database(url, fresh)
    if is_empty:
        tools.drop_database(url, aside)
    return Restored(manifest, **figures, passed_over=passed, aside=None if is_empty else aside)


def _check_target(url: str, *, force: bool) -> bool:
    """Whether it is empty. Raises `Conflict` when it is in use, or not empty and `force` is not given."""
    with psycopg.connect(url, connect_timeout=10) as connection:
        row = connection.execute(_OTHERS).fetchone()
        if row is not None and row[0]:
            raise Conflict(f"The database is in use by {row[0]} other connections: stop every ui and command first.")
        holds = list(_holds(connection))
    if holds and not force:
        raise Conflict(
            f"The database is not empty: it holds {', '.join(holds)}. With --force it is put aside under another name."
        )
    return not holds


def _holds(connection: "psycopg.Connection[tuple[object, ...]]") -> Iterator[str]:
    tables = [str(row[0]) for row in connection.execute(_TABLES)]
    if tables and "alembic_version" not in tables:
        yield "tables of another program"
    for name in _KEPT:
        if name in tables:
            query = sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(name))
            found = connection.execute(query).fetchone()
            if found and found[0]:
                yield name


def _fill(settings: UiSettings, url: str, path: Path, manifest: Manifest) -> tuple[dict[str, int], list[str]]:
    with psycopg.connect(url, connect_timeout=10) as connection:
        major = tools.major_of(connection)
    with tempfile.TemporaryDirectory(prefix="igfleet-restore-", dir=settings.data_dir) as scratch:
        tools.load(url, major, unpack_database(path, Path(scratch)))
    migrating.upgrade(url)
    return asyncio.run(_made_safe(settings, url, manifest))


async def _made_safe(settings: UiSettings, url: str, manifest: Manifest) -> tuple[dict[str, int], list[str]]:
    database = Database(url)
    try:
        async with database.transaction() as raw:
            figures = await take_over(raw, manifest.taken_at, settings)
        async with database.sessions.begin() as session:
            passed = await pass_over(session, _WHY)
            facts = {"taken_at": manifest.taken_at.isoformat(), "audit_head": manifest.audit_head, **figures}
            session.add(AuditEntry(actor="cli", action="backup_restored", subject="system", facts=facts))
        return figures, passed
    finally:
        await database.close()


async def _put_files(path: Path, storage: Storage) -> None:
    """Each under its sha256. What is there already, and is what its name says, stays."""
    for name, file in contents(path):
        if name == DATABASE:
            continue
        sha256 = name.removeprefix("media/")
        if sha256.endswith(".jpg"):
            _put_thumbnail(storage.thumbnail(sha256.removesuffix(".jpg")), file)
        elif not _is_there(storage, sha256):
            await storage.store(_chunks(file))


def _is_there(storage: Storage, sha256: str) -> bool:
    if not storage.has(sha256):
        return False
    with storage.path(sha256).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def _put_thumbnail(place: Path, file: IO[bytes]) -> None:
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    draft.write_bytes(file.read())
    draft.replace(place)


async def _chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    while chunk := file.read(1024**2):
        yield chunk
