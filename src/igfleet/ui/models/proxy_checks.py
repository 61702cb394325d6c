"""The history of proxies: one row for each check."""

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from igfleet.contracts.proxy_checks import ProxyVerdict
from igfleet.ui.models.base import Base, Created, Key, one_of
from igfleet.ui.models.workers import Worker


class ProxyCheckEntry(Base):
    """What one check found. Append-only."""

    __tablename__ = "proxy_checks"
    __table_args__ = (one_of("verdict", ProxyVerdict), Index(None, "proxy_id", "id"), Index(None, "at"))

    id: Mapped[Key]
    proxy_id: Mapped[int] = mapped_column(ForeignKey("proxies.id", ondelete="CASCADE"))
    at: Mapped[Created]
    verdict: Mapped[str] = mapped_column(Text)
    sentence: Mapped[str] = mapped_column(Text)
    latency_ms: Mapped[int | None]
    exit_ip: Mapped[str | None] = mapped_column(Text)
    country: Mapped[str | None] = mapped_column(Text)
    worker_id: Mapped[int | None] = mapped_column(ForeignKey("workers.id", ondelete="SET NULL"))
    task_id: Mapped[int | None] = mapped_column(ForeignKey("tasks.id", ondelete="SET NULL"))

    worker: Mapped[Worker | None] = relationship(lazy="raise")
