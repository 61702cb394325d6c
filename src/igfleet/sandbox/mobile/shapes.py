"""Media as the mobile API shows them."""

from pydantic import JsonValue

from igfleet.sandbox.acts import ActKind
from igfleet.sandbox.items import Item, ItemKind
from igfleet.sandbox.ledger import Published, shortcode
from igfleet.sandbox.world import World

_SIDE = 1080


def shape(world: World, medium: Published, viewer: str = "") -> dict[str, JsonValue]:
    """A published reel."""
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
    told: dict[str, JsonValue] = {"device_timestamp": medium.upload_id} if world.ledger.shows_upload_ids else {}
    return {
        **_common(world, medium, viewer),
        **told,
        "media_type": 2,
        "product_type": "clips",
        "caption": {"text": medium.caption, "pk": str(medium.pk)} if medium.caption else None,
        "video_versions": [video],
        "video_duration": medium.duration_s,
        "image_versions2": {"candidates": [picture]},
        "original_width": medium.width,
        "original_height": medium.height,
    }


def item_shape(world: World, item: Item, viewer: str = "") -> dict[str, JsonValue]:
    """An invented picture or story."""
    address = f"https://scontent.cdninstagram.com/pictures/{item.pk}.jpg"
    picture: JsonValue = {"url": address, "width": _SIDE, "height": _SIDE}
    return {
        **_common(world, item, viewer),
        "media_type": 1,
        "product_type": "story" if item.kind == ItemKind.STORY else "feed",
        "caption": None,
        "image_versions2": {"candidates": [picture]},
        "original_width": _SIDE,
        "original_height": _SIDE,
    }


def _common(world: World, medium: Published | Item, viewer: str) -> dict[str, JsonValue]:
    account, acts = world.accounts[medium.account], world.ledger.acts
    return {
        "pk": str(medium.pk),
        "id": f"{medium.pk}_{account.pk}",
        "code": shortcode(medium.pk),
        "taken_at": int(medium.taken_at.timestamp()),
        "user": account.short(),
        "like_count": acts.count(ActKind.LIKE, str(medium.pk)),
        "has_liked": acts.standing(ActKind.LIKE, viewer, str(medium.pk)) is not None,
        "usertags": {"in": []},
        "location": None,
        "sponsor_tags": [],
    }
