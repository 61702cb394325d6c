"""The state of this installation, as figures."""

import platform
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet import __version__
from igfleet.ui.context import UiContext
from igfleet.ui.models import AuditEntry, Media, Worker

BACKUP_MADE = "backup_made"
_LATE_S = 60
_TABLES_SHOWN = 8
_JOBS = text("""
SELECT task_name, count(*) FILTER (WHERE status = 'todo') AS waiting,
  count(*) FILTER (WHERE status = 'doing') AS running, count(*) FILTER (WHERE status IN ('failed', 'aborted')) AS failed
FROM procrastinate_jobs GROUP BY task_name ORDER BY task_name
""")
_PULSE = text("SELECT to_timestamp(max(defer_timestamp)) FROM procrastinate_periodic_defers WHERE task_name = 'tick'")
_TABLES = text(f"""
SELECT relname AS name, pg_total_relation_size(relid) AS bytes, n_live_tup AS rows
FROM pg_stat_user_tables ORDER BY 2 DESC LIMIT {_TABLES_SHOWN}
""")
_DATABASE = text("SELECT pg_database_size(current_database()), current_setting('server_version')")


@dataclass(frozen=True, slots=True)
class Job:
    """Background work of one sort."""

    name: str
    waiting: int
    running: int
    failed: int


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    bytes: int
    rows: int


@dataclass(frozen=True, slots=True)
class Health:
    """Sizes in bytes, moments in UTC."""

    version: str
    python: str
    postgres: str
    jobs: Sequence[Job]
    pulse: datetime | None
    """When the background engine last began its round, which it does every two seconds."""
    is_pulsing: bool
    database_bytes: int
    tables: Sequence[Table]
    media_bytes: int
    media_quota_bytes: int
    disk_free_bytes: int
    disk_bytes: int
    backup_at: datetime | None
    workers: dict[str, int]
    """How many workers heard of in the last day, by version."""

    def plain(self) -> dict[str, Any]:
        """As values for JSON."""
        return asdict(self)


async def gather(session: AsyncSession, ui: UiContext) -> Health:
    """Look now."""
    size, server = (await session.execute(_DATABASE)).one()
    pulse = await session.scalar(_PULSE)
    now = await session.scalar(select(func.now()))
    disk = shutil.disk_usage(ui.settings.data_dir)
    backup = select(func.max(AuditEntry.at)).where(AuditEntry.action == BACKUP_MADE)
    return Health(
        version=__version__,
        python=platform.python_version(),
        postgres=server,
        jobs=[Job(*row) for row in await session.execute(_JOBS)],
        pulse=pulse,
        is_pulsing=pulse is not None and now is not None and (now - pulse).total_seconds() < _LATE_S,
        database_bytes=size,
        tables=[Table(*row) for row in await session.execute(_TABLES)],
        media_bytes=int(await session.scalar(select(func.coalesce(func.sum(Media.size_bytes), 0))) or 0),
        media_quota_bytes=ui.settings.media_quota_bytes,
        disk_free_bytes=disk.free,
        disk_bytes=disk.total,
        backup_at=await session.scalar(backup),
        workers=await _versions(session),
    )


async def _versions(session: AsyncSession) -> dict[str, int]:
    recent = Worker.seen_at > func.now() - text("interval '1 day'")
    rows = await session.execute(select(Worker.version, func.count()).where(recent).group_by(Worker.version))
    return {row[0]: row[1] for row in rows}
