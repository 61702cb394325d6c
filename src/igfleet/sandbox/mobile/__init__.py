"""The mobile API, as instagrapi 3.2.2 uses it. Importing the package registers every route."""

from igfleet.sandbox.mobile import (
    bloks,
    challenges,
    feed,
    friendships,
    legacy_login,
    people,
    profile,
    publish,
    search,
    stories,
    upload,
)

__all__ = [
    "bloks",
    "challenges",
    "feed",
    "friendships",
    "legacy_login",
    "people",
    "profile",
    "publish",
    "search",
    "stories",
    "upload",
]
