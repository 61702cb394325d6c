"""Tasks: one order by an operator."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from igfleet.contracts.states import TaskState
from igfleet.contracts.tasks import Mode
from igfleet.ui.models.base import Base, Created, Key, one_of
from igfleet.ui.models.media import Media


class Task(Base):
    """Kind, options and the accounts (and media) they apply to. `state` is derived from the account tasks."""

    __tablename__ = "tasks"
    __table_args__ = (
        one_of("state", TaskState),
        one_of("mode", Mode),
        Index("uq_tasks_verify", "mode", unique=True, postgresql_where="kind = 'verify'"),
        Index("ix_tasks_live", "state", postgresql_where="state IN ('queued', 'running')"),
        Index("ix_tasks_paused", "id", postgresql_where="paused_at IS NOT NULL"),
        Index("ix_tasks_canary", "id", postgresql_where="canary IS NOT NULL AND canary_ended_at IS NULL"),
    )

    id: Mapped[Key]
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default=TaskState.DRAFT)
    mode: Mapped[str] = mapped_column(Text, server_default=Mode.SANDBOX)
    """Fixed when the task is made; a sandbox task is shown as simulated."""
    dry_run: Mapped[bool] = mapped_column(server_default="false")
    """Everything but what is written on Instagram; decided at the start, for good."""
    options: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    captions: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    """`{form: one|lines|csv|template, text}` as the operator gave it."""
    account_ids: Mapped[list[int]] = mapped_column(JSONB, server_default="[]")
    """The accounts of a draft, in order; the account tasks are made from it."""
    seed: Mapped[int]
    plan_hash: Mapped[str | None] = mapped_column(Text)
    """Of the stored plan; a start with another hash is refused."""
    plan_notes: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    """Problems and exclusions of the stored plan."""
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Created]
    start_at: Mapped[datetime | None]
    """Not before this time."""
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    cancelled_by: Mapped[str | None] = mapped_column(Text)
    paused_at: Mapped[datetime | None]
    """While it is set, nothing of the task is leased and no permit is given."""
    paused_by: Mapped[str | None] = mapped_column(Text)
    """A person, or `system` for a stop rule."""
    paused_why: Mapped[str] = mapped_column(Text, server_default="")
    resumed_at: Mapped[datetime | None]
    """Stop rules count from here."""
    canary: Mapped[int | None]
    """So many account tasks run first; the others are held until a person lets them go on."""
    canary_goes_on: Mapped[bool] = mapped_column(server_default="false")
    """Nobody is asked when all of the first were done."""
    canary_ended_at: Mapped[datetime | None]
    """When the others were let go."""
    restored_from: Mapped[datetime | None]
    """The moment of the backup that it came out of: what was published since is not in the ledger."""
    restored_at: Mapped[datetime | None]
    """From here on the ledger knows all again."""

    @property
    def is_paused(self) -> bool:
        """Whether it waits for a person to let it go on."""
        return self.paused_at is not None and not TaskState(self.state).is_final

    media: Mapped[list["TaskMedia"]] = relationship(lazy="raise", order_by="TaskMedia.position")


class TaskMedia(Base):
    """One video of a task, in order, with what applies to it on every account."""

    __tablename__ = "task_media"

    task_id: Mapped[int] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    media_id: Mapped[int] = mapped_column(ForeignKey("media.id"), index=True)
    cover_media_id: Mapped[int | None] = mapped_column(ForeignKey("media.id"))
    cover_at_s: Mapped[float | None]
    location: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    mentions: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")

    file: Mapped[Media] = relationship(lazy="raise", foreign_keys=[media_id])
