"""Keys of the operator API: each belongs to a person, and may less than that person."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from igfleet.ui.models.base import Base, Created, Key, one_of
from igfleet.ui.models.people import Role, User


class ApiKey(Base):
    """`igfk_<id>_<random>`: stored as its sha256, shown once, revocable."""

    __tablename__ = "api_keys"
    __table_args__ = (one_of("role", Role),)

    id: Mapped[Key]
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    """Of the person's present role and this one, the lower counts."""
    may_write: Mapped[bool] = mapped_column(server_default="false")
    kinds: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    """Kinds of task that it may see and make; empty for all."""
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    clients: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    """Accounts with one of these tags or of one of these clients; both empty for all."""
    created_at: Mapped[Created]
    created_by: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="raise")
