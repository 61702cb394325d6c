"""The home feed, page by page, and liking what it shows."""

from collections.abc import Iterator, Mapping
from typing import Any

from igfleet.instagram.gateway import FeedItem


class HomeFeed:
    """Remembers where it is; at the end it begins again at the top."""

    def __init__(self, client: Any) -> None:  # instagrapi's client has no types
        self._client = client
        self._next: str | None = None

    def page(self) -> tuple[FeedItem, ...]:
        """The next page: what other people posted, without advertisements."""
        answer = self._client.get_timeline_feed(max_id=self._next)
        self._next = str(answer.get("next_max_id") or "") or None if answer.get("more_available") else None
        return tuple(_items(answer.get("feed_items") or [], str(self._client.user_id)))


def like(client: Any, item: FeedItem) -> bool:
    """One request. Whether the answer confirmed it."""
    return client.media_like(item.id) is True


def _items(entries: list[object], me: str) -> Iterator[FeedItem]:
    for entry in entries:
        medium = entry.get("media_or_ad") if isinstance(entry, Mapping) else None
        if not isinstance(medium, Mapping) or medium.get("ad_id") or medium.get("injected"):
            continue
        owner, pk = str((medium.get("user") or {}).get("pk") or ""), str(medium.get("pk") or "")
        if pk.isdecimal() and owner.isdecimal() and owner != me:
            yield FeedItem(f"{pk}_{owner}", owner, medium.get("has_liked") is True)
