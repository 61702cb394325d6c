"""Listings: the home feed, an account's own media, one medium; and liking what they show."""

from pydantic import JsonValue

from igfleet.contracts.tasks import Action
from igfleet.sandbox.acts import ActKind
from igfleet.sandbox.items import Item, ItemKind
from igfleet.sandbox.ledger import Published
from igfleet.sandbox.messages import Answer, Request
from igfleet.sandbox.mobile.friendships import may_see
from igfleet.sandbox.mobile.shapes import item_shape, shape
from igfleet.sandbox.refusals import REFUSALS
from igfleet.sandbox.world import World, route

_PAGE = 8


@route("POST", r"/api/v1/feed/timeline/")
async def timeline(world: World, request: Request, _path: dict[str, str]) -> Answer:
    viewer = request.account or ""
    after = str(request.json().get("max_id") or "")
    fresh = [medium for medium in _home(world, viewer) if not after.isdigit() or medium.pk < int(after)]
    page = fresh[:_PAGE]
    items: list[JsonValue] = [{"media_or_ad": _shown(world, medium, viewer)} for medium in page]
    answer: dict[str, JsonValue] = {"feed_items": items, "num_results": len(items), "more_available": False}
    if len(fresh) > _PAGE:
        answer |= {"more_available": True, "next_max_id": str(page[-1].pk)}
    return Answer.ok(**answer)


@route("GET", r"/api/v1/feed/user/(?P<pk>\d+)/")
async def user_feed(world: World, request: Request, path: dict[str, str]) -> Answer:
    page, following = _page(world, int(path["pk"]), request.query.get("max_id", ""), request.query.get("count", "12"))
    items: list[JsonValue] = [shape(world, medium, request.account or "") for medium in page]
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
    items: list[JsonValue] = [{"media": shape(world, medium, request.account or "")} for medium in page]
    return Answer.ok(items=items, paging_info={"max_id": following, "more_available": bool(following)})


@route("GET", r"/api/v1/media/(?P<pk>\d+)(_\d+)?/info/")
async def media_info(world: World, request: Request, path: dict[str, str]) -> Answer:
    medium = _find(world, path["pk"])
    if medium is None:
        return Answer.of({"message": "Media not found or unavailable", "status": "fail"}, 404)
    return Answer.ok(items=[_shown(world, medium, request.account or "")], num_results=1)


@route("POST", r"/api/v1/media/(?P<pk>\d+)(_\d+)?/(?P<what>like|unlike)/")
async def like(world: World, request: Request, path: dict[str, str]) -> Answer:
    medium = _find(world, path["pk"])
    if medium is None:
        return REFUSALS["media_unavailable"].answer()
    kind = ActKind(path["what"])
    if kind is ActKind.LIKE:
        refused = world.limits.refusal(world.ledger.acts, request.account or "", Action.LIKE)
        if refused is not None:
            return refused
    world.ledger.acts.note(kind, request, path["pk"], owner=medium.account)
    return Answer.ok()


@route("POST", r"/api/v1/media/get_upload_status_REST/")
async def upload_status(world: World, request: Request, _path: dict[str, str]) -> Answer:
    wanted = str(request.signed().get("post_client_id", ""))
    found = [medium.pk for medium in world.ledger.media if medium.upload_id == wanted]
    return Answer.ok(post_client_id=wanted, media_ids=[str(pk) for pk in found])


def _home(world: World, viewer: str) -> list[Published | Item]:
    """What everybody else shows, newest first. There are no strangers in the sandbox."""
    shows = {name for name, account in world.accounts.items() if name != viewer and may_see(world, viewer, account)}
    shown: list[Published | Item] = [medium for medium in world.ledger.visible() if medium.account in shows]
    shown += [item for item in world.items.all.values() if item.kind == ItemKind.PICTURE and item.account in shows]
    return sorted(shown, key=lambda medium: medium.pk, reverse=True)


def _find(world: World, pk: str) -> Published | Item | None:
    return world.ledger.find(pk) or world.items.all.get(int(pk))


def _shown(world: World, medium: Published | Item, viewer: str) -> dict[str, JsonValue]:
    return item_shape(world, medium, viewer) if isinstance(medium, Item) else shape(world, medium, viewer)


def _page(world: World, pk: int, after: str, count: str) -> tuple[list[Published], str]:
    """The media after the cursor, and the cursor of the next page."""
    owner = world.account_of(pk)
    size = min(max(int(count) if count.isdigit() else 12, 1), 50)
    own = world.ledger.of(owner.username) if owner else []
    older = [medium for medium in own if not after.isdigit() or medium.pk < int(after)]
    page = older[:size]
    return page, str(page[-1].pk) if len(older) > size else ""
