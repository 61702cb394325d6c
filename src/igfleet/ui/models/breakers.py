"""Breakers: what several failures had in common, and rests because of it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from igfleet.ui.models.base import Base, Created, Key, one_of


class Scope(StrEnum):
    """What can have failures in common."""

    ACCOUNT = "account"
    PROXY = "proxy"
    WORKER = "worker"
    KIND = "kind"
    LIBRARY = "library"
    """One version of the library that drives the accounts."""


class Breaker(Base):
    """One opening. At most one of a scope and key is open, by the unique index: opening it again is harmless.

    It rests until `until`; then one run probes it: a success closes it, the same failure lets it rest twice as long.
    """

    __tablename__ = "breakers"
    __table_args__ = (
        one_of("scope", Scope),
        Index("uq_breakers_open", "scope", "key", unique=True, postgresql_where="ended_at IS NULL"),
        Index("ix_breakers_ended", "scope", "key", "ended_at", postgresql_where="ended_at IS NOT NULL"),
    )

    id: Mapped[Key]
    scope: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    """An id, a kind, or a library with its version."""
    rule: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[Created]
    until: Mapped[datetime]
    rest_s: Mapped[int]
    """How long the next rest is."""
    subjects: Mapped[list[Any]] = mapped_column(JSONB)
    """Who met it: accounts, and (negative) account tasks without one."""
    reason: Mapped[str] = mapped_column(Text)
    """The last one of them."""
    probe: Mapped[UUID | None]
    """The lease of the run that tries whether it is over."""
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(Text)
