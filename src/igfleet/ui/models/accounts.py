"""Accounts: what igfleet may drive, and on whose word."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from igfleet.contracts.states import AccountStatus
from igfleet.ui.models.base import Base, Created, Key, one_of
from igfleet.ui.models.proxies import Proxy


class Account(Base):
    """One Instagram account. Passwords, TOTP seeds and sessions are sealed (`vault`), the `has_` flags tell of them."""

    __tablename__ = "accounts"
    __table_args__ = (
        one_of("status", AccountStatus),
        Index("uq_accounts_username", text("lower(username)"), unique=True),
        Index("ix_accounts_tags", "tags", postgresql_using="gin"),
        Index("ix_accounts_status_id", "status", "id"),
        Index("ix_accounts_present", "status", "id", postgresql_where="archived_at IS NULL"),
        Index("ix_accounts_client", "client", "id", postgresql_where="archived_at IS NULL"),
    )

    id: Mapped[Key]
    username: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default=AccountStatus.ACTIVE)
    status_reason: Mapped[str] = mapped_column(Text, server_default="")
    status_since: Mapped[Created]
    proxy_id: Mapped[int | None] = mapped_column(ForeignKey("proxies.id", ondelete="SET NULL"), index=True)
    client: Mapped[str] = mapped_column(Text, server_default="")
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    email: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    locale: Mapped[str] = mapped_column(Text, server_default="en_US")
    timezone: Mapped[str] = mapped_column(Text, server_default="UTC")
    dolphin_profile_id: Mapped[str | None] = mapped_column(Text)
    notes: Mapped[str] = mapped_column(Text, server_default="")
    authorised_by: Mapped[str] = mapped_column(Text)
    """Who gave leave to manage it, and on what basis: the authorisation record."""
    authorised_until: Mapped[date | None]
    authorised_at: Mapped[Created]
    has_password: Mapped[bool] = mapped_column(server_default="false")
    has_totp: Mapped[bool] = mapped_column(server_default="false")
    has_email_password: Mapped[bool] = mapped_column(server_default="false")
    session_at: Mapped[datetime | None]
    """When its session of the mobile API was last stored."""
    web_session_at: Mapped[datetime | None]
    """When its cookies of the web site were last stored."""
    device: Mapped[str] = mapped_column(Text, server_default="")
    """What its session of the mobile API passes for, in words."""
    cooldown_until: Mapped[datetime | None]
    """Instagram asked for slowness: nothing of the account is leased before."""
    slowdowns: Mapped[int] = mapped_column(server_default="0")
    """Requests for slowness since the last success: each doubles the rest."""
    last_success_at: Mapped[datetime | None]
    last_failure_at: Mapped[datetime | None]
    last_failure_reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Created]
    archived_at: Mapped[datetime | None]

    proxy: Mapped[Proxy | None] = relationship(lazy="raise")
