"""People who sign in, their sessions, and one-time tokens."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from igfleet.ui.models.base import Base, Created, Key, one_of


class Role(StrEnum):
    """What a person may do; each role may do all that the ones before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    MANAGER = "manager"
    ADMIN = "admin"

    def includes(self, role: "Role") -> bool:
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(role)


class User(Base):
    """A person who signs in to the dashboard."""

    __tablename__ = "users"
    __table_args__ = (one_of("role", Role), Index("uq_users_name", text("lower(name)"), unique=True))

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(Text)
    """argon2id, with its parameters."""
    role: Mapped[str] = mapped_column(Text, server_default=Role.OPERATOR)
    created_at: Mapped[Created]
    disabled_at: Mapped[datetime | None]


class UserSession(Base):
    """One signed-in browser. The id in the cookie is stored only as its sha256."""

    __tablename__ = "user_sessions"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[Created]
    seen_at: Mapped[Created]
    address: Mapped[str] = mapped_column(Text, server_default="")
    browser: Mapped[str] = mapped_column(Text, server_default="")


class OneTimeToken(Base):
    """Leave for one act by whoever holds it: the set-up of the first admin, a sign-in of the demo."""

    __tablename__ = "one_time_tokens"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    purpose: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Created]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignInFailure(Base):
    """A wrong password, kept to slow down guessing: by user name and by address."""

    __tablename__ = "sign_in_failures"
    __table_args__ = (Index(None, "subject", "at"),)

    id: Mapped[Key]
    subject: Mapped[str] = mapped_column(Text)
    at: Mapped[Created]


class StagedImport(Base):
    """A pasted import between its preview and its confirmation; the text itself lies in the vault."""

    __tablename__ = "staged_imports"

    id: Mapped[Key]
    kind: Mapped[str] = mapped_column(Text)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[Created]
