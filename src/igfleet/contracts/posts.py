"""The publish protocol's messages: intent, permit, outcome, reading, verdict."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from igfleet.contracts.base import Contract, Facts, Id, Moment, Text, Whole, Word
from igfleet.contracts.states import PostState
from igfleet.contracts.tasks import Place
from igfleet.reasons import ReasonCode

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
MediaPk = Annotated[str, Field(pattern=r"^[0-9]{1,19}$")]
"""Instagram's id of a medium, decimal digits."""
LEAST_LOOK = 12
_Listed = Annotated[tuple["SeenMedia", ...], Field(max_length=200)]


class LeasedMedia(Contract):
    """A file of the library. `path` is below the ui's base address."""

    id: Id
    name: str
    path: str
    sha256: Sha256
    size_bytes: int
    duration_s: float | None = None
    width: int | None = None
    height: int | None = None


class LeasedPost(Contract):
    """One post of the leased account task, in the order in which it is to be published."""

    id: Id
    position: int
    state: PostState
    media: LeasedMedia
    cover: LeasedMedia | None = None
    cover_at_s: float | None = None
    """Second of the video from which the cover is cut when no picture is given."""
    caption: str = ""
    place: Place | None = None
    mentions: tuple[str, ...] = ()
    upload_id: str
    """Ours, stored with the post, the same in every attempt: decimal milliseconds, unique per account."""
    not_before: datetime | None = None
    round: int = 0
    look_back: Annotated[int, Field(ge=1, le=200)] = LEAST_LOOK
    """How many of the account's newest media a look at it lists."""


class SeenMedia(Contract):
    """One medium of an account's own listing, as Instagram shows it."""

    pk: MediaPk
    code: Text
    taken_at: Moment
    product_type: Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")] = ""
    duration_s: float | None = None
    caption: Text = ""
    upload_id: Annotated[str, Field(pattern=r"^[0-9]{1,20}$")] | None = None
    """What its uploader called the upload, where Instagram shows it again (`device_timestamp`)."""


class Snapshot(Contract):
    """The account's newest media before the commit: what is not new."""

    pks: Annotated[tuple[MediaPk, ...], Field(max_length=200)]
    media_count: Whole | None = None
    taken_at: Moment
    site_time: Moment | None = None
    """Instagram's own clock when it had told all this, to the second."""


class Intent(Contract):
    """Written ahead of the one irreversible call: enough to recognise the post later."""

    upload_id: Word
    media_sha256: Sha256
    """Of the bytes that are sent."""
    caption_sha256: Sha256
    duration_s: Annotated[float, Field(ge=0)]
    size_bytes: Whole
    cover_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")] | None = None
    """64-bit perceptual hash of the cover."""
    snapshot: Snapshot


class Permit(Contract):
    """Leave for one commit. The window starts when the request for it was sent."""

    post_id: Id
    window_ms: Annotated[int, Field(gt=0)]


class CommitKind(StrEnum):
    """What is known after the commit."""

    PUBLISHED = "published"
    NOT_SENT = "not_sent"
    """Provably no byte of the commit left."""
    NOT_READY = "not_ready"
    """Instagram has not finished with the uploaded bytes; nothing was created."""
    REFUSED = "refused"
    """A definite no."""
    UNKNOWN = "unknown"
    """Everything else."""
    SIMULATED = "simulated"
    """A dry-run: everything before the upload was done, and no permit was asked for."""


class PostOutcome(Contract):
    """How the commit of one post ended, with the evidence."""

    kind: CommitKind
    media: SeenMedia | None = None
    permalink: Text | None = None
    reason: ReasonCode | None = None
    message: Text = ""
    evidence: Facts = {}
    """HTTP status, error type, exception name, body excerpt: what the classification was made from."""
    post_state: PostState | None = None
    """For a refusal before the permit: the state asked for (planned or failed)."""
    is_let_go: bool = False
    """Unknown, but nothing more of it can leave: the process is dead and its gate is closed."""


class Reading(Contract):
    """One look at the account's own media, to settle a doubt."""

    seq: Id
    media: _Listed
    media_count: Whole | None = None
    is_good: bool = True
    """False when the listing could not be read; such a reading never counts as absence."""
    site_time: Moment | None = None
    """Instagram's own clock when it had told all this, to the second."""
    message: Text = ""


class Verdict(Contract):
    """What the ui concludes from all readings so far."""

    state: PostState
    """published, planned (confirmed absent), reconciling (look again), unknown (give up for now), needs_person."""
    look_again_after_s: float | None = None
    media_pk: MediaPk | None = None
    why: Word | None = None


class PostView(Contract):
    """The answer to every call about a post: where it stands now."""

    id: Id
    state: PostState
    media_pk: MediaPk | None = None
    permalink: str | None = None
