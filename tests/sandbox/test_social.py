"""The real, unmodified client library likes, looks, follows and edits in the sandbox; the ledger knows of it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio.to_thread
import httpx
import pytest
from instagrapi import Client
from instagrapi.exceptions import FeedbackRequired, InvalidTargetUser, MediaUnavailable, PrivateAccount
from PIL import Image
from tests.authorities import PUBLIC

from igfleet.sandbox.sandbox import Sandbox

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse"


@dataclass
class Signed:
    """An account that is signed in, with others around it."""

    sandbox: Sandbox
    client: Client

    async def call[T](self, work: Callable[[Client], T]) -> T:
        return await anyio.to_thread.run_sync(lambda: work(self.client))

    async def control(self, method: str, path: str, **body: object) -> dict[str, Any]:
        async with httpx.AsyncClient(base_url=self.sandbox.control_url, trust_env=False, verify=PUBLIC) as http:
            answer = await http.request(method, f"/v1/{path}", json=body or None)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def add(self, username: str, **traits: object) -> str:
        """Another account; its id."""
        made = {"username": username, "password": PASSWORD, **traits}
        await self.control("POST", "accounts", accounts=[made])
        return str(self.sandbox.world.accounts[username].pk)

    async def ledger(self, name: str) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = (await self.control("GET", "ledger"))[name]
        return listed


@pytest.fixture
async def signed(sandbox: Sandbox, client_of: Callable[..., Client]) -> AsyncIterator[Signed]:
    sandbox.world.add_account("nord_01", PASSWORD)
    signed = Signed(sandbox, client_of())
    await signed.call(lambda client: client.login("nord_01", PASSWORD))
    yield signed
    assert not sandbox.world.ledger.leaks


async def test_the_home_feed_shows_the_others_newest_first_and_page_by_page(signed: Signed) -> None:
    await signed.add("coast_01", pictures=7)
    await signed.add("hill_01", pictures=4)
    await signed.add("lake_01", pictures=3, is_private=True)

    first = await signed.call(lambda client: client.get_timeline_feed())
    second = await signed.call(lambda client: client.get_timeline_feed(max_id=first["next_max_id"]))
    shown = [item["media_or_ad"] for page in (first, second) for item in page["feed_items"]]

    assert {one["user"]["username"] for one in shown} == {"coast_01", "hill_01"}
    assert len({one["id"] for one in shown}) == 11
    assert [one["taken_at"] for one in shown] == sorted((one["taken_at"] for one in shown), reverse=True)
    assert "next_max_id" not in second


async def test_a_like_is_shown_counted_and_taken_back(signed: Signed) -> None:
    await signed.add("coast_01", pictures=1)
    feed = await signed.call(lambda client: client.get_timeline_feed())
    key = feed["feed_items"][0]["media_or_ad"]["id"]

    assert await signed.call(lambda client: client.media_like(key))
    liked = await signed.call(lambda client: client.media_info(key.split("_")[0]))
    assert await signed.call(lambda client: client.media_unlike(key))
    again = (await signed.call(lambda client: client.get_timeline_feed()))["feed_items"][0]["media_or_ad"]

    assert (liked.like_count, liked.has_liked) == (1, True)
    assert (again["like_count"], again["has_liked"]) == (0, False)
    [like] = await signed.ledger("likes")
    assert (like["account"], like["target"], like["owner"]) == ("nord_01", key.split("_")[0], "coast_01")
    assert like["device"] == signed.client.uuid
    assert await signed.ledger("repeats") == []


async def test_what_is_done_twice_is_told(signed: Signed) -> None:
    await signed.add("coast_01", pictures=1)
    feed = await signed.call(lambda client: client.get_timeline_feed())
    key = feed["feed_items"][0]["media_or_ad"]["id"]

    for _ in range(2):
        await signed.call(lambda client: client.media_like(key))

    assert [one["is_repeat"] for one in await signed.ledger("likes")] == [False, True]
    assert len(await signed.ledger("repeats")) == 1


async def test_nobody_can_like_what_is_not_there(signed: Signed) -> None:
    with pytest.raises(MediaUnavailable):
        await signed.call(lambda client: client.media_like("3400000000000000001_4711"))


async def test_stories_stand_in_the_tray_and_are_seen(signed: Signed) -> None:
    pk = await signed.add("coast_01", stories=3)
    await signed.add("lake_01", stories=1, is_private=True)

    [reel] = (await signed.call(lambda client: client.get_reels_tray_feed()))["tray"]
    stories = await signed.call(lambda client: client.user_stories_v1(pk))
    assert await signed.call(lambda client: client.media_seen([stories[0].id]))
    [after] = (await signed.call(lambda client: client.get_reels_tray_feed()))["tray"]

    assert reel["user"]["username"] == "coast_01"
    assert reel["media_ids"] == [story.pk for story in stories]
    assert (reel["seen"], after["seen"]) == (0, int(stories[0].taken_at.timestamp()))
    [seen] = await signed.ledger("seen_stories")
    assert (seen["target"], seen["owner"]) == (stories[0].pk, "coast_01")


async def test_stories_of_a_private_account_are_for_its_followers(signed: Signed) -> None:
    pk = await signed.add("lake_01", stories=1, is_private=True)

    with pytest.raises(PrivateAccount):
        await signed.call(lambda client: client.user_stories_v1(pk))


async def test_a_follow_stands_until_it_is_taken_back(signed: Signed) -> None:
    pk = await signed.add("coast_01")
    found = await signed.call(lambda client: client.user_info_by_username_v1("coast_01"))

    assert await signed.call(lambda client: client.user_follow(pk))
    during = await signed.call(lambda client: client.user_friendship_v1(pk))
    assert await signed.call(lambda client: client.user_unfollow(pk))
    after = await signed.call(lambda client: client.user_friendship_v1(pk))

    assert (found.pk, found.is_private) == (pk, False)
    assert (during.following, after.following) == (True, False)
    assert [(one["account"], one["target"]) for one in await signed.ledger("follows")] == [("nord_01", "coast_01")]
    assert len(await signed.ledger("unfollows")) == 1


async def test_a_private_account_is_asked_and_another_refuses(signed: Signed) -> None:
    private = await signed.add("lake_01", is_private=True)
    refusing = await signed.add("hill_01", refuses_follows=True)

    assert await signed.call(lambda client: client.user_follow(private))
    asked = await signed.call(lambda client: client.user_friendship_v1(private))
    with pytest.raises(InvalidTargetUser):
        await signed.call(lambda client: client.user_follow(refusing))

    assert (asked.following, asked.outgoing_request) == (False, True)
    [follow] = await signed.ledger("follows")
    assert (follow["target"], follow["requested"]) == ("lake_01", True)


async def test_the_profile_is_edited_in_each_of_the_ways(signed: Signed) -> None:
    for edit in (
        lambda client: client.account_edit(external_url="https://example.org/one", full_name="Nord One"),
        lambda client: client.account_set_biography("Sea and sand"),
        lambda client: client.set_external_url("https://example.org/two"),
    ):
        await signed.call(edit)
    info = await signed.call(lambda client: client.account_info())
    edits = await signed.ledger("profile_edits")

    assert (info.full_name, info.biography, info.external_url) == (
        "Nord One",
        "Sea and sand",
        "https://example.org/two",
    )
    assert [one["after"] for one in edits] == [
        {"full_name": "Nord One", "external_url": "https://example.org/one"},
        {"biography": "Sea and sand"},
        {"external_url": "https://example.org/two"},
    ]
    assert edits[2]["before"] == {"external_url": "https://example.org/one"}


async def test_the_link_is_taken_out_by_its_id(signed: Signed) -> None:
    await signed.call(lambda client: client.set_external_url("https://example.org/one"))
    user = await signed.call(lambda client: client.user_info_v1(client.user_id))

    await signed.call(lambda client: client.remove_bio_links([user.bio_links[0].link_id]))

    assert (await signed.call(lambda client: client.account_info())).external_url is None


async def test_a_new_picture_has_a_new_id_and_its_bytes_are_kept(signed: Signed, tmp_path: Path) -> None:
    Image.new("RGB", (400, 400), "teal").save(tmp_path / "picture.jpg")
    read = lambda client: client.private_request("accounts/current_user/?edit=true")["user"]  # noqa: E731
    before = await signed.call(read)

    await signed.call(lambda client: client.account_change_picture(tmp_path / "picture.jpg"))
    after = await signed.call(read)
    [avatar] = await signed.ledger("avatars")

    assert before["has_anonymous_profile_picture"]
    assert after["profile_pic_id"]
    stored = signed.sandbox.world.store.bytes_of(avatar["sha256"])
    assert stored is not None
    assert stored.startswith(b"\xff\xd8")
    assert after["profile_pic_url"].endswith(f"/avatars/{avatar['sha256']}.jpg")


async def test_edits_can_be_ignored_in_silence(signed: Signed) -> None:
    await signed.add("nord_01", ignores_edits=True, biography="as it was")

    assert await signed.call(lambda client: client.account_set_biography("as it shall be"))

    assert (await signed.call(lambda client: client.account_info())).biography == "as it was"
    [edit] = await signed.ledger("profile_edits")
    assert edit["is_applied"] is False


async def test_an_action_is_blocked_beyond_its_limit_and_others_go_on(signed: Signed) -> None:
    pk = await signed.add("coast_01", pictures=3)
    await signed.control("POST", "limits", action="like", most=2)
    feed = await signed.call(lambda client: client.get_timeline_feed())
    keys = [item["media_or_ad"]["id"] for item in feed["feed_items"]]

    for key in keys[:2]:
        await signed.call(lambda client, key=key: client.media_like(key))
    with pytest.raises(FeedbackRequired):
        await signed.call(lambda client: client.media_like(keys[2]))

    assert await signed.call(lambda client: client.user_follow(pk))
    assert len(await signed.ledger("likes")) == 2
    assert (await signed.control("DELETE", "limits"))["limits"] == []
    assert await signed.call(lambda client: client.media_like(keys[2]))


async def test_what_was_done_survives_a_restart(tmp_path: Path, client_of: Callable[..., Client]) -> None:
    async with Sandbox(tmp_path / "kept") as first:
        first.world.add_account("nord_01", PASSWORD)
        other = first.world.add_account("coast_01", PASSWORD)
        first.world.furnish(other, pictures=2, stories=1)
        client = Client(proxy=first.proxy_url, tls_verify=str(first.ca_file))
        client.request_timeout = 0
        await anyio.to_thread.run_sync(lambda: client.login("nord_01", PASSWORD))
        await anyio.to_thread.run_sync(lambda: client.user_follow(str(other.pk)))
        told = first.world.ledger.shown()

    async with Sandbox(tmp_path / "kept") as second:
        assert second.world.ledger.shown()["follows"] == told["follows"]
        assert len(second.world.items.all) == 3


async def test_new_media_stay_out_of_listings_for_as_long_as_is_set(signed: Signed, clip: Path, cover: Path) -> None:
    await signed.control("POST", "publish_visible_delay", seconds=90)
    await signed.call(lambda client: client.clip_upload(clip, "Fjord", cover, configure_timeout=0))

    early = await signed.call(lambda client: client.user_medias_v1(client.user_id, 5))
    await signed.control("POST", "publish_visible_delay", seconds=0)
    late = await signed.call(lambda client: client.user_medias_v1(client.user_id, 5))

    assert (len(early), len(late)) == (0, 1)
