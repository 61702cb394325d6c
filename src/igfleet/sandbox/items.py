"""Pictures and stories that simulated accounts have, for others to like and to look at. They are invented."""

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from igfleet import clock
from igfleet.sandbox.store import Store

_APART = timedelta(minutes=7)
_EPOCH_MS = 1314220021721


class ItemKind(StrEnum):
    PICTURE = "picture"
    STORY = "story"


@dataclass(frozen=True)
class Item:
    """One invented medium. Stories of the sandbox do not expire."""

    pk: int
    kind: str
    account: str
    at: str
    """ISO 8601, UTC."""

    @property
    def taken_at(self) -> datetime:
        return datetime.fromisoformat(self.at)


@dataclass
class Items:
    """By id."""

    store: Store
    all: dict[int, Item] = field(default_factory=dict)

    def load(self) -> None:
        """Read back what an earlier process made."""
        for row in self.store.all("item"):
            self._take(Item(**row))  # type: ignore[arg-type]  # written by `top_up`

    def top_up(self, account: str, kind: ItemKind, count: int) -> None:
        """See to it that the account has at least so many, each older than the one before it."""
        have = len(self.of(account, kind))
        for number in range(have, count):
            at = clock.now() - _APART * (number + 1)
            item = Item(self._free_pk(at), kind, account, at.isoformat())
            self._take(item)
            self.store.put("item", str(item.pk), asdict(item))

    def of(self, account: str, kind: ItemKind) -> list[Item]:
        """The account's items of a kind, oldest first."""
        found = (item for item in self.all.values() if item.account == account and item.kind == kind)
        return sorted(found, key=lambda item: item.at)

    def clear(self) -> None:
        self.all.clear()

    def _take(self, item: Item) -> None:
        self.all[item.pk] = item

    def _free_pk(self, at: datetime) -> int:
        """An id that tells its time of creation, as those of Instagram do."""
        pk = (int(at.timestamp() * 1000) - _EPOCH_MS) << 23
        while pk in self.all:
            pk += 1
        return pk
