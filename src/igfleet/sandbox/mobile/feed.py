"""Listings: the home feed, the stories tray, an account's own media, one medium."""

from pydantic import JsonValue

from igfleet.sandbox.ledger import Published
from igfleet.sandbox.messages import Answer, Request
from igfleet.sandbox.world import World, route


@route("POST", r"/api/v1/feed/timeline/")
async def timeline(_world: World, _request: Request, _path: dict[str, str]) -> Answer:
    return Answer.ok(feed_items=[], num_results=0, more_available=False)


@route("POST", r"/api/v1/feed/reels_tray/")
async def reels_tray(_world: World, _request: Request, _path: dict[str, str]) -> Answer:
    return Answer.ok(tray=[])


@route("GET", r"/api/v1/feed/user/(?P<pk>\d+)/")
async def user_feed(world: World, request: Request, path: dict[str, str]) -> Answer:
    page, following = _page(world, int(path["pk"]), request.query.get("max_id", ""), request.query.get("count", "12"))
    items: list[JsonValue] = [shape(world, medium) for medium in page]
    answer: dict[str, JsonValue] = {"items": items, "num_results": len(items), "more_available": bool(following)}
    if following:
        answer["next_max_id"] = following
    return Answer.ok(**answer)


@route("POST", r"/api/v1/clips/user/")
async def user_clips(world: World, request: Request, _path: dict[str, str]) -> Answer:
    body = request.signed()
    page, following = _page(
        world, int(str(body.get("target_user_id", 0))), str(body.get("max_id", "")), str(body.get("page_size", "12"))
    )
    items: list[JsonValue] = [{"media": shape(world, medium)} for medium in page]
    return Answer.ok(items=items, paging_info={"max_id": following, "more_available": bool(following)})


@route("GET", r"/api/v1/media/(?P<pk>\d+)(_\d+)?/info/")
async def media_info(world: World, _request: Request, path: dict[str, str]) -> Answer:
    medium = world.ledger.find(path["pk"])
    if medium is None:
        return Answer.of({"message": "Media not found or unavailable", "status": "fail"}, 404)
    return Answer.ok(items=[shape(world, medium)], num_results=1)


@route("POST", r"/api/v1/media/get_upload_status_REST/")
async def upload_status(world: World, request: Request, _path: dict[str, str]) -> Answer:
    wanted = str(request.signed().get("post_client_id", ""))
    found = [medium.pk for medium in world.ledger.media if medium.upload_id == wanted]
    return Answer.ok(post_client_id=wanted, media_ids=[str(pk) for pk in found])


def shape(world: World, medium: Published) -> dict[str, JsonValue]:
    """A medium as the mobile API shows it."""
    account = world.accounts[medium.account]
    picture: JsonValue = {
        "url": f"https://www.instagram.com/covers/{medium.cover_sha256}.jpg",
        "width": medium.width,
        "height": medium.height,
    }
    video: JsonValue = {
        "url": f"https://www.instagram.com/videos/{medium.sha256}.mp4",
        "width": medium.width,
        "height": medium.height,
        "type": 101,
    }
    return {
        "pk": str(medium.pk),
        "id": f"{medium.pk}_{medium.account_pk}",
        "code": medium.code,
        "taken_at": int(medium.taken_at.timestamp()),
        "media_type": 2,
        "product_type": "clips",
        "user": account.short(),
        "like_count": 0,
        "caption": {"text": medium.caption, "pk": str(medium.pk)} if medium.caption else None,
        "video_versions": [video],
        "video_duration": medium.duration_s,
        "image_versions2": {"candidates": [picture]},
        "usertags": {"in": []},
        "location": None,
        "sponsor_tags": [],
        "original_width": medium.width,
        "original_height": medium.height,
    }


def _page(world: World, pk: int, after: str, count: str) -> tuple[list[Published], str]:
    """The media after the cursor, and the cursor of the next page."""
    owner = next((account.username for account in world.accounts.values() if account.pk == pk), "")
    size = min(max(int(count) if count.isdigit() else 12, 1), 50)
    older = [medium for medium in world.ledger.of(owner) if not after.isdigit() or medium.pk < int(after)]
    page = older[:size]
    return page, str(page[-1].pk) if len(older) > size else ""
