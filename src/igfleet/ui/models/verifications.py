"""Looks at published posts, and what was found wrong with them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from igfleet.contracts.states import CheckState, PostIncidentKind
from igfleet.ui.models.base import Base, Created, Key, one_of
from igfleet.ui.models.posts import Post


class Check(Base):
    """Whether one post is still there at one age. Made when the post is published; says nothing about its state."""

    __tablename__ = "checks"
    __table_args__ = (
        one_of("state", CheckState),
        Index("uq_checks_age", "post_id", "age_s", unique=True),
        Index("ix_checks_due", "due_at", postgresql_where="state = 'due'"),
        Index("ix_checks_due_of_account", "account_id", "due_at", postgresql_where="state = 'due'"),
    )

    id: Mapped[Key]
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    account_id: Mapped[int]
    """Of the post, so that one read serves all that is due of an account. No foreign key: accounts are locked often."""
    age_s: Mapped[float]
    due_at: Mapped[datetime]
    """When it is looked for next: later than its age when it was not seen at first."""
    state: Mapped[str] = mapped_column(Text, server_default=CheckState.DUE)
    misses: Mapped[int] = mapped_column(server_default="0")
    """Looks in a row that did not find it."""
    reason: Mapped[str] = mapped_column(Text, server_default="")
    """Why it could not be told."""
    read_at: Mapped[datetime | None]


class PostIncident(Base):
    """Something wrong with a published post, for a person. Told once; closed by a person and never opened again."""

    __tablename__ = "post_incidents"
    __table_args__ = (
        one_of("kind", PostIncidentKind),
        Index("uq_post_incidents_kind", "post_id", "kind", unique=True),
        Index("ix_post_incidents_open", "opened_at", postgresql_where="closed_at IS NULL"),
    )

    id: Mapped[Key]
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(Text)
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    """What was seen: the other media of a duplicate, the caption that is there, when it was seen again."""
    opened_at: Mapped[Created]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(Text)

    post: Mapped[Post] = relationship(lazy="raise")
