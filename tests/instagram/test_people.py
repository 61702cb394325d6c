"""Other people, their posts and stories: asked for through the private interface only, nothing out of a cache."""

import pytest
from tests.instagram.conftest import Stage

from igfleet.errors import GiveUp, RetryLater, RunError
from igfleet.instagram.gateway import FeedItem, Friendship
from igfleet.reasons import ReasonCode

pytestmark = pytest.mark.anyio


async def test_somebody_is_found_by_name(stage: Stage) -> None:
    pk = stage.other("lake_01", is_private=True)
    instagram = await stage.signed_in()

    found = await instagram.find_person("lake_01")

    assert (found.user_id, found.username, found.is_private) == (pk, "lake_01", True)


@pytest.mark.parametrize("name", ["nobody_here", "../accounts/logout", "lake_01?a=b"])
async def test_nobody_is_said_to_be_nobody(stage: Stage, name: str) -> None:
    stage.other("lake_01")
    instagram = await stage.signed_in()

    with pytest.raises(GiveUp) as raised:
        await instagram.find_person(name)

    assert raised.value.reason is ReasonCode.USER_NOT_FOUND
    assert {entry.host for entry in stage.sandbox.world.journal} <= {"i.instagram.com", "b.i.instagram.com"}


async def test_an_ended_session_is_not_hidden_by_a_look_up_elsewhere(stage: Stage) -> None:
    """Trap 9: the library's own look-ups go to the public web site instead."""
    pk = stage.other("lake_01")
    instagram = await stage.signed_in()
    stage.sandbox.world.accounts["nord_01"].sessions.clear()

    for ask in (lambda: instagram.find_person("lake_01"), lambda: instagram.friendship(pk)):
        with pytest.raises(RetryLater) as raised:
            await ask()
        assert raised.value.reason is ReasonCode.SESSION_OVER

    assert "www.instagram.com" not in {entry.host for entry in stage.sandbox.world.journal}


async def test_a_follow_is_one_request_and_is_confirmed_by_its_answer(stage: Stage) -> None:
    """Trap 10: `user_follow` reads first, answers from a cache and says False for who is followed already."""
    pk = stage.other("coast_01")
    instagram = await stage.signed_in()
    stage.sandbox.world.journal.clear()

    before = await instagram.friendship(pk)
    after = await instagram.follow(pk)

    assert (before, after) == (Friendship(following=False), Friendship(following=True))
    assert stage.paths() == [
        f"GET /api/v1/friendships/show/{pk}/",
        f"POST /api/v1/friendships/create/{pk}/",
    ]
    assert [follow["target"] for follow in stage.told("follows")] == ["coast_01"]


async def test_a_private_account_is_asked(stage: Stage) -> None:
    pk = stage.other("lake_01", is_private=True)
    instagram = await stage.signed_in()

    assert await instagram.follow(pk) == Friendship(following=False, requested=True)
    assert await instagram.friendship(pk) == Friendship(following=False, requested=True)


async def test_whom_an_account_may_not_follow_is_told_apart_from_who_is_gone(stage: Stage) -> None:
    pk = stage.other("hill_01", refuses_follows=True)
    instagram = await stage.signed_in()

    reasons = []
    for user_id in (pk, "999"):
        with pytest.raises(GiveUp) as raised:
            await instagram.follow(user_id)
        reasons.append(raised.value.reason)

    assert reasons == [ReasonCode.TARGET_REFUSED, ReasonCode.USER_NOT_FOUND]


async def test_a_friendship_is_never_an_old_one(stage: Stage) -> None:
    """Trap 16: caches live as long as the client."""
    pk = stage.other("coast_01")
    instagram = await stage.signed_in()
    await instagram.follow(pk)

    stage.sandbox.world.ledger.acts.clear()

    assert await instagram.friendship(pk) == Friendship(following=False)
    assert (await instagram.follow(pk)).following


async def test_the_feed_goes_on_page_by_page_and_begins_again_at_its_end(stage: Stage) -> None:
    stage.other("coast_01", pictures=10)
    instagram = await stage.signed_in()

    pages = [await instagram.feed() for _ in range(3)]

    assert [len(page) for page in pages] == [8, 2, 8]
    assert len({item.id for page in pages for item in page}) == 10
    assert all(item.id.endswith(f"_{item.user_id}") for item in pages[0])


async def test_a_like_is_one_request_and_is_seen_in_the_feed(stage: Stage) -> None:
    stage.other("coast_01", pictures=2)
    instagram = await stage.signed_in()
    [first, second] = await instagram.feed()
    stage.sandbox.world.journal.clear()

    assert await instagram.like(first)
    assert stage.paths() == [f"POST /api/v1/media/{first.id}/like/"]
    assert [item.is_liked for item in await instagram.feed()] == [True, False]
    assert second.is_liked is False


async def test_what_was_deleted_cannot_be_liked(stage: Stage) -> None:
    instagram = await stage.signed_in()

    with pytest.raises(GiveUp) as raised:
        await instagram.like(FeedItem("3400000000000000001_4711", "4711"))

    assert raised.value.reason is ReasonCode.MEDIA_MISSING


async def test_stories_come_unseen_first_and_oldest_first(stage: Stage) -> None:
    stage.other("coast_01", stories=2)
    stage.other("hill_01", stories=2)
    stage.other("lake_01", stories=1, is_private=True)
    instagram = await stage.signed_in()

    stories = await instagram.stories()
    for story in stories[:2]:
        assert await instagram.mark_seen(story)
    after = await instagram.stories()

    assert [story.is_seen for story in stories] == [False] * 4
    assert stories[0].taken_at < stories[1].taken_at
    assert [story.is_seen for story in after] == [False, False, True, True]
    assert after[0].user_id == stories[2].user_id


async def test_a_story_is_seen_in_one_request_with_its_own_time(stage: Stage) -> None:
    """With a bare id the library would ask for the owner first, and it invents the time."""
    stage.other("coast_01", stories=1)
    instagram = await stage.signed_in()
    [story] = await instagram.stories()
    stage.sandbox.world.journal.clear()

    await instagram.mark_seen(story)

    assert stage.paths() == ["POST /api/v2/media/seen/"]
    [seen] = stage.told("seen_stories")
    assert seen["seen"][0].startswith(f"{story.taken_at}_")


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        ("feedback_required", ReasonCode.ACTION_BLOCKED),
        ("sentry_block", ReasonCode.ACTION_BLOCKED),
        ("please_wait", ReasonCode.RATE_LIMITED),
        ("challenge_native", ReasonCode.CHALLENGE_REQUIRED),
        ("server_500", ReasonCode.SERVER_TROUBLE),
        ("other_message", ReasonCode.UNEXPECTED_ERROR),
    ],
)
async def test_a_refused_act_has_its_reason_and_is_not_sent_again(
    stage: Stage, refusal: str, reason: ReasonCode
) -> None:
    stage.other("coast_01", pictures=1)
    instagram = await stage.signed_in()
    [item] = await instagram.feed()
    stage.fault("refuse", "/like/", refusal)

    with pytest.raises(RunError) as raised:
        await instagram.like(item)

    assert raised.value.reason is reason
    assert stage.asked_for("/like/") == 1
