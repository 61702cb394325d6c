"""warmup: the numbers that each account draws, and what a run does of them."""

from pathlib import Path

import pytest
from pydantic import JsonValue
from tests.runners.social import MemoryInstagram, a_run, an_order

from igfleet.contracts.tasks import Action
from igfleet.errors import ActionRests, BudgetSpent, ChallengeRequired, GiveUp, Invalid, NetworkTrouble, RetryLater
from igfleet.instagram.gateway import Person
from igfleet.reasons import ReasonCode
from igfleet.runners import options_of
from igfleet.runners.warmup import Warmup, WarmupOptions

pytestmark = pytest.mark.anyio
OPTIONS = WarmupOptions(follow_max_count=2, targets=("bar_01",))
BLOCKED = RetryLater("blocked", ReasonCode.ACTION_BLOCKED)


def world(**given: object) -> MemoryInstagram:
    pages = [[f"{page}{number}_7" for number in range(4)] for page in range(1, 4)]
    people = {"bar_01": Person("91", "bar_01")}
    fields = {"pages": pages, "tray": [f"5{number}_7" for number in range(6)], "people": people}
    return MemoryInstagram(**{**fields, **given})  # type: ignore[arg-type]


def numbers(feed: int = 2, likes: int = 2, stories: int = 3, follows: int = 1) -> dict[str, JsonValue]:
    targets: list[JsonValue] = [{"id": 1, "username": "bar_01", "user_id": "91"}]
    return {"feed": feed, "likes": likes, "stories": stories, "follows": follows, "targets": targets}


def test_each_account_draws_between_least_and_greatest() -> None:
    options = WarmupOptions(feed_scroll_min_count=2, feed_scroll_max_count=4, like_min_count=1, like_max_count=3)

    shares = list(Warmup.plan(an_order(accounts=60), options))

    assert {share.facts["feed"] for share in shares} == {2, 3, 4}
    assert {share.facts["likes"] for share in shares} == {1, 2, 3}
    assert {share.facts["stories"] for share in shares} == {0, 1, 2, 3, 4, 5}
    assert {share.facts["follows"] for share in shares} == {0}
    assert shares == list(Warmup.plan(an_order(accounts=60), options))
    assert shares != list(Warmup.plan(an_order(accounts=60, seed=8), options))


def test_whom_it_may_follow_is_part_of_the_plan() -> None:
    options = WarmupOptions(follow_min_count=1, follow_max_count=1, target_list="bars")

    [share] = Warmup.plan(an_order(accounts=1, targets=["bar_01", "bar_02"]), options)

    assert sorted(share.facts["target_ids"]) == [1, 2]  # type: ignore[arg-type, type-var]


def test_who_draws_nothing_is_left_out() -> None:
    shares = list(Warmup.plan(an_order(accounts=40), WarmupOptions(feed_scroll_min_count=0, feed_scroll_max_count=1)))

    idle = [share for share in shares if share.is_left_out]
    assert idle
    assert all("drew 0" in share.note for share in idle)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"like_min_count": 4}, "like_min_count must not be greater than like_max_count"),
        ({"follow_max_count": 1}, "say whom to follow"),
        (
            {"feed_scroll_min_count": 0, "feed_scroll_max_count": 0, "like_max_count": 0, "view_stories_max_count": 0},
            "nothing to do",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, JsonValue], message: str) -> None:
    with pytest.raises(Invalid, match=message):
        options_of("warmup", given)


async def test_all_of_it_is_done_and_counted(tmp_path: Path) -> None:
    driven = world()
    run = a_run(tmp_path, driven, **numbers())

    await Warmup().run(run, OPTIONS)

    assert run.counters == {"viewed": 2, "likes": 2, "stories": 3, "follows": 1}
    assert run.spent == [Action.LIKE] * 2 + [Action.STORY_VIEW] * 3 + [Action.FOLLOW]
    assert (len(driven.liked), driven.seen, driven.following) == (2, ["50_7", "51_7", "52_7"], {"91"})
    assert run.pauses == [(15, 45)] * 7
    assert {name: run.result[name] for name in ("feed", "likes", "stories", "follows", "note")} == {
        "feed": 2, "likes": 2, "stories": 3, "follows": 1, "note": "",
    }  # fmt: skip


async def test_only_what_is_not_liked_and_not_seen_counts(tmp_path: Path) -> None:
    driven = world(pages=[["11_7", "12_7"]], liked=["11_7"], tray=["50_7", "51_7"], seen=["50_7"])
    run = a_run(tmp_path, driven, **numbers(feed=1, likes=2, stories=2, follows=0))

    await Warmup().run(run, OPTIONS)

    assert run.counters == {"viewed": 1, "likes": 1, "stories": 1}
    assert (driven.liked, driven.seen) == (["11_7", "12_7"], ["50_7", "51_7"])
    assert run.result["note"] == "1 of 2 likes: no more found; 1 of 2 stories: no more found"


async def test_likes_without_scrolling_still_need_something_to_like(tmp_path: Path) -> None:
    driven = world()
    run = a_run(tmp_path, driven, **numbers(feed=0, likes=1, stories=0, follows=0))

    await Warmup().run(run, OPTIONS)

    assert (driven.acts["feed"], run.counters) == (1, {"likes": 1})


async def test_a_post_that_is_gone_by_now_is_passed_over(tmp_path: Path) -> None:
    driven = world(failing={"like": [GiveUp("gone", ReasonCode.MEDIA_MISSING)]})
    run = a_run(tmp_path, driven, **numbers(feed=1, likes=2, stories=0, follows=0))

    await Warmup().run(run, OPTIONS)

    assert run.counters["likes"] == 2


@pytest.mark.parametrize(
    ("call", "action", "left"),
    [
        ("like", "like", {"viewed": 2, "stories": 3, "follows": 1}),
        ("mark_seen", "story_view", {"viewed": 2, "likes": 2, "follows": 1}),
        ("follow", "follow", {"viewed": 2, "likes": 2, "stories": 3}),
    ],
)
async def test_a_block_stops_that_action_and_the_rest_goes_on(
    tmp_path: Path, call: str, action: str, left: dict[str, int]
) -> None:
    driven = world(failing={call: [BLOCKED]})
    run = a_run(tmp_path, driven, **numbers())

    await Warmup().run(run, OPTIONS)

    assert run.counters == left
    assert run.result["blocked"] == [action]
    assert "Instagram blocks this for now" in str(run.result["note"])
    assert driven.acts[call] == 0


async def test_an_action_that_rests_is_left_out_without_a_failure(tmp_path: Path) -> None:
    run = a_run(tmp_path, world(), **numbers())
    run.refusals = {Action.LIKE: ActionRests("likes rest for 3 h more")}

    await Warmup().run(run, OPTIONS)

    assert run.counters == {"viewed": 2, "stories": 3, "follows": 1}
    assert "likes rest for 3 h more" in str(run.result["note"])
    assert "blocked" not in run.result


async def test_a_spent_budget_puts_its_part_off_and_the_rest_goes_on(tmp_path: Path) -> None:
    driven = world()
    first = a_run(tmp_path, driven, **numbers())
    first.refusals = {Action.LIKE: BudgetSpent("spent")}

    with pytest.raises(BudgetSpent):
        await Warmup().run(first, OPTIONS)
    second = first.again()
    second.refusals = {}
    await Warmup().run(second, OPTIONS)

    assert second.counters == {"viewed": 2, "likes": 2, "stories": 3, "follows": 1}
    assert (len(driven.liked), len(driven.seen), driven.acts["follow"]) == (2, 3, 1)


@pytest.mark.parametrize("error", [ChallengeRequired("confirm"), RetryLater("down", ReasonCode.SERVER_TROUBLE)])
async def test_what_lies_in_the_account_ends_all_of_it(tmp_path: Path, error: RetryLater) -> None:
    driven = world(failing={"like": [error]})
    run = a_run(tmp_path, driven, **numbers())

    with pytest.raises(type(error)):
        await Warmup().run(run, OPTIONS)

    assert driven.acts["mark_seen"] == 0


@pytest.mark.parametrize("call", ["like", "mark_seen", "follow"])
async def test_a_lost_answer_is_settled_by_reading_and_nothing_is_done_twice(tmp_path: Path, call: str) -> None:
    driven = world(losing={call})
    first = a_run(tmp_path, driven, **numbers())

    with pytest.raises(NetworkTrouble):
        await Warmup().run(first, OPTIONS)
    second = first.again()
    await Warmup().run(second, OPTIONS)

    assert second.counters == {"viewed": 2, "likes": 2, "stories": 3, "follows": 1}
    assert (len(driven.liked), len(set(driven.liked))) == (2, 2)
    assert (len(driven.seen), len(set(driven.seen))) == (3, 3)
    assert driven.acts["follow"] == 1
