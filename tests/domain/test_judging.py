"""What one look at an account says of a published post."""

from datetime import UTC, datetime, timedelta

import pytest

from igfleet.contracts.posts import Reading, SeenMedia
from igfleet.contracts.states import CheckState
from igfleet.ui.verification.judging import Asked, judge

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def pk_at(moment: datetime, number: int = 0) -> str:
    """The id of what is made at that time."""
    return str((int(moment.timestamp() * 1000) - 1314220021721 << 23) + number)


def seen(minutes: float, caption: str = "Hello", duration_s: float | None = 3.0, **more: object) -> SeenMedia:
    made = NOON + timedelta(minutes=minutes)
    given = {"pk": pk_at(made), "code": "C", "taken_at": made, "caption": caption, "duration_s": duration_s}
    return SeenMedia.model_validate(given | more)


def reading(*media: SeenMedia, count: int | None = None) -> Reading:
    """Newest first."""
    return Reading(seq=1, media=tuple(sorted(media, key=lambda one: -int(one.pk))), media_count=count)


POST = Asked(pk_at(NOON), "Hello", 3.0, NOON - timedelta(seconds=5))


@pytest.mark.parametrize(
    ("look", "state"),
    [
        pytest.param(reading(seen(0), count=1), CheckState.VERIFIED, id="there"),
        pytest.param(reading(seen(0, "Hello  \r\n"), count=1), CheckState.VERIFIED, id="blanks are no change"),
        pytest.param(reading(seen(0, "Buy now"), count=1), CheckState.CHANGED, id="another caption"),
        pytest.param(reading(count=0), CheckState.MISSING, id="nothing at all is there"),
        pytest.param(reading(seen(5, "B"), seen(-5, "A"), count=40), CheckState.MISSING, id="its neighbours are there"),
        pytest.param(reading(seen(5, "B"), count=1), CheckState.MISSING, id="the listing is whole"),
        pytest.param(reading(seen(9, "B"), seen(5, "A"), count=40), CheckState.UNVERIFIABLE, id="further down"),
        pytest.param(reading(count=3), CheckState.UNVERIFIABLE, id="an empty listing of a full account"),
        pytest.param(reading(), CheckState.UNVERIFIABLE, id="nothing told"),
    ],
)
def test_only_what_would_be_listed_is_missing(look: Reading, state: CheckState) -> None:
    assert judge(POST, look, ()).state is state


def test_a_reel_with_its_length_and_caption_that_no_post_has_is_a_duplicate() -> None:
    double = seen(1)
    look = reading(seen(0), double, count=2)

    assert judge(POST, look, ()).duplicates == (double.pk,)
    assert judge(POST, look, [double.pk]).duplicates == (), "it is another post's"
    assert judge(POST, look, (), may_be_doubled=False).duplicates == (), "it may be another post's"


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(seen(-60), id="older than the leave to publish"),
        pytest.param(seen(1, "Something else"), id="another caption"),
        pytest.param(seen(1, duration_s=9.0), id="another length"),
        pytest.param(seen(1, duration_s=None, product_type="feed"), id="a picture"),
    ],
)
def test_what_somebody_else_posts_is_no_duplicate(other: SeenMedia) -> None:
    assert judge(POST, reading(seen(0), other, count=2), ()).duplicates == ()


def test_a_duplicate_is_told_of_a_post_that_is_gone_itself() -> None:
    judged = judge(POST, reading(seen(1), count=1), ())

    assert (judged.state, len(judged.duplicates)) == (CheckState.MISSING, 1)
