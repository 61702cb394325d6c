"""Webhooks: where outcomes are told, and each telling."""

from datetime import datetime, time
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Text, Time
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from igfleet.ui.models.base import Base, Created, Key, one_of


class WebhookFormat(StrEnum):
    """What the body looks like."""

    JSON = "json"
    TELEGRAM = "telegram"
    """`{chat_id, text}`, as the method sendMessage of a Telegram bot takes it."""


class WebhookEvent(StrEnum):
    """What can be told. The triggers of the tables (migrations 0025 and 0033) write these words."""

    POST_PUBLISHED = "post_published"
    POST_FAILED = "post_failed"
    POST_UNKNOWN = "post_unknown"
    POST_NEEDS_PERSON = "post_needs_person"
    CHALLENGE_OPENED = "challenge_opened"
    INCIDENT_OPENED = "incident_opened"
    ACCOUNT_NEEDS_PERSON = "account_needs_person"
    TASK_ENDED = "task_ended"
    TASK_FAILED = "task_failed"
    """It ended, and not everything in it went well."""
    WORKER_LOST = "worker_lost"
    PROXY_FAILING = "proxy_failing"
    BREAKER_OPENED = "breaker_opened"
    EVERYTHING_PAUSED = "everything_paused"
    TEST = "test"
    """Asked for by a person."""


class DeliveryState(StrEnum):
    WAITING = "waiting"
    """Until `next_at`; also what failed and is tried again."""
    DELIVERED = "delivered"
    FAILED = "failed"
    """Given up, until a person sends it again."""


class Webhook(Base):
    """An address that is told. Address and signing secret are sealed (`vault`, owner `webhook`)."""

    __tablename__ = "webhooks"
    __table_args__ = (one_of("format", WebhookFormat),)

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(Text)
    host: Mapped[str] = mapped_column(Text)
    """Of the address: all of it that is shown."""
    format: Mapped[str] = mapped_column(Text)
    chat: Mapped[str] = mapped_column(Text, server_default="")
    """Telegram's chat_id."""
    events: Mapped[list[str]] = mapped_column(ARRAY(Text))
    urgent: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    """Of the events: those told at once, in quiet hours too."""
    quiet_from: Mapped[time | None] = mapped_column(Time)
    quiet_until: Mapped[time | None] = mapped_column(Time)
    timezone: Mapped[str] = mapped_column(Text, server_default="UTC")
    created_at: Mapped[Created]
    created_by: Mapped[str] = mapped_column(Text)


class Delivery(Base):
    """One event for one webhook. Written in the transaction of what happened, so that none is lost."""

    __tablename__ = "deliveries"
    __table_args__ = (
        one_of("state", DeliveryState),
        Index("ix_deliveries_due", "next_at", postgresql_where="state = 'waiting'"),
        Index(None, "webhook_id", "id"),
        Index(
            "uq_deliveries_mark",
            "webhook_id",
            "event",
            "subject_id",
            "mark",
            unique=True,
            postgresql_where="mark <> ''::text",
        ),
    )

    id: Mapped[Key]
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    event: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[int]
    """The post, challenge, incident, task, worker or breaker."""
    mark: Mapped[str] = mapped_column(Text, server_default="")
    """What is seen again and again is told once for each mark."""
    created_at: Mapped[Created]
    state: Mapped[str] = mapped_column(Text, server_default=DeliveryState.WAITING)
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_at: Mapped[Created]
    body: Mapped[str | None] = mapped_column(Text)
    """As it was composed for the first attempt: every other sends the same."""
    status: Mapped[int | None]
    answer: Mapped[str] = mapped_column(Text, server_default="")
    """The beginning of what came back, or why nothing did."""
    delivered_at: Mapped[datetime | None]

    webhook: Mapped[Webhook] = relationship(lazy="raise")
