"""Sealed secrets and the wrapped keys they are sealed with. Written and read by `igfleet.ui.vault` only."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from igfleet.ui.models.base import Base, Created


class DataKey(Base):
    """The key of one owner's secrets, wrapped by a master key that is not in the database."""

    __tablename__ = "data_keys"
    __table_args__ = (Index(None, "master_key_id", "owner", "owner_id"),)

    owner: Mapped[str] = mapped_column(Text, primary_key=True)
    """`account` or `proxy`"""
    owner_id: Mapped[int] = mapped_column(primary_key=True)
    master_key_id: Mapped[str] = mapped_column(Text)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[Created]


class SealedSecret(Base):
    """One version of one secret field. The sealing binds owner, field and version: a moved value does not open."""

    __tablename__ = "sealed_secrets"

    owner: Mapped[str] = mapped_column(Text, primary_key=True)
    owner_id: Mapped[int] = mapped_column(primary_key=True)
    field: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    refused_at: Mapped[datetime | None]
    """When whoever it was for did not take it any more."""
    created_at: Mapped[Created]
