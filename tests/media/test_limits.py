import pytest

from igfleet.media.facts import MediaFacts, MediaKind
from igfleet.media.limits import problems

GOOD = MediaFacts(
    kind=MediaKind.VIDEO, container="mp4", size_bytes=10_000_000, width=1080, height=1920,
    duration_s=30, fps=30, video_codec="h264", audio_codec="aac",
)  # fmt: skip


def test_an_ordinary_reel_has_no_problem() -> None:
    assert problems(GOOD) == ()


def test_a_small_test_clip_is_publishable_with_a_warning() -> None:
    found = problems(GOOD.model_copy(update={"width": 270, "height": 480, "duration_s": 2.0}))

    assert [(problem.code, problem.is_warning) for problem in found] == [("narrow", True)]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"duration_s": 1.2}, "too_short"),
        ({"duration_s": 1000.0}, "too_long"),
        ({"size_bytes": 2 * 1024**3}, "too_large"),
        ({"width": 1080, "height": 100}, "bad_ratio"),
        ({"width": 2160, "height": 3840}, "too_wide"),
        ({"video_codec": "mpeg4"}, "video_codec"),
        ({"audio_codec": "mp3"}, "audio_codec"),
    ],
)
def test_what_keeps_a_file_from_being_published_comes_first(change: dict[str, object], code: str) -> None:
    found = problems(GOOD.model_copy(update=change))

    assert found[0].code == code
    assert not found[0].is_warning
    assert found[0].sentence.endswith(".")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"audio_codec": None}, "no_audio"),
        ({"fps": 120.0}, "frame_rate"),
        ({"width": 1920, "height": 1080}, "not_9_16"),
    ],
)
def test_what_may_look_bad_is_only_a_warning(change: dict[str, object], code: str) -> None:
    assert [(problem.code, problem.is_warning) for problem in problems(GOOD.model_copy(update=change))] == [
        (code, True)
    ]


def test_a_picture_is_judged_as_a_cover_only() -> None:
    picture = MediaFacts(kind=MediaKind.IMAGE, container="jpeg", size_bytes=1, width=10, height=10)

    assert problems(picture) == ()
