"""follow: the seeded choice of each account, and what a run does to the people of its share."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import JsonValue
from tests.runners.fakes import MemoryRun
from tests.runners.social import MemoryInstagram, a_run, an_order

from igfleet.contracts.tasks import Action
from igfleet.errors import BudgetSpent, Cancelled, Invalid, NetworkTrouble, RetryLater
from igfleet.instagram.gateway import Person
from igfleet.reasons import ReasonCode
from igfleet.runners import options_of
from igfleet.runners.follow import Follow, FollowOptions
from igfleet.runners.shares import PlanTarget, Share

pytestmark = pytest.mark.anyio
NAMES = [f"bar_{number:02d}" for number in range(1, 41)]
OPTIONS = FollowOptions(target_list="bars")


def planned(options: FollowOptions = OPTIONS, **order: object) -> list[Share]:
    return list(Follow.plan(an_order(**{"targets": NAMES, **order}), options))  # type: ignore[arg-type]


def people(*names: str, private: Iterable[str] = ()) -> dict[str, Person]:
    return {name: Person(f"9{number}", name, name in set(private)) for number, name in enumerate(names)}


def follow_run(folder: Path, driven: MemoryInstagram, wanted: int, *, looked_up: bool = True) -> MemoryRun:
    targets: list[JsonValue] = [
        {"id": number, "username": name, "user_id": one.user_id if looked_up else None}
        for number, (name, one) in enumerate(driven.people.items(), start=1)
    ]
    return a_run(folder, driven, wanted=wanted, targets=targets)


def test_each_account_draws_a_number_and_its_own_candidates() -> None:
    shares = planned(accounts=30)

    assert {share.facts["wanted"] for share in shares} == set(range(3, 11))
    assert len({str(share.facts["candidates"]) for share in shares}) == 30
    assert all(len(set(share.facts["candidates"])) >= 23 for share in shares)  # type: ignore[arg-type]


def test_the_choice_depends_on_the_seed_alone() -> None:
    first, again, other = (planned(seed=seed) for seed in (1, 1, 2))

    assert first == again != other


def test_whom_an_account_has_met_and_who_is_not_there_are_no_candidates() -> None:
    options = FollowOptions(target_list="bars", follow_min_count=5, follow_max_count=5)
    order = an_order(accounts=2, targets=[*NAMES[:6], "nord_01"], settled={1: frozenset({1, 2})})
    gone = PlanTarget(99, "gone_01", "user_not_found")

    first, second = Follow.plan(replace(order, targets=[*order.targets, gone]), options)

    assert set(first.facts["candidates"]) == set(NAMES[2:6])  # type: ignore[arg-type]
    assert first.note == "Only 4 are left for it to follow, 5 are wanted"
    assert set(second.facts["candidates"]) == {*NAMES[:6], "nord_01"}  # type: ignore[arg-type]
    assert second.note == ""


def test_who_has_nobody_left_is_left_out() -> None:
    [share] = planned(accounts=1, targets=["bar_01"], settled={1: frozenset({1})})

    assert share.is_left_out
    assert "Nobody is left" in share.note


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"target_list": "bars", "follow_min_count": 5, "follow_max_count": 4}, "must not be greater"),
        ({"targets": ["not a name"]}, "targets.0"),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, JsonValue], message: str) -> None:
    with pytest.raises(Invalid, match=message):
        options_of("follow", given)


def test_an_order_that_names_nobody_is_refused() -> None:
    with pytest.raises(Invalid, match="Say whom to follow"):
        planned(FollowOptions())


async def test_as_many_as_wanted_are_followed_one_after_the_other(tmp_path: Path) -> None:
    driven = MemoryInstagram(people=people(*NAMES[:6]))
    run = follow_run(tmp_path, driven, wanted=3)

    await Follow().run(run, OPTIONS)

    assert driven.following == {"90", "91", "92"}
    assert (run.counters, run.spent) == ({"follows": 3}, [Action.FOLLOW] * 3)
    assert run.pauses == [(10, 25)] * 2
    assert run.result["followed"] == NAMES[:3]
    assert run.result["note"] == ""


async def test_whoever_is_followed_already_is_passed_over_and_remembered(tmp_path: Path) -> None:
    driven = MemoryInstagram(people=people(*NAMES[:4]), following={"90"}, requested={"91"})
    run = follow_run(tmp_path, driven, wanted=2)

    await Follow().run(run, OPTIONS)

    assert (run.counters, driven.acts["follow"]) == ({"already": 2, "follows": 2}, 2)
    assert run.result["already"] == NAMES[:2]


async def test_a_private_account_is_asked_and_counts(tmp_path: Path) -> None:
    driven = MemoryInstagram(people=people("lake_01", private=["lake_01"]))
    run = follow_run(tmp_path, driven, wanted=1)

    await Follow().run(run, OPTIONS)

    assert (run.counters, run.result["requested"]) == ({"follows": 1}, ["lake_01"])


async def test_who_refuses_or_is_gone_is_recorded_and_the_rest_goes_on(tmp_path: Path) -> None:
    driven = MemoryInstagram(people=people(*NAMES[:3]), refusing={"90"})
    run = follow_run(tmp_path, driven, wanted=2, looked_up=False)
    run.share["targets"] = [*run.share["targets"], {"id": 9, "username": "gone_01", "user_id": None}]  # type: ignore[misc]
    run.share["wanted"] = 3

    await Follow().run(run, OPTIONS)

    assert run.counters == {"failed": 2, "follows": 2}
    assert (run.result["refused"], run.result["not_found"]) == ([NAMES[0]], ["gone_01"])
    assert "2 of 3" in str(run.result["note"])
    met = run.memory["met"]
    assert isinstance(met, dict)
    assert met[NAMES[0]] == {"user_id": "90", "is_private": False, "standing": "refused"}
    assert met["gone_01"] == {"standing": "not_found"}


async def test_whom_another_account_is_still_looking_up_is_passed_over_without_a_mark(tmp_path: Path) -> None:
    driven = MemoryInstagram(people=people(*NAMES[:3]))
    run = follow_run(tmp_path, driven, wanted=2, looked_up=False)
    run.being_looked_up = {NAMES[0]}

    await Follow().run(run, OPTIONS)

    assert run.result["followed"] == NAMES[1:3]
    assert NAMES[0] not in str(run.memory["met"])


async def test_nobody_is_looked_up_twice(tmp_path: Path) -> None:
    driven = MemoryInstagram(people=people(*NAMES[:2]), failing={"friendship": [NetworkTrouble("broken")]})
    first = follow_run(tmp_path, driven, wanted=2, looked_up=False)

    with pytest.raises(NetworkTrouble):
        await Follow().run(first, OPTIONS)
    await Follow().run(first.again(), OPTIONS)

    assert driven.acts["find_person"] == 2


async def test_a_lost_answer_is_settled_by_reading_and_counts_as_ours(tmp_path: Path) -> None:
    driven = MemoryInstagram(people=people(*NAMES[:3]), losing={"follow"})
    first = follow_run(tmp_path, driven, wanted=2)

    with pytest.raises(NetworkTrouble):
        await Follow().run(first, OPTIONS)
    second = first.again()
    await Follow().run(second, OPTIONS)

    assert driven.acts["follow"] == 2
    assert second.counters == {"follows": 2}
    assert second.result["followed"] == NAMES[:2]


async def test_an_attempt_goes_on_where_the_one_before_it_ended(tmp_path: Path) -> None:
    driven = MemoryInstagram(people=people(*NAMES[:5]))
    first = follow_run(tmp_path, driven, wanted=4)
    first.refusals = {}
    driven.failing = {}

    async def stop_after_two(low_s: float, high_s: float) -> None:
        first.pauses.append((low_s, high_s))
        if len(first.pauses) == 2:
            raise Cancelled("stop")

    first.pause = stop_after_two  # type: ignore[method-assign]
    with pytest.raises(Cancelled):
        await Follow().run(first, OPTIONS)
    second = first.again()
    await Follow().run(second, OPTIONS)

    assert first.result["followed"] == NAMES[:2]
    assert driven.acts["follow"] == 4
    assert second.counters == {"follows": 4}


@pytest.mark.parametrize(
    "error", [RetryLater("blocked", ReasonCode.ACTION_BLOCKED), RetryLater("down", ReasonCode.SERVER_TROUBLE)]
)
async def test_what_lies_in_the_account_ends_the_run_with_what_was_done(tmp_path: Path, error: RetryLater) -> None:
    driven = MemoryInstagram(people=people(*NAMES[:2]))
    run = follow_run(tmp_path, driven, wanted=2)
    driven.failing = {"friendship": []}
    driven.failing["follow"] = [error]

    with pytest.raises(RetryLater):
        await Follow().run(run, OPTIONS)

    is_blocked = error.reason is ReasonCode.ACTION_BLOCKED
    assert run.result.get("blocked") == (["follow"] if is_blocked else None)
    assert run.result["followed"] == []


async def test_a_spent_budget_ends_the_run_before_the_act(tmp_path: Path) -> None:
    driven = MemoryInstagram(people=people(*NAMES[:2]))
    run = follow_run(tmp_path, driven, wanted=2)
    run.refusals = {Action.FOLLOW: BudgetSpent("spent")}

    with pytest.raises(BudgetSpent):
        await Follow().run(run, OPTIONS)

    assert driven.acts["follow"] == 0
