"""The plan of variants: one account task for each video, each variant with a seed of its own."""

from collections.abc import Sequence
from typing import Any

import pytest

from igfleet.errors import Invalid
from igfleet.media.recipes import drawn
from igfleet.runners import options_of
from igfleet.runners.media_uniq import MediaUniq, MediaUniqOptions, PlannedVariant
from igfleet.runners.shares import PlanAccount, PlanInput, PlanMedium, Share


def _plan(
    media: Sequence[PlanMedium] = (PlanMedium(1, "a.mp4", "video", 10), PlanMedium(2, "b.mp4", "video", 10)),
    accounts: int = 0,
    seed: int = 5,
    **options: Any,
) -> list[Share]:
    given = options_of("media_uniq", {"recipe": {"crop_percent": "1..4"}, **options})
    assert isinstance(given, MediaUniqOptions)
    who = [PlanAccount(number, f"nord_{number:02}") for number in range(1, accounts + 1)]
    return list(MediaUniq.plan(PlanInput(who, media, seed), given))


def _variants(share: Share) -> list[PlannedVariant]:
    found = share.facts["variants"]
    assert isinstance(found, list)
    return [PlannedVariant.model_validate(one) for one in found]


def test_each_video_gets_its_count_of_different_variants() -> None:
    options = options_of("media_uniq", {"recipe": {"crop_percent": "1..4"}})
    assert isinstance(options, MediaUniqOptions)

    shares = _plan(count=4)

    assert [(share.account_id, share.title, share.media_ids, share.facts["count"]) for share in shares] == [
        (None, "a.mp4", (1,), 4),
        (None, "b.mp4", (2,), 4),
    ]
    for share in shares:
        settled = {drawn(options.recipe, one.seed) for one in _variants(share)}
        assert len(settled) == 4


def test_per_account_each_account_gets_its_own() -> None:
    (share, _) = _plan(accounts=3, count=1, per="account")

    assert [one.username for one in _variants(share)] == ["nord_01", "nord_02", "nord_03"]
    assert [one.name.split(" v1")[0] for one in _variants(share)] == ["a nord_01", "a nord_02", "a nord_03"]


def test_the_same_seed_plans_the_same_and_another_seed_something_else() -> None:
    assert _plan() == _plan()
    assert _variants(_plan()[0]) != _variants(_plan(seed=6)[0])


def test_a_logo_comes_along() -> None:
    overlay = {"logo_media_id": 9}

    shares = _plan(recipe={"crop_percent": "1..4", "overlay": overlay})

    assert [share.media_ids for share in shares] == [(1, 9), (2, 9)]


@pytest.mark.parametrize(
    ("options", "accounts", "message"),
    [
        ({"count": 2, "recipe": {"crop_percent": 2}}, 0, "all variants would be the same file"),
        ({"count": 5, "recipe": {"crf": "20..21"}}, 0, "too narrow"),
        ({"per": "account"}, 0, "Choose the accounts"),
        ({"per": "account", "count": 100}, 21, "at most 2,000"),
    ],
)
def test_what_cannot_be_made_is_refused_before_anything_runs(
    options: dict[str, Any], accounts: int, message: str
) -> None:
    with pytest.raises(Invalid, match=message):
        _plan(accounts=accounts, **options)


def test_what_is_no_video_or_too_short_is_left_out_with_the_reason() -> None:
    media = [PlanMedium(1, "a.jpg", "image"), PlanMedium(2, "b.mp4", ""), PlanMedium(3, "c.mp4", "video", 1)]

    shares = _plan(media, recipe={"crop_percent": "1..4", "trim_start_ms": 900})

    assert [(share.is_left_out, share.note.split(":")[0]) for share in shares] == [
        (True, "It is no video that can be read."),
        (True, "It is no video that can be read."),
        (True, "It lasts 1.0 s"),
    ]
