"""The account's own media, as the site's pages read them."""

from igfleet.contracts.posts import SeenMedia
from igfleet.errors import SessionOver
from igfleet.instagram.adapters.browser.answers import SiteAnswer
from igfleet.instagram.adapters.browser.site import Site
from igfleet.instagram.adapters.media_shape import seen_media
from igfleet.instagram.adapters.site_clock import site_time
from igfleet.instagram.gateway import Listing


async def listing_of(site: Site, count: int) -> Listing:
    """Asked anew each time: no cache stands between."""
    me = await site.user_id()
    if not me:
        raise SessionOver(f"{site.username}: the browser has no session")
    feed = (await site.read(f"/api/v1/feed/user/{me}/?count={count}")).body
    items = feed.get("items")
    media = [seen for seen in map(seen_media, items if isinstance(items, list) else []) if seen is not None]
    profile = await site.read(f"/api/v1/users/{me}/info/")
    total = _media_count(profile, media, is_whole=not feed.get("more_available"))
    return Listing(tuple(media[:count]), total, site_time(profile.date))


def _media_count(profile: SiteAnswer, media: list[SeenMedia], *, is_whole: bool) -> int | None:
    """From the account's own profile; without it from a listing that is complete."""
    user = profile.body.get("user")
    count = user.get("media_count") if isinstance(user, dict) else None
    if isinstance(count, int):
        return count
    return len(media) if is_whole else None
