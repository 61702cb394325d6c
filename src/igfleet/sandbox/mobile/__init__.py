"""The mobile API, as instagrapi 3.2.2 uses it. Importing the package registers every route."""

from igfleet.sandbox.mobile import bloks, feed, legacy_login, people, publish, search, upload

__all__ = ["bloks", "feed", "legacy_login", "people", "publish", "search", "upload"]
