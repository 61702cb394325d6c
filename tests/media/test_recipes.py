"""Recipes: amounts and ranges, drawn by a seed; the filter graph that follows."""

import pytest
from pydantic import ValidationError

from igfleet.media import filter_graph
from igfleet.media.facts import MediaFacts, MediaKind
from igfleet.media.recipes import Recipe, drawn


def _facts(width: int = 270, height: int = 480, duration_s: float = 10, fps: float = 24) -> MediaFacts:
    return MediaFacts(
        kind=MediaKind.VIDEO,
        container="mp4",
        size_bytes=1,
        width=width,
        height=height,
        duration_s=duration_s,
        fps=fps,
        video_codec="h264",
        audio_codec="aac",
    )


@pytest.mark.parametrize(
    ("given", "low", "high"),
    [(3, 3, 3), ("3", 3, 3), ("1..4", 1, 4), ("1,5 .. 4", 1.5, 4), ({"low": 1, "high": 2}, 1, 2)],
)
def test_an_amount_is_a_number_or_a_range(given: object, low: float, high: float) -> None:
    span = Recipe.model_validate({"crop_percent": given}).crop_percent

    assert (span.low, span.high) == (low, high)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"crop_percent": "4..1"}, "must not be larger"),
        ({"crop_percent": 50}, "must be from 0 to 20"),
        ({"speed": "fast"}, "neither a number nor a range"),
        ({"overlay": {"text": "x", "logo_media_id": 1}}, "not both"),
        ({"speeed": 1}, "not permitted"),
    ],
)
def test_what_makes_no_sense_is_told(given: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Recipe.model_validate(given)


def test_a_recipe_survives_being_stored() -> None:
    recipe = Recipe.model_validate({"crop_percent": "1..4", "speed": 1.1, "overlay": {"text": "nord"}})

    assert Recipe.model_validate(recipe.model_dump(mode="json")) == recipe


def test_a_seed_draws_the_same_amounts_always_and_another_seed_others() -> None:
    recipe = Recipe.model_validate({"crop_percent": "1..4", "speed": "0.95..1.05"})

    first, again, other = (drawn(recipe, seed) for seed in (7, 7, 8))

    assert first == again
    assert first != other
    assert 1 <= first.crop_percent <= 4
    assert 0.95 <= first.speed <= 1.05


def test_another_field_s_range_does_not_change_what_is_drawn() -> None:
    narrow = Recipe.model_validate({"crop_percent": "1..4"})
    wide = Recipe.model_validate({"crop_percent": "1..4", "speed": "0.9..1.1"})

    assert drawn(narrow, 7).crop_percent == drawn(wide, 7).crop_percent


def test_the_shape_is_known_beforehand() -> None:
    recipe = Recipe.model_validate({"trim_start_ms": 500, "trim_end_ms": 500, "speed": 1.2, "crop_percent": 10})

    reel = filter_graph.shape(_facts(), drawn(recipe, 1))
    kept = filter_graph.shape(_facts(), drawn(recipe.model_copy(update={"frame": "keep"}), 1))

    assert (reel.width, reel.height) == (1080, 1920)
    assert (kept.width, kept.height) == (242, 432)
    assert reel.duration_s == pytest.approx(7.5)


@pytest.mark.parametrize(("rate", "made"), [(24, 24), (29.97, 29.97), (12, 30), (120, 60)])
def test_a_rate_that_a_reel_may_not_have_is_mended(rate: float, made: float) -> None:
    assert filter_graph.frame_rate(_facts(fps=rate)) == made


def test_a_neutral_recipe_touches_no_colour() -> None:
    recipe = drawn(Recipe(), 1)

    graph = filter_graph.picture(recipe, filter_graph.shape(_facts(), recipe))

    assert "eq=" not in graph
    assert "hue=" not in graph
    assert "overlay" not in graph
