"""The library: videos and pictures, stored by their sha256."""

from typing import Any

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from igfleet.contracts.files import Origin
from igfleet.contracts.states import MediaState
from igfleet.ui.models.base import Base, Created, Key, one_of


class Media(Base):
    """One file. Its bytes lie in `ui.storage` under the sha256; its name is never used as a path."""

    __tablename__ = "media"
    __table_args__ = (
        one_of("state", MediaState),
        one_of("origin", Origin),
        Index("uq_media_sha256", "sha256", unique=True),
        Index(None, "source_id", postgresql_where="source_id IS NOT NULL"),
    )

    id: Mapped[Key]
    sha256: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int]
    state: Mapped[str] = mapped_column(Text, server_default=MediaState.PROBING)
    kind: Mapped[str] = mapped_column(Text, server_default="")
    """`video` or `image`, once probed."""
    duration_s: Mapped[float | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    """All that the probe found (`media.probe.MediaFacts`)."""
    problems: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    """What keeps it from being published, in plain words (`media.probe.MediaProblem`)."""
    has_thumbnail: Mapped[bool] = mapped_column(server_default="false")
    origin: Mapped[str] = mapped_column(Text, server_default=Origin.UPLOADED)
    source_id: Mapped[int | None] = mapped_column(ForeignKey("media.id", ondelete="SET NULL"))
    """The file that it was made of."""
    making: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    """How it was made: recipe, seed, checks, the account task."""
    added_by: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[Created]
