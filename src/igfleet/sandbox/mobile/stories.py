"""The stories tray, the stories of one account, and having seen them."""

import re

from pydantic import JsonValue

from igfleet.contracts.tasks import Action
from igfleet.sandbox.acts import ActKind
from igfleet.sandbox.items import ItemKind
from igfleet.sandbox.messages import Answer, Request
from igfleet.sandbox.mobile.friendships import may_see
from igfleet.sandbox.mobile.shapes import item_shape
from igfleet.sandbox.people import SimAccount
from igfleet.sandbox.world import World, route

_KEY = re.compile(r"(?P<pk>\d+)_\d+_\d+")


@route("POST", r"/api/v1/feed/reels_tray/")
async def tray(world: World, request: Request, _path: dict[str, str]) -> Answer:
    viewer = request.account or ""
    shown = (account for account in world.accounts.values() if account.username != viewer)
    reels = [_reel(world, account, viewer) for account in shown if may_see(world, viewer, account)]
    return Answer.ok(tray=[{**reel} for reel in reels if reel["media_count"]], story_ranking_token="sandbox")


@route("GET", r"/api/v1/feed/user/(?P<pk>\d+)/story/")
async def stories_of(world: World, request: Request, path: dict[str, str]) -> Answer:
    viewer, account = request.account or "", world.account_of(int(path["pk"]))
    if account is None:
        return Answer.ok(reel=None)
    if not may_see(world, viewer, account):
        return Answer.of({"message": "Not authorized to view user", "status": "fail"}, 400)
    items: list[JsonValue] = [
        item_shape(world, item, viewer) for item in world.items.of(account.username, ItemKind.STORY)
    ]
    return Answer.ok(reel={**_reel(world, account, viewer), "items": items} if items else None)


@route("POST", r"/api/v2/media/seen/")
async def seen(world: World, request: Request, _path: dict[str, str]) -> Answer:
    told = request.signed().get("reels")
    for key, times in (told if isinstance(told, dict) else {}).items():
        found = _KEY.fullmatch(key)
        item = world.items.all.get(int(found["pk"])) if found else None
        if item is None or item.kind != ItemKind.STORY:
            continue
        refused = world.limits.refusal(world.ledger.acts, request.account or "", Action.STORY_VIEW)
        if refused is not None:
            return refused
        world.ledger.acts.note(ActKind.STORY, request, str(item.pk), owner=item.account, seen=times)
    return Answer.ok()


def _reel(world: World, account: SimAccount, viewer: str) -> dict[str, JsonValue]:
    """The account's stories in short. `seen` is the time of the latest that was looked at: older ones count as seen."""
    items = world.items.of(account.username, ItemKind.STORY)
    looked_at = [item for item in items if world.ledger.acts.standing(ActKind.STORY, viewer, str(item.pk))]
    return {
        "id": str(account.pk),
        "reel_type": "user_reel",
        "user": account.short(),
        "media_count": len(items),
        "media_ids": [str(item.pk) for item in items],
        "latest_reel_media": int(items[-1].taken_at.timestamp()) if items else 0,
        "seen": int(looked_at[-1].taken_at.timestamp()) if looked_at else 0,
    }
