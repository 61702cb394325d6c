"""People who sign in, their sessions, and one-time tokens."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
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

    @property
    def may(self) -> str:
        """What it adds to the roles before it, in a few words."""
        return _MAY[self]


_MAY = {
    Role.VIEWER: "sees everything, changes nothing",
    Role.OPERATOR: "runs tasks, accounts, media, inbox",
    Role.MANAGER: "also pauses everything and sees secrets",
    Role.ADMIN: "also users, settings, audit, system",
}


class UserState(StrEnum):
    """Whether a person can sign in: not before a password was chosen, and not while disabled."""

    ACTIVE = "active"
    INVITED = "invited"
    DISABLED = "disabled"


class User(Base):
    """A person who signs in to the dashboard."""

    __tablename__ = "users"
    __table_args__ = (one_of("role", Role), Index("uq_users_name", text("lower(name)"), unique=True))

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(Text)
    """argon2id, with its parameters."""
    role: Mapped[str] = mapped_column(Text, server_default=Role.OPERATOR)
    timezone: Mapped[str] = mapped_column(Text, server_default="UTC")
    """In which they read the schedule."""
    clients: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    """Only accounts of these clients are seen, and what hangs on them; empty for all. An admin is never limited."""
    created_at: Mapped[Created]
    disabled_at: Mapped[datetime | None]
    second_factor_at: Mapped[datetime | None]
    """Since when a code is asked for at the sign-in; its seed lies in the vault."""
    code_step: Mapped[int] = mapped_column(server_default="0")
    """The latest step whose code was taken: each is taken once."""

    @property
    def has_joined(self) -> bool:
        """Whether there is a password: whoever was invited has none before the link is used."""
        return bool(self.password_hash)

    @property
    def state(self) -> UserState:
        if self.disabled_at is not None:
            return UserState.DISABLED
        return UserState.ACTIVE if self.has_joined else UserState.INVITED


class RecoveryCode(Base):
    """A way in for whoever lost the device with the second factor; works once, stored as its sha256."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    created_at: Mapped[Created]
    used_at: Mapped[datetime | None]


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
    """Leave for one act by whoever holds it: the set-up of the first admin, joining, the second half of a sign-in."""

    __tablename__ = "one_time_tokens"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    purpose: Mapped[str] = mapped_column(Text)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    """Whom it is for, where it is for one person."""
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
