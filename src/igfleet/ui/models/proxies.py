"""Proxies: the way out of the accounts they are assigned to."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from igfleet.contracts.proxies import address_of, name_of, user_of
from igfleet.contracts.states import ProxyState
from igfleet.ui.models.base import Base, Created, Key, one_of


class Proxy(Base):
    """One proxy. Its password and its rotation address are sealed (`vault`)."""

    __tablename__ = "proxies"
    __table_args__ = (
        one_of("state", ProxyState),
        CheckConstraint("scheme IN ('http', 'https', 'socks5', 'socks5h')", name="scheme_known"),
        CheckConstraint("port BETWEEN 1 AND 65535", name="port_range"),
        Index(
            "uq_proxies_address",
            "scheme",
            text("lower(host)"),
            "port",
            text("coalesce(username, ''::text)"),
            unique=True,
        ),
    )

    id: Mapped[Key]
    scheme: Mapped[str] = mapped_column(Text)
    host: Mapped[str] = mapped_column(Text)
    port: Mapped[int]
    username: Mapped[str | None] = mapped_column(Text)
    has_password: Mapped[bool] = mapped_column(server_default="false")
    has_change_ip_url: Mapped[bool] = mapped_column(server_default="false")
    state: Mapped[str] = mapped_column(Text, server_default=ProxyState.UNCHECKED)
    trouble: Mapped[str] = mapped_column(Text, server_default="")
    """What went wrong the last time, for the person who reads it."""
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    """Words that people gave to it."""
    checked_at: Mapped[datetime | None]
    created_at: Mapped[Created]

    @property
    def label(self) -> str:
        """Its address."""
        return address_of(self.scheme, self.host, self.port)

    @property
    def shown_user(self) -> str:
        return user_of(self.username, has_password=self.has_password)

    @property
    def name(self) -> str:
        """How the proxy is named on screens: never with its password."""
        return name_of(self.scheme, self.host, self.port, self.username, has_password=self.has_password)
