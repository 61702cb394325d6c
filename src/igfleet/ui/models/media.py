"""The library: videos and pictures, stored by their sha256."""

from typing import Any

from sqlalchemy import Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from igfleet.contracts.states import MediaState
from igfleet.ui.models.base import Base, Created, Key, one_of


class Media(Base):
    """One file. Its bytes lie in `ui.storage` under the sha256; its name is never used as a path."""

    __tablename__ = "media"
    __table_args__ = (one_of("state", MediaState), Index("uq_media_sha256", "sha256", unique=True))

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
    added_by: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[Created]
