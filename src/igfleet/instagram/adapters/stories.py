"""The stories of the tray, and having seen them."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from instagrapi.exceptions import ClientNotFoundError, PrivateAccount

from igfleet.instagram.gateway import Story

_MOST_PEOPLE = 10
"""Whose stories are read at once: one request each."""


def tray_stories(client: Any) -> tuple[Story, ...]:  # instagrapi's client has no types
    """The stories of at most ten people, of those with something new first; the oldest of each first."""
    tray = client.get_reels_tray_feed()["tray"]
    reels = [reel for reel in tray if isinstance(reel, Mapping) and _owner(reel).isdecimal()]
    reels.sort(key=lambda reel: int(reel.get("latest_reel_media") or 0) <= int(reel.get("seen") or 0))
    found = [story for reel in reels[:_MOST_PEOPLE] for story in _stories_of(client, reel)]
    return tuple(sorted(found, key=lambda story: story.is_seen))


def mark_seen(client: Any, story: Story) -> bool:
    """One request that names the story with its owner and its time: the library would ask for the owner first and
    invent the time. Whether the answer confirmed it."""
    fields = client.with_default_data(
        {
            "container_module": "feed_timeline",
            "live_vods_skipped": {},
            "nuxes_skipped": {},
            "nuxes": {},
            "reels": {f"{story.id}_{story.user_id}": [f"{story.taken_at}_{int(time.time())}"]},
            "live_vods": {},
            "reel_media_skipped": {},
        }
    )
    return bool(client.private_request("/v2/media/seen/?reel=1&live_vod=0", fields).get("status") == "ok")


def _stories_of(client: Any, reel: Mapping[str, Any]) -> Iterator[Story]:
    """Of one person. One who became private or left has none."""
    owner, seen = _owner(reel), int(reel.get("seen") or 0)
    try:
        answer = client.private_request(f"feed/user/{owner}/story/")
    except (ClientNotFoundError, PrivateAccount):
        return
    items = [item for item in (answer.get("reel") or {}).get("items") or [] if isinstance(item, Mapping)]
    for item in sorted(items, key=lambda item: int(item.get("taken_at") or 0)):
        pk, taken_at = str(item.get("pk") or ""), int(item.get("taken_at") or 0)
        if pk.isdecimal():
            yield Story(f"{pk}_{owner}", owner, taken_at, is_seen=taken_at <= seen)


def _owner(reel: Mapping[str, Any]) -> str:
    return str((reel.get("user") or {}).get("pk") or "")
