"""Places and people of a reel, found through the private interface only: no fall-back to the public web site."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from igfleet.contracts.tasks import Place
from igfleet.errors import GiveUp
from igfleet.instagram.adapters.people import user_named
from igfleet.reasons import ReasonCode

NO_PLACE = "{}"
_CORNER = 0.0


def place_text(client: Any, place: Place | None) -> str:  # instagrapi's client has no types
    """The location field of a publish request. Raises `GiveUp` (location_not_found) when the search finds none."""
    if place is None:
        return NO_PLACE
    if place.lat is not None and place.lng is not None:
        return _text(place.name, place.lat, place.lng)
    found = _search(client, place.name)
    return _text(
        str(found.get("name") or place.name),
        found.get("lat"),
        found.get("lng"),
        str(found.get("address") or ""),
        str(found.get("facebook_places_id") or found.get("external_id") or found.get("pk") or ""),
    )


def user_ids(client: Any, usernames: Iterable[str]) -> list[int]:
    """The ids of the mentioned users. Raises `GiveUp` (mention_not_found) for the first that does not exist."""
    return [_user_id(client, username) for username in usernames]


def user_tags_text(ids: Iterable[int]) -> str:
    """The usertags field of a publish request. A reel shows them as a list: the position is a formality."""
    return json.dumps({"in": [{"user_id": pk, "position": [_CORNER, _CORNER]} for pk in ids]})


def _search(client: Any, name: str) -> Mapping[str, object]:
    answer = client.private_request(
        "fbsearch/places/",
        params={"search_surface": "places_search_page", "timezone_offset": client.timezone_offset,
                "lat": 0, "lng": 0, "count": 30, "query": name},
    )  # fmt: skip
    found = [item["location"] for item in answer.get("items") or [] if isinstance(item.get("location"), dict)]
    wanted = name.casefold()
    same = [place for place in found if str(place.get("name", "")).casefold() == wanted]
    alike = [place for place in found if wanted in str(place.get("name", "")).casefold()]
    for place in (*same, *alike):
        return dict(place)
    raise GiveUp(f"Instagram finds no place named {name!r}", ReasonCode.LOCATION_NOT_FOUND)


def _text(name: str, lat: object, lng: object, address: str = "", external_id: str = "") -> str:
    place = {"name": name, "address": address, "lat": lat, "lng": lng, "external_source": "facebook_places"}
    if external_id:
        place["facebook_places_id"] = external_id
    return json.dumps(place, separators=(",", ":"))


def _user_id(client: Any, username: str) -> int:
    user = user_named(client, username)
    if user is None:
        raise GiveUp(f"There is no user {username!r} to mention", ReasonCode.MENTION_NOT_FOUND)
    return int(user["pk"])
