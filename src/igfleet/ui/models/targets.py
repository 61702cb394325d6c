"""Targets: whom accounts are to follow, and what is known of whom they follow."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from igfleet.runners.following import Standing
from igfleet.ui.models.base import Base, Created, Key, one_of


class Target(Base):
    """Somebody on a named list. They are looked up once, for all accounts and lists."""

    __tablename__ = "targets"
    __table_args__ = (
        Index("uq_targets_list_name_username", "list_name", "username", unique=True),
        Index(None, "username"),
    )

    id: Mapped[Key]
    list_name: Mapped[str] = mapped_column(Text)
    """Empty for those that a task named itself."""
    username: Mapped[str] = mapped_column(Text)
    """In lower case."""
    user_id: Mapped[str | None] = mapped_column(Text)
    """Instagram's id, once looked up."""
    is_private: Mapped[bool | None]
    trouble: Mapped[str] = mapped_column(Text, server_default="")
    """Why somebody could not follow them, by its reason code."""
    looked_up_at: Mapped[datetime | None]
    added_by: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[Created]


class TargetLookUp(Base):
    """Somebody is being looked up, under this lease; when the lease is over, another may take it."""

    __tablename__ = "target_lookups"

    username: Mapped[str] = mapped_column(Text, primary_key=True)
    lease_id: Mapped[UUID]
    at: Mapped[Created]


class Follow(Base):
    """How an account came to stand to somebody: igfleet's own memory, so that nobody is asked twice."""

    __tablename__ = "follows"
    __table_args__ = (one_of("standing", Standing), Index(None, "user_id"))

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(Text, primary_key=True)
    """Instagram's id of the one that is followed."""
    username: Mapped[str] = mapped_column(Text)
    standing: Mapped[str] = mapped_column(Text)
    at: Mapped[Created]
