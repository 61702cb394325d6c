"""What is known of a media file after it was probed."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from igfleet.errors import Invalid


class NotMedia(Invalid):
    """The file is no video or picture that igfleet takes. The message is one plain sentence."""

    reason_code = "not_media"


class MediaKind(StrEnum):
    VIDEO = "video"
    IMAGE = "image"


class MediaFacts(BaseModel):
    """Width and height are as shown, that is after the rotation."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: MediaKind
    container: str
    """mp4, mov, jpeg, png or webp."""
    size_bytes: int
    width: int
    height: int
    rotation: int = 0
    """Degrees by which players turn the stored picture: 0, 90, 180 or 270."""
    duration_s: float | None = None
    fps: float | None = None
    """The mean."""
    has_variable_rate: bool = False
    video_codec: str | None = None
    audio_codec: str | None = None

    @property
    def has_audio(self) -> bool:
        return self.audio_codec is not None
