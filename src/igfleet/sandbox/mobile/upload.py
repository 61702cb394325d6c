"""Bringing bytes over: resumable, nothing is visible yet."""

import json

from pydantic import JsonValue

from igfleet.sandbox.messages import Answer, Request
from igfleet.sandbox.world import World, route


@route("POST", r"/upload_settings/(?P<id>[^/]+)")
async def settings(_world: World, _request: Request, _path: dict[str, str]) -> Answer:
    return Answer.ok()


@route("GET", r"/rupload_igvideo/(?P<name>[^/]+)")
async def video_offset(world: World, request: Request, path: dict[str, str]) -> Answer:
    upload = world.uploads.by_name.get((request.account or "", path["name"]))
    return Answer.ok(offset=len(upload.data) if upload else 0)


@route("POST", r"/rupload_igvideo/(?P<name>[^/]+)")
async def video(world: World, request: Request, path: dict[str, str]) -> Answer:
    return _receive(world, request, path["name"], is_video=True)


@route("POST", r"/rupload_igphoto/(?P<name>[^/]+)")
async def photo(world: World, request: Request, path: dict[str, str]) -> Answer:
    return _receive(world, request, f"photo {path['name']}", is_video=False)  # browsers name both alike


def _receive(world: World, request: Request, name: str, *, is_video: bool) -> Answer:
    facts: dict[str, JsonValue] = json.loads(request.headers.get("x-instagram-rupload-params", "{}"))
    upload_id = str(facts.get("upload_id", ""))
    size = int(request.headers.get("x-entity-length", len(request.body)))
    upload = world.uploads.receive(
        request.account or "", name, int(request.headers.get("offset", 0)), size, upload_id, request.body
    )
    if upload is None:
        return Answer.of({"message": "offset mismatch", "status": "fail"}, 412)
    upload.facts = facts
    if not upload.is_whole:
        return Answer.of({"debug_info": {"retriable": True, "type": "PartialRequestError"}, "status": "fail"}, 412)
    shelf = world.uploads.videos if is_video else world.uploads.covers
    shelf[(request.account or "", upload_id)] = upload
    return Answer.ok(upload_id=upload_id, xsharing_nonces={})
