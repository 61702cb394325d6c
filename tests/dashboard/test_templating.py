"""How numbers and times are written."""

from datetime import timedelta

import pytest

from igfleet import clock
from igfleet.plurals import counted
from igfleet.ui.templating import ago, coded, lasts


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.5, "just now"), (13.4, "13 s ago"), (59.9, "59 s ago"), (60, "1 min ago"), (7300, "2 h ago"), (3e5, "3 d ago")],
)
def test_how_long_ago_is_told_in_whole_units(seconds: float, words: str) -> None:
    told = ago(clock.now() - timedelta(seconds=seconds))

    assert words in told.replace("\u00a0", " ")
    assert "data-ago" in told


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (4.96, "5 s"), (5.25, "5.2 s"), (13.4, "13 s"), (90, "2 min"), (5400, "2 h")],
)
def test_a_length_of_time_has_tenths_only_when_it_is_short(seconds: float, words: str) -> None:
    assert lasts(seconds).replace("\u00a0", " ") == words


@pytest.mark.parametrize(
    ("count", "noun", "words"),
    [(1, "post", "1 post"), (0, "post", "0 posts"), (2, "proxy", "2 proxies"), (1234567, "day", "1,234,567 days")],
)
def test_nouns_follow_their_number(count: int, noun: str, words: str) -> None:
    assert counted(count, noun) == words


def test_what_stands_between_backticks_is_code_and_all_of_it_is_escaped() -> None:
    assert coded("`q` is a part of it") == "<code>q</code> is a part of it"
    assert coded("<b> and `<i>`") == "&lt;b&gt; and <code>&lt;i&gt;</code>"
