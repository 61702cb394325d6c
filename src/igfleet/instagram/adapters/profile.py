"""The account's own profile, read and changed one field at a time.

The library's `account_edit` sends every field again as it was last read, and the text a second time. Here each change
names its own field only, so a read that is out of date cannot undo what somebody else has changed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from igfleet.instagram.gateway import Profile

type User = Mapping[str, Any]
"""The account as Instagram describes it to itself."""


def read_profile(client: Any) -> Profile:  # instagrapi's client has no types
    """One request, never answered from a cache."""
    user = _user(client)
    return Profile(
        user_id=str(user["pk"]),
        username=str(user.get("username") or ""),
        full_name=str(user.get("full_name") or ""),
        biography=str(user.get("biography") or ""),
        external_url=str(user.get("external_url") or ""),
        avatar_id=_avatar_id(user),
        avatar_url=_avatar_url(user),
    )


def set_link(client: Any, url: str) -> None:
    """Set the link, or take it out: then its id has to be read first."""
    if url:
        client.set_external_url(url)
        return
    ids = [link["link_id"] for link in _user(client).get("bio_links") or [] if link.get("link_id")]
    if ids:
        client.remove_bio_links(ids)


def set_text(client: Any, biography: str) -> None:
    """Set the text; an empty one too, which `account_edit` would leave out."""
    client.account_set_biography(biography)


def upload_picture(client: Any, picture: Path) -> str:
    """Bring the picture over; its upload id. The library encodes it again, so other bytes arrive."""
    upload_id, _, _ = client.photo_rupload(picture)
    return str(upload_id)


def use_picture(client: Any, upload_id: str) -> None:
    """Make an uploaded picture the account's own. What the answer says of it is not looked at: read the profile."""
    fields = client.with_default_data({"use_fbuploader": True, "upload_id": upload_id})
    client.private_request("accounts/change_profile_picture/", fields)


def _user(client: Any) -> User:
    return cast(User, client.private_request("accounts/current_user/?edit=true")["user"])


def _avatar_url(user: User) -> str:
    """The largest that is named; empty for the picture of somebody who has none."""
    if user.get("has_anonymous_profile_picture"):
        return ""
    versions = user.get("hd_profile_pic_versions") or []
    largest = user.get("hd_profile_pic_url_info") or (versions[-1] if versions else {})
    return str(largest.get("url") or user.get("profile_pic_url") or "")


def _avatar_id(user: User) -> str:
    """As said, else the name of the picture's file: it changes too."""
    return str(user.get("profile_pic_id") or "") or urlsplit(_avatar_url(user)).path.rpartition("/")[2]
