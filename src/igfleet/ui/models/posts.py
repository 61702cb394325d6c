"""The ledger of posts: what is to be published, what may be, and what is."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from igfleet.contracts.states import PostState
from igfleet.ui.models.accounts import Account
from igfleet.ui.models.base import Base, Created, Key, one_of
from igfleet.ui.models.media import Media


class Post(Base):
    """One video on one account at one time. Every change of `state` goes through `ui.ledger` and into the history."""

    __tablename__ = "posts"
    __table_args__ = (
        one_of("state", PostState),
        Index("uq_posts_upload", "account_id", "upload_id", unique=True),
        Index("uq_posts_media_pk", "account_id", "media_pk", unique=True, postgresql_where="media_pk IS NOT NULL"),
        Index("ix_posts_task_state", "task_id", "state", "id"),
        Index("ix_posts_account_task", "account_task_id", "position"),
        Index("ix_posts_account_media", "account_id", "media_sha256"),
        Index("ix_posts_permitted", "account_id", "permitted_at", postgresql_where="permitted_at IS NOT NULL"),
        Index("ix_posts_permitted_day", "permitted_at", "account_id", postgresql_where="permitted_at IS NOT NULL"),
        Index("ix_posts_unwatched", "id", postgresql_where="state = 'published' AND NOT is_watched"),
        Index("ix_posts_on_schedule", text("COALESCE(published_at, scheduled_at)")),
        Index("ix_posts_held", "hold_id", postgresql_where="hold_id IS NOT NULL"),
        Index("ix_posts_ended", "changed_at", "state", postgresql_where="state IN ('published', 'failed')"),
        Index("ix_posts_doubt", "id", postgresql_where="state IN ('unknown', 'reconciling', 'needs_person')"),
    )

    id: Mapped[Key]
    task_id: Mapped[int] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"))
    account_task_id: Mapped[int] = mapped_column(ForeignKey("account_tasks.id", ondelete="CASCADE"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    media_id: Mapped[int] = mapped_column(ForeignKey("media.id"), index=True)
    media_sha256: Mapped[str] = mapped_column(Text)
    position: Mapped[int]
    """Order within the account task."""
    round: Mapped[int] = mapped_column(server_default="0")
    caption: Mapped[str] = mapped_column(Text, server_default="")
    location: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    mentions: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    cover_media_id: Mapped[int | None] = mapped_column(ForeignKey("media.id"))
    cover_at_s: Mapped[float | None]
    scheduled_at: Mapped[datetime | None]
    hold_id: Mapped[int | None] = mapped_column(ForeignKey("holds.id", ondelete="SET NULL"))
    """The pause of its day: no run gets it, and no permit is given."""

    state: Mapped[str] = mapped_column(Text, server_default=PostState.PLANNED)
    upload_id: Mapped[str] = mapped_column(Text)
    """Decimal milliseconds, ours, the same for every attempt."""
    epoch: Mapped[int] = mapped_column(server_default="0")
    """Grows with every permit."""
    lease_id: Mapped[UUID | None]
    """The lease that prepared or published it last."""
    intent: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    permitted_at: Mapped[datetime | None]
    settle_until: Mapped[datetime | None]
    """A late commit cannot arrive after this; readings count from then on."""
    restored_from: Mapped[datetime | None]
    """The backup that it came out of while it was not known if it is live: it was, or is being, looked for."""
    republished: Mapped[int] = mapped_column(server_default="0")
    """Automatic returns to `planned` after a confirmed absence."""
    readings: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    """What was seen of the account's media while in doubt: evidence for the verdict."""
    evidence: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    """Answers and late answers of commits."""

    media_pk: Mapped[str | None] = mapped_column(Text)
    code: Mapped[str | None] = mapped_column(Text)
    permalink: Mapped[str | None] = mapped_column(Text)
    published_at: Mapped[datetime | None]
    is_watched: Mapped[bool] = mapped_column(server_default="false")
    """Published, and its checks are made."""
    reason_code: Mapped[str | None] = mapped_column(Text)
    message: Mapped[str] = mapped_column(Text, server_default="")
    worker_id: Mapped[int | None]
    changed_at: Mapped[Created]

    account: Mapped[Account] = relationship(lazy="raise")
    file: Mapped[Media] = relationship(lazy="raise", foreign_keys=[media_id])


class PostChange(Base):
    """One step of a post's history. Append-only."""

    __tablename__ = "post_history"
    __table_args__ = (Index(None, "post_id", "id"),)

    id: Mapped[Key]
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    at: Mapped[Created]
    was: Mapped[str] = mapped_column(Text)
    became: Mapped[str] = mapped_column(Text)
    epoch: Mapped[int]
    actor: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text, server_default="")
