"""Places that a reel can be tagged with."""

from pydantic import JsonValue

from igfleet.sandbox.messages import Answer, Request
from igfleet.sandbox.world import World, route

PLACES: tuple[tuple[int, str, float, float], ...] = (
    (212988663, "Berlin, Germany", 52.5167, 13.3833),
    (213385402, "London, United Kingdom", 51.5072, -0.1275),
    (212999109, "Lisbon, Portugal", 38.7139, -9.1394),
    (213131048, "Oslo, Norway", 59.9133, 10.7389),
)
"""Facebook's id, name, latitude, longitude."""


@route("GET", r"/api/v1/fbsearch/places/")
async def places(_world: World, request: Request, _path: dict[str, str]) -> Answer:
    wanted = request.query.get("query", request.query.get("q", "")).casefold()
    found = [place for place in PLACES if wanted and wanted in place[1].casefold()]
    items: list[JsonValue] = [{"location": _location(*place), "title": place[1], "subtitle": ""} for place in found]
    return Answer.ok(items=items, has_more=False, rank_token="sandbox")


@route("GET", r"/api/v1/location_search/")
async def near(_world: World, request: Request, _path: dict[str, str]) -> Answer:
    lat, lng = float(request.query.get("latitude", 0)), float(request.query.get("longitude", 0))
    nearest = sorted(PLACES, key=lambda place: (place[2] - lat) ** 2 + (place[3] - lng) ** 2)
    venues: list[JsonValue] = [
        {**_location(*place), "external_id": place[0], "external_id_source": "facebook_places"} for place in nearest
    ]
    return Answer.ok(venues=venues, request_id="sandbox")


@route("GET", r"/api/v1/locations/(?P<pk>\d+)/location_info/")
async def info(_world: World, _request: Request, path: dict[str, str]) -> Answer:
    found = next((place for place in PLACES if place[0] == int(path["pk"])), None)
    if found is None:
        return Answer.of({"message": "Location not found", "status": "fail"}, 404)
    pk, name, lat, lng = found
    return Answer.ok(
        location_id=pk,
        name=name,
        lat=lat,
        lng=lng,
        facebook_places_id=pk,
        category="City",
        phone="",
        website="",
        location_address="",
        location_city="",
        location_zip="",
    )


def _location(pk: int, name: str, lat: float, lng: float) -> dict[str, JsonValue]:
    return {
        "pk": pk,
        "name": name,
        "address": "",
        "city": "",
        "short_name": name,
        "lng": lng,
        "lat": lat,
        "external_source": "facebook_places",
        "facebook_places_id": pk,
    }
