"""What igfleet needs of Instagram. Adapters fulfil it; runners see nothing else.

Every method may raise a `RunError` and no other error of a library. `commit` is the exception: it never raises for
what the other side did, it returns what is known.
"""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from igfleet.contracts.leases import SessionMaterial
from igfleet.contracts.posts import PostOutcome, SeenMedia
from igfleet.contracts.tasks import Place


class SignIn(StrEnum):
    """How a live session came about."""

    RESTORED = "session_restored"
    SIGNED_IN = "signed_in"


@dataclass(frozen=True, slots=True)
class Reel:
    """A reel ready to be uploaded. The bytes at `video` are sent as they are."""

    video: Path
    cover: Path
    """A JPEG."""
    caption: str
    upload_id: str
    duration_s: float
    width: int
    height: int
    place: Place | None = None
    mentions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """The newest of the account's own media, newest first, and how many it has in all when that is known."""

    media: tuple[SeenMedia, ...]
    media_count: int | None


class Prepared(Protocol):
    """A reel whose bytes Instagram holds, one call short of being published. Belongs to its adapter."""

    @property
    def upload_id(self) -> str: ...


type KeepSession = Callable[[SessionMaterial], Awaitable[None]]
"""Stores what a sign-in learnt, at once."""

type AskTotp = Callable[[], Coroutine[object, object, str]]
"""Gives the present TOTP code of the leased account."""

type Progress = Callable[[int, int], None]
"""Called with (bytes sent, bytes in all); from any thread."""


class Publisher(Protocol):
    """What every way of driving an account can do."""

    async def sign_in(self) -> SignIn:
        """Have a live session: restore the stored one, else sign in. The device stays the same for life."""

    async def recent_media(self, count: int = 12) -> Listing:
        """The account's own newest media. A read: may be repeated freely."""

    async def prepare(self, reel: Reel, progress: Progress) -> Prepared:
        """Bring the bytes over, under the reel's own upload id. May be repeated; resumes where it was cut."""

    async def commit(self, prepared: Prepared, window: timedelta) -> PostOutcome:
        """The one irreversible call: sent at most once, over when the window is over."""

    async def close(self) -> None:
        """Let go of connections and processes. Safe to repeat."""
