import contextlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from igfleet.contracts.tasks import Place
from igfleet.runners.captions import (
    CaptionError,
    from_template,
    one_for_all,
    one_per_line,
    parse_csv,
    parse_place,
    parse_template,
    seeded,
)

BERLIN = ZoneInfo("Europe/Berlin")


def test_one_caption_serves_all_videos() -> None:
    assert one_for_all("Hello\r\nthere", 2) == ("Hello\nthere", "Hello\nthere")


def test_line_i_is_the_caption_of_video_i() -> None:
    assert one_per_line("first\\nsecond line\n\nback\\\\slash\n", 3) == ("first\nsecond line", "", "back\\slash")


@pytest.mark.parametrize(("text", "count", "line"), [("a\nb", 3, 2), ("a\nb\nc", 2, 3), ("", 2, 1)])
def test_a_wrong_number_of_lines_is_refused(text: str, count: int, line: int) -> None:
    with pytest.raises(CaptionError) as raised:
        one_per_line(text, count)

    assert raised.value.line == line


def test_a_csv_row_may_carry_everything() -> None:
    text = (
        "\ufeffvideo,caption,location,mentions,cover,account,publish_at\r\n"
        'dune.mp4,"Hot, ""dry""\r\nand wide","52.52,13.40 | Berlin","@nord_02 nord_03",'
        "dune.jpg,nord_01,2026-05-31 18:30\r\n"
    )

    (row,) = parse_csv(text, BERLIN)

    assert row.caption == 'Hot, "dry"\nand wide'
    assert row.location == Place(name="Berlin", lat=52.52, lng=13.40)
    assert row.mentions == ("nord_02", "nord_03")
    assert (row.video, row.cover, row.account, row.line) == ("dune.mp4", "dune.jpg", "nord_01", 2)
    assert row.publish_at is not None
    assert row.publish_at.astimezone(UTC) == datetime(2026, 5, 31, 16, 30, tzinfo=UTC)


def test_a_csv_of_two_columns_is_enough_and_empty_lines_do_not_count() -> None:
    rows = parse_csv("caption;video\n\nHi;a.mp4\n;b.mp4\n", BERLIN)

    assert [(row.video, row.caption, row.line) for row in rows] == [("a.mp4", "Hi", 3), ("b.mp4", "", 4)]


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("", 1, 1, "empty"),
        ("video,title\n", 1, 7, "title"),
        ("video\na.mp4\n", 1, 1, "caption"),
        ("video,caption\na.mp4,Hi,there\n", 2, 10, "quotes"),
        ('video,caption\na.mp4,"Hi\n', 2, 7, "never closed"),
        ('video,caption\na.mp4,"Hi" x\n', 2, 11, "closing quote"),
        ("video,caption\n,Hi\n", 2, 1, "missing"),
        ("video,caption,location\na.mp4,Hi,here|There\n", 2, 10, "location"),
        ('video,caption,location\na.mp4,Hi,"95,1|There"\n', 2, 10, "latitude"),
        ("video,caption,mentions\na.mp4,Hi,no/name\n", 2, 10, "user name"),
        ("video,caption,publish_at\na.mp4,Hi,tomorrow\n", 2, 10, "tomorrow"),
        ('video,caption,publish_at\na.mp4,"two\nlines",soon\n', 3, 8, "soon"),
    ],
)
def test_a_bad_csv_names_line_and_column(text: str, line: int, column: int, says: str) -> None:
    with pytest.raises(CaptionError, match=says) as raised:
        parse_csv(text, BERLIN)

    assert (raised.value.line, raised.value.column) == (line, column)


def test_a_place_is_a_name_or_a_position_with_a_name() -> None:
    assert parse_place("Kiel") == Place(name="Kiel")
    assert parse_place(" ") is None
    assert parse_place("54.3, 10.1 | Kiel") == Place(name="Kiel", lat=54.3, lng=10.1)


def test_a_template_fills_variables_and_chooses_by_its_seed() -> None:
    text = "{Hi|Hello|{Good|Nice} day} {{username}}, {{ n }} of {{total}}\\n\\{plain\\}"

    made = [from_template(text, seeded(7, turn), username="nord_01", n=1, total=3) for turn in range(40)]

    assert {each.split(" nord_01")[0] for each in made} == {"Hi", "Hello", "Good day", "Nice day"}
    assert made[0].endswith("nord_01, 1 of 3\n{plain}")
    assert made == [from_template(text, seeded(7, turn), username="nord_01", n=1, total=3) for turn in range(40)]
    assert parse_template(text).variants == 4


def test_alternatives_may_begin_with_a_nested_one() -> None:
    made = {from_template("{{a|b}|c}", seeded(1, turn)) for turn in range(40)}

    assert made == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("Hi {a|b", 1, 4, "never closed"),
        ("one\ntwo} three", 2, 4, "closes nothing"),
        ("one\n {{colour}}", 2, 2, "colour"),
        ("{" * 60 + "}" * 60, 1, 51, "50"),
    ],
)
def test_a_bad_template_names_line_and_column(text: str, line: int, column: int, says: str) -> None:
    with pytest.raises(CaptionError, match=says) as raised:
        parse_template(text)

    assert (raised.value.line, raised.value.column) == (line, column)


@given(some.text(alphabet="ab{}|\\\n ", max_size=40))
def test_any_text_is_a_template_or_a_caption_error(text: str) -> None:
    with contextlib.suppress(CaptionError):
        assert from_template(text, seeded(1)) is not None


@given(some.lists(some.text(alphabet='abc,;"\n', max_size=8), min_size=1, max_size=5))
def test_every_quoted_caption_comes_back_as_it_was(captions: list[str]) -> None:
    quoted = [f'v{at},"{caption.replace(chr(34), chr(34) * 2)}"' for at, caption in enumerate(captions)]

    rows = parse_csv("\n".join(["video,caption", *quoted]), BERLIN)

    assert [row.caption for row in rows] == captions
