"""Mail to people: what each wants to hear of, what waits to be told, and each mail."""

from datetime import datetime, time
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, Time
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from igfleet.ui.models.base import Base, Created, Key, one_of
from igfleet.ui.models.people import User
from igfleet.ui.models.webhooks import DeliveryState


class MailPace(StrEnum):
    """How soon a person is told."""

    AT_ONCE = "at_once"
    """A minute after the first event, with all that came meanwhile."""
    HOURLY = "hourly"
    DAILY = "daily"


class MailChoice(Base):
    """What one person wants to hear of, and when. Who has none gets no mail."""

    __tablename__ = "mail_choices"
    __table_args__ = (one_of("pace", MailPace),)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    address: Mapped[str] = mapped_column(Text)
    events: Mapped[list[str]] = mapped_column(ARRAY(Text))
    urgent: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """Of the events: those told at once, in quiet hours too."""
    pace: Mapped[str] = mapped_column(Text)
    digest_at: Mapped[time] = mapped_column(Time)
    """By the clock of the zone; hourly it is the minute that counts."""
    quiet_from: Mapped[time | None] = mapped_column(Time)
    quiet_until: Mapped[time | None] = mapped_column(Time)
    timezone: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[Created]


class Notice(Base):
    """One event for one person. Written in the transaction of what happened, so that none is lost."""

    __tablename__ = "notices"
    __table_args__ = (
        Index("ix_notices_untold", "user_id", "event", postgresql_where="told_at IS NULL"),
        Index(
            "uq_notices_mark",
            "user_id",
            "event",
            "subject_id",
            "mark",
            unique=True,
            postgresql_where="mark <> ''::text",
        ),
    )

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(ForeignKey("mail_choices.user_id", ondelete="CASCADE"))
    event: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[int]
    mark: Mapped[str] = mapped_column(Text, server_default="")
    """What is seen again and again is told once for each mark."""
    noted_at: Mapped[Created]
    told_at: Mapped[datetime | None]


class Mail(Base):
    """One mail to one person, about one event or many."""

    __tablename__ = "mails"
    __table_args__ = (
        one_of("state", DeliveryState),
        Index("ix_mails_due", "next_at", postgresql_where="state = 'waiting'"),
        Index(None, "user_id", "id"),
    )

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    address: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """What it says, as a `Letter`; emptied when it was delivered."""
    created_at: Mapped[Created]
    state: Mapped[str] = mapped_column(Text, server_default=DeliveryState.WAITING)
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_at: Mapped[Created]
    answer: Mapped[str] = mapped_column(Text, server_default="")
    """Why the last attempt did not succeed."""
    delivered_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="raise")
