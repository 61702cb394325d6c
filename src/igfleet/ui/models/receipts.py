"""Receipts: what was destroyed for a client that left."""

from typing import Any

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from igfleet.ui.models.base import Base, Created, Key


class Receipt(Base):
    """One off-boarding. `hash` covers `facts`; the audit names it too, so neither can be changed alone."""

    __tablename__ = "receipts"

    id: Mapped[Key]
    at: Mapped[Created]
    client: Mapped[str] = mapped_column(Text)
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    hash: Mapped[str] = mapped_column(Text)
