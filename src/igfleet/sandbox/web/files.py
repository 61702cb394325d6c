"""The site's scripts and its style sheet."""

from igfleet.sandbox.messages import Answer, Request
from igfleet.sandbox.web.site import FOLDER, WWW
from igfleet.sandbox.world import World, route

_TYPES = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}


@route("GET", r"/site/(?P<name>[a-z_]+)\.(?P<kind>js|css)", needs_session=False, host=WWW)
async def file(_world: World, _request: Request, path: dict[str, str]) -> Answer:
    place = FOLDER / f"{path['name']}.{path['kind']}"
    if not place.is_file():
        return Answer(404)
    return Answer(200, place.read_bytes(), {"content-type": _TYPES[path["kind"]], "cache-control": "max-age=3600"})


@route("GET", r"/favicon\.ico", needs_session=False, host=WWW)
async def favicon(_world: World, _request: Request, _path: dict[str, str]) -> Answer:
    return Answer(204)
