"""Recurring tasks: an order that is made anew at each of its times."""

from datetime import datetime, time
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, Time
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from igfleet.ui.models.base import Base, Created, Key


class RecurringTask(Base):
    """An order and the rule by which it repeats. `next_at` is the only thing that the engine looks for."""

    __tablename__ = "recurring_tasks"
    __table_args__ = (
        Index("ix_recurring_tasks_due", "next_at", postgresql_where="paused_at IS NULL AND removed_at IS NULL"),
    )

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    draft: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The order, as a `Draft`."""
    weekdays: Mapped[list[int]] = mapped_column(JSONB)
    """0 is Monday; all seven is daily."""
    at: Mapped[time] = mapped_column(Time)
    """By the clock of the zone."""
    timezone: Mapped[str] = mapped_column(Text)
    missed: Mapped[str] = mapped_column(Text)
    """`late`, `skip` or `hold`."""
    late_min: Mapped[int] = mapped_column(server_default="60")
    """Of `late`: how many minutes later it is still made."""
    next_at: Mapped[datetime]
    """The first time that nothing was made of yet."""
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Created]
    paused_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]


class Occurrence(Base):
    """What became of one time of a recurring task. There is one row for each time, ever."""

    __tablename__ = "occurrences"
    __table_args__ = (Index("uq_occurrences_time", "recurring_id", "at", unique=True),)

    id: Mapped[Key]
    recurring_id: Mapped[int] = mapped_column(ForeignKey("recurring_tasks.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    fate: Mapped[str] = mapped_column(Text)
    """`made`, `held`, `skipped` or `failed`."""
    task_id: Mapped[int | None] = mapped_column(ForeignKey("tasks.id", ondelete="SET NULL"), index=True)
    why: Mapped[str] = mapped_column(Text, server_default="")
    decided_at: Mapped[Created]
