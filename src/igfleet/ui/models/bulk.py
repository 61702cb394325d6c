"""Bulk jobs: one act on many rows that a person selected, done in the background, some at a time."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from igfleet.ui.models.base import Base, Created, Key, one_of


class BulkState(StrEnum):
    """How far a bulk job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_open(self) -> bool:
        return self in {self.WAITING, self.RUNNING}


class BulkJob(Base):
    """Which rows are meant is settled when it is ordered. Each batch and `done` are written in one transaction, so
    that a job goes on where it was, whoever takes it up again."""

    __tablename__ = "bulk_jobs"
    __table_args__ = (
        one_of("state", BulkState),
        Index("ix_bulk_jobs_open", "id", postgresql_where="state IN ('waiting', 'running')"),
    )

    id: Mapped[Key]
    noun: Mapped[str] = mapped_column(Text)
    """Of what: `accounts`."""
    act: Mapped[str] = mapped_column(Text)
    options: Mapped[dict[str, Any]]
    selection: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    """The filter in words; empty when the rows were picked by hand."""
    ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), deferred=True)
    total: Mapped[int]
    done: Mapped[int] = mapped_column(server_default="0")
    """So many of the rows are behind it."""
    changed: Mapped[int] = mapped_column(server_default="0")
    """So many of those were not so already."""
    state: Mapped[str] = mapped_column(Text, server_default=BulkState.WAITING)
    message: Mapped[str] = mapped_column(Text, server_default="")
    """What came of it, or why it failed."""
    link: Mapped[str] = mapped_column(Text, server_default="")
    """Where to go on from here."""
    file: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """What it wrote, as CSV."""
    created_at: Mapped[Created]
    created_by: Mapped[str] = mapped_column(Text)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    finished_at: Mapped[datetime | None]

    @property
    def file_path(self) -> str:
        """Where what it wrote is fetched; `link` leads there when it wrote something."""
        return f"/bulk/{self.id}/file"
