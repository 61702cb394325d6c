"""Workers and their tokens, and the methods that are allowed to run live."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from igfleet.ui.models.base import Base, Created, Key


class Worker(Base):
    """A worker process, by name. Its state is derived from the last heartbeat."""

    __tablename__ = "workers"
    __table_args__ = (Index("uq_workers_name", "name", unique=True), {"postgresql_with": {"fillfactor": "50"}})

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(Text)
    base_url: Mapped[str | None] = mapped_column(Text)
    version: Mapped[str] = mapped_column(Text)
    slots: Mapped[int]
    kinds: Mapped[list[str]] = mapped_column(JSONB)
    methods: Mapped[list[str]] = mapped_column(JSONB)
    labels: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    libraries: Mapped[dict[str, str]] = mapped_column(JSONB, server_default="{}")
    """By method: the library that drives it, with its version."""
    standstill_seen: Mapped[int | None]
    """The standstill that it says to obey."""
    registered_at: Mapped[Created]
    seen_at: Mapped[Created]
    running: Mapped[int] = mapped_column(server_default="0")
    cpu_percent: Mapped[float | None]
    memory_bytes: Mapped[int | None]
    disk_free_bytes: Mapped[int | None]
    draining_since: Mapped[datetime | None]


class WorkerToken(Base):
    """A worker's own token, `igfw_<id>_<random>`: stored as its sha256, revocable."""

    __tablename__ = "worker_tokens"

    id: Mapped[Key]
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    worker_name: Mapped[str] = mapped_column(Text)
    """Only a worker of this name may use it."""
    worker_id: Mapped[int | None] = mapped_column(ForeignKey("workers.id", ondelete="SET NULL"))
    created_at: Mapped[Created]
    created_by: Mapped[str] = mapped_column(Text)
    revoked_at: Mapped[datetime | None]


class LiveMethod(Base):
    """A method that an admin switched on for live use, knowing the risk."""

    __tablename__ = "live_methods"

    method: Mapped[str] = mapped_column(Text, primary_key=True)
    enabled_by: Mapped[str] = mapped_column(Text)
    enabled_at: Mapped[Created]
