"""Other people, asked for through the private interface only: nothing is cached, no error is swallowed.

The library's `user_follow` is two calls and answers from a cache, `user_friendship_v1` answers None for any error, and
`user_id_from_username` goes to the public web site instead.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from instagrapi.exceptions import ClientError, ClientNotFoundError

from igfleet.errors import GiveUp
from igfleet.instagram.gateway import Friendship, Person
from igfleet.reasons import ReasonCode


def user_named(client: Any, username: str) -> Mapping[str, Any] | None:  # instagrapi's client has no types
    """Instagram's description of a user; None when nobody has that name."""
    try:
        answer = client.private_request(f"users/{quote(username, safe='')}/usernameinfo/")
    except ClientNotFoundError:
        return None
    except ClientError as error:
        if "user not found" in str(error).lower():
            return None
        raise
    user: Mapping[str, Any] = answer["user"]
    return user


def find_person(client: Any, username: str) -> Person:
    """Raises `GiveUp` (user_not_found)."""
    user = user_named(client, username)
    if user is None:
        raise GiveUp(f"Nobody on Instagram is called {username!r}", ReasonCode.USER_NOT_FOUND)
    return Person(str(user["pk"]), str(user.get("username") or username), bool(user.get("is_private")))


def friendship(client: Any, user_id: str) -> Friendship:
    """Raises `GiveUp` (user_not_found) for an account that is gone."""
    params = {"is_external_deeplink_profile_view": "false"}
    return _friendship(_answer(client, user_id, f"friendships/show/{user_id}/", params=params))


def follow(client: Any, user_id: str) -> Friendship:
    """One request. Raises `GiveUp` (user_not_found) for an account that is gone."""
    fields = client.with_action_data(
        {
            "user_id": user_id,
            "_uid": str(client.user_id),
            "include_follow_friction_check": "1",
            "container_module": "profile",
        }
    )
    answer = _answer(client, user_id, f"friendships/create/{user_id}/", data=fields)
    return _friendship(answer.get("friendship_status") or {})


def _answer(client: Any, user_id: str, endpoint: str, **asked: Any) -> Mapping[str, Any]:
    try:
        answer: Mapping[str, Any] = client.private_request(endpoint, **asked)
    except ClientNotFoundError as error:
        raise GiveUp(f"The account {user_id} is not on Instagram any more", ReasonCode.USER_NOT_FOUND) from error
    return answer


def _friendship(told: Mapping[str, Any]) -> Friendship:
    return Friendship(following=told.get("following") is True, requested=told.get("outgoing_request") is True)
