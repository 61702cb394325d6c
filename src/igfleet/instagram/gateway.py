"""What igfleet needs of Instagram. Adapters fulfil it; runners see nothing else.

Every method may raise a `RunError` and no other error of a library. `commit` is the exception: it never raises for
what the other side did, it returns what is known.
"""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import NoReturn, Protocol

from igfleet.contracts.challenges import ChallengeKind
from igfleet.contracts.leases import LeasedAccount, SessionMaterial
from igfleet.contracts.posts import PostOutcome, SeenMedia
from igfleet.contracts.tasks import Action, Place
from igfleet.errors import ChallengeRequired


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
    site_time: datetime | None = None
    """Instagram's own clock after it had told this, to the second."""


class Prepared(Protocol):
    """A reel whose bytes Instagram holds, one call short of being published. Belongs to its adapter."""

    @property
    def upload_id(self) -> str: ...


type Progress = Callable[[int, int], None]
"""Called with (bytes sent, bytes in all); from any thread."""


type KeepSession = Callable[[SessionMaterial], Awaitable[None]]
"""Stores what a sign-in learnt, at once."""

type RefuseSession = Callable[[SessionMaterial], Awaitable[None]]
"""Notes that Instagram has ended a stored session: no later run tries it."""

type Spend = Callable[[Action], Coroutine[object, object, None]]
"""Reserves an act in the account's budget before it is done. Raises `BudgetSpent`."""

type KeepEvidence = Callable[[Path, str], Awaitable[None]]
"""Hands a file of the run's folder to the ui, under a name: what a failure looked like. Raises `RunError`."""

type AskTotp = Callable[[], Coroutine[object, object, str]]
"""Gives the present TOTP code of the leased account."""


async def note_nothing(material: SessionMaterial) -> None:
    """For callers that keep no sessions."""


async def keep_nothing(path: Path, name: str) -> None:
    """For callers that keep no evidence."""


@dataclass(frozen=True, slots=True)
class CodeWanted:
    """Instagram waits for a code."""

    kind: ChallengeKind
    asked_at: datetime
    """When the request began that had it sent: an older mail is none of its."""
    destination: str = ""
    """Where it was sent, masked as Instagram shows it."""
    resume: str = ""
    """What the adapter needs to go on in a later run, in a form of its own; a secret. Empty: it cannot."""


type EnterCode = Callable[[str], Coroutine[object, object, bool]]
"""Hands a code to Instagram; whether it was the right one."""

type AskCode = Callable[[CodeWanted, EnterCode], Coroutine[object, object, None]]
"""Gets the code from the account's own mailbox or from a person, and has it entered. Returns when it was right.

Raises `NeedsPerson` when none came in time: then the run ends, and a later one gets `account.challenge` with the code
and what `resume` held.
"""


async def nobody_to_ask(wanted: CodeWanted, enter: EnterCode) -> NoReturn:
    """An `AskCode` for those who know nobody."""
    raise ChallengeRequired(f"Instagram wants a code ({wanted.kind}), and there is nobody to ask for it")


@dataclass(frozen=True, slots=True)
class Browser:
    """How a browser is to be had: by the methods that need one."""

    headless: bool = True
    executable: Path | None = None
    """None: the one that is found."""
    dolphin_host: str | None = None
    """Local address of Dolphin Anty."""
    dolphin_token: str | None = None
    only_simulated: bool = True
    """Dolphin Anty must be the sandbox's stand-in: a real one would drive the real site."""


@dataclass(frozen=True, slots=True)
class Opening:
    """All that an adapter gets to drive one account through one http(s) proxy."""

    account: LeasedAccount
    proxy_url: str
    ca_file: Path | None
    folder: Path
    """The run's own, 0700, gone when it ends."""
    keep_session: KeepSession
    ask_totp: AskTotp
    spend: Spend
    browser: Browser = Browser()
    ask_code: AskCode = nobody_to_ask
    keep_evidence: KeepEvidence = keep_nothing
    refuse_session: RefuseSession = note_nothing


@dataclass(frozen=True, slots=True)
class Profile:
    """The account as it sees itself, read anew."""

    user_id: str
    username: str
    full_name: str = ""
    biography: str = ""
    external_url: str = ""
    avatar_id: str = ""
    """Changes with every new picture; empty without one."""
    avatar_url: str = ""


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One post of the account's home feed. `id` is what `like` takes."""

    id: str
    user_id: str
    is_liked: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """One story of the tray. `id` is what `mark_seen` takes."""

    id: str
    user_id: str
    taken_at: int
    """Seconds of Unix time."""
    is_seen: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody else's account."""

    user_id: str
    username: str
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class Friendship:
    """How the account stands to somebody."""

    following: bool
    requested: bool = False
    """Asked for, to a private account."""


class Publisher(Protocol):
    """What every way of driving an account can do."""

    signed_in_by: SignIn
    """How the present session came about; known after `sign_in`."""

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


class Instagram(Publisher, Protocol):
    """What the private mobile API can do besides: the account's profile, its feed, other people."""

    async def profile(self) -> Profile:
        """The account's own profile, read anew: no cache stands between."""

    async def set_bio(self, *, external_url: str | None = None, biography: str | None = None) -> None:
        """Change link, text or both; None leaves it. A good answer proves nothing: read the profile."""

    async def set_avatar(self, picture: Path) -> None:
        """Change the profile picture to a square JPEG. Read the profile afterwards."""

    async def picture(self, url: str) -> bytes:
        """The bytes of a picture that Instagram's servers hold, fetched on the account's own way out."""

    async def feed(self) -> tuple[FeedItem, ...]:
        """The next page of the home feed. A read."""

    async def like(self, item: FeedItem) -> bool:
        """Like it. True when the answer confirmed it."""

    async def stories(self) -> tuple[Story, ...]:
        """The stories of the tray, unseen ones first. A read."""

    async def mark_seen(self, story: Story) -> bool:
        """Mark one story as seen. True when the answer confirmed it."""

    async def find_person(self, username: str) -> Person:
        """Raises `GiveUp` (user_not_found) when nobody has that name."""

    async def friendship(self, user_id: str) -> Friendship:
        """How the account stands to them. A read."""

    async def follow(self, user_id: str) -> Friendship:
        """Follow them; what the answer says of it afterwards."""
