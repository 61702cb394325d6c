"""What really was published and done, and what must never happen: duplicates, overlaps, leaks."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from pydantic import JsonValue

from igfleet import clock
from igfleet.sandbox.acts import Acts
from igfleet.sandbox.people import is_browser
from igfleet.sandbox.store import Store

_EPOCH_MS = 1314220021721
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@dataclass
class Published:
    """One medium, with the proof of how it came about."""

    pk: int
    code: str
    account: str
    account_pk: int
    upload_id: str
    sha256: str
    cover_sha256: str
    size_bytes: int
    caption: str
    usertags: list[str]
    location: str
    duration_s: float
    width: int
    height: int
    at: str
    """ISO 8601, UTC."""
    device: str
    proxy: str
    acknowledged: bool = False
    collaborators: list[str] = field(default_factory=list)
    """Who was invited to share it, by user id: the web site's way of naming people."""
    removed: bool = False
    """No listing shows it any more."""

    @property
    def taken_at(self) -> datetime:
        return datetime.fromisoformat(self.at)

    def is_listed(self, until: datetime) -> bool:
        """Whether listings show it that know what was published until then."""
        return not self.removed and self.taken_at <= until


@dataclass
class Ledger:
    """All published media, and every breach of a promise."""

    store: Store
    visible_delay: timedelta = timedelta()
    """How long a new medium stays out of listings."""
    shows_upload_ids: bool = False
    """Whether listings tell what an uploader called its upload."""
    media: list[Published] = field(default_factory=list)
    overlaps: list[dict[str, JsonValue]] = field(default_factory=list)
    leaks: Counter[str] = field(default_factory=Counter)
    acts: Acts = field(init=False)
    """What accounts did besides publishing."""
    _by_account: defaultdict[str, list[Published]] = field(default_factory=lambda: defaultdict(list))
    _under_way: dict[str, dict[int, tuple[str, str]]] = field(default_factory=dict)
    _last_ms: int = 0
    _numbers: int = 0

    def __post_init__(self) -> None:
        self.acts = Acts(self.store)

    def load(self) -> None:
        """Read back what an earlier process recorded."""
        self.acts.load()
        self.media = sorted((Published(**row) for row in self.store.all("media")), key=lambda medium: medium.pk)  # type: ignore[arg-type]  # written by `publish`
        for medium in self.media:
            self._by_account[medium.account].append(medium)

    def publish(self, medium: Published) -> None:
        self.media.append(medium)
        self._by_account[medium.account].append(medium)
        self._keep(medium)

    def acknowledge(self, medium: Published) -> None:
        """The answer left whole."""
        medium.acknowledged = True
        self._keep(medium)

    def remove(self, medium: Published) -> None:
        """Out of all listings; what was published stays on record."""
        medium.removed = True
        self._keep(medium)

    def of(self, account: str) -> list[Published]:
        """The account's visible media, newest first."""
        until = clock.now() - self.visible_delay
        return [medium for medium in reversed(self._by_account.get(account, ())) if medium.is_listed(until)]

    def visible(self) -> list[Published]:
        """What listings show by now, newest first."""
        until = clock.now() - self.visible_delay
        return [medium for medium in reversed(self.media) if medium.is_listed(until)]

    def find(self, key: str) -> Published | None:
        """A medium by code or id."""
        return next((medium for medium in self.media if key in (medium.code, str(medium.pk))), None)

    def duplicates(self) -> list[dict[str, JsonValue]]:
        """The same bytes, or the same upload id, more than once on one account."""
        found: list[dict[str, JsonValue]] = []
        for name in ("sha256", "upload_id"):
            counts = Counter((medium.account, getattr(medium, name)) for medium in self.media)
            found += [
                {"account": who, "by": name, name: what, "times": n} for (who, what), n in counts.items() if n > 1
            ]
        return found

    @contextmanager
    def under_way(self, account: str | None, path: str, device: str) -> Iterator[None]:
        """Two requests of one account at the same moment mean two runs at once: an overlap.

        But a browser asks for several things at once, so requests of one and the same browser are none.
        """
        if account is None:
            yield
            return
        now = self._under_way.setdefault(account, {})
        others = [of for of, by in now.values() if by != device or not is_browser(device)]
        if others:
            self.overlaps.append(
                {
                    "account": account,
                    "at": clock.now().isoformat(),
                    "path": path,
                    "device": device,
                    "with": [*others],
                }
            )
        self._numbers += 1
        number = self._numbers
        now[number] = path, device
        try:
            yield
        finally:
            now.pop(number, None)

    def next_pk(self) -> int:
        """A new media id: its creation time in milliseconds is `(pk >> 23) + 1314220021721`."""
        self._last_ms = max(self._last_ms + 1, int(clock.now().timestamp() * 1000))
        return (self._last_ms - _EPOCH_MS << 23) | (self._last_ms % 1024)

    def clear(self) -> None:
        self.media.clear()
        self._by_account.clear()
        self.acts.clear()
        self.overlaps.clear()
        self.leaks.clear()

    def shown(self) -> dict[str, JsonValue]:
        """For the control API."""
        return {
            "media": [asdict(medium) for medium in self.media],
            "duplicates": list(self.duplicates()),
            "overlaps": list(self.overlaps),
            "leaks": dict(self.leaks),
            **self.acts.shown(),
        }

    def _keep(self, medium: Published) -> None:
        self.store.put("media", str(medium.pk), asdict(medium))


def shortcode(pk: int) -> str:
    """The code in a permalink: the id in base 64."""
    code = ""
    while pk:
        pk, rest = divmod(pk, 64)
        code = _ALPHABET[rest] + code
    return code
