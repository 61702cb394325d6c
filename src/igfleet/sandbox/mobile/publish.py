"""The one irreversible call: a configured upload is a published reel."""

import json

from pydantic import JsonValue

from igfleet import clock
from igfleet.sandbox.ledger import Published, shortcode
from igfleet.sandbox.messages import Answer, Request
from igfleet.sandbox.mobile.shapes import shape
from igfleet.sandbox.people import BROWSER, SimAccount
from igfleet.sandbox.refusals import REFUSALS
from igfleet.sandbox.uploads import Upload
from igfleet.sandbox.world import World, route


@route("POST", r"/api/v1/media/configure_to_clips/")
async def configure(world: World, request: Request, _path: dict[str, str]) -> Answer:
    account = world.signed_in(request)
    body = request.signed()
    upload_id = str(body.get("upload_id", ""))
    video = world.uploads.videos.get((request.account or "", upload_id))
    cover = world.uploads.covers.get((request.account or "", upload_id))
    if account is None or video is None or cover is None:
        return REFUSALS["media_needs_reupload"].answer()
    medium = _published(world, request, account, body, video, cover)
    world.store.keep_bytes(medium.sha256, bytes(video.data))
    world.store.keep_bytes(medium.cover_sha256, bytes(cover.data))
    world.ledger.publish(medium)
    answer = Answer.ok(media=shape(world, medium, request.account or ""), upload_id=upload_id)
    answer.sent = lambda: world.ledger.acknowledge(medium)
    return answer


def _published(
    world: World,
    request: Request,
    account: SimAccount,
    body: dict[str, JsonValue],
    video: Upload,
    cover: Upload,
) -> Published:
    pk = world.ledger.next_pk()
    return Published(
        pk=pk,
        code=shortcode(pk),
        account=account.username,
        account_pk=account.pk,
        upload_id=video.upload_id,
        sha256=video.sha256,
        cover_sha256=cover.sha256,
        size_bytes=len(video.data),
        caption=str(body.get("caption", "")),
        usertags=_usertags(body.get("usertags")),
        location=_place(body.get("location")),
        duration_s=float(str(body.get("length") or 0)),
        width=int(str(body.get("original_width") or 0)),
        height=int(str(body.get("original_height") or 0)),
        at=clock.now().isoformat(),
        device=str(body.get("_uuid") or request.headers.get("x-ig-device-id") or BROWSER),
        proxy=request.proxy,
        collaborators=_people(body.get("invite_coauthor_user_ids")),
    )


def _usertags(text: JsonValue) -> list[str]:
    found = json.loads(text) if isinstance(text, str) and text else {}
    return [str(tag["user_id"]) for tag in found.get("in", [])]


def _people(text: JsonValue) -> list[str]:
    return [str(pk) for pk in json.loads(text)] if isinstance(text, str) and text else []


def _place(text: JsonValue) -> str:
    found = json.loads(text) if isinstance(text, str) and text else text or {}
    return str(found.get("name", "")) if isinstance(found, dict) else ""
