"""The redactor knows thousands of secrets, and finds each of them wherever it stands."""

from hypothesis import given, settings
from hypothesis import strategies as st

from igfleet import log
from igfleet.log import STARS, Redactor

_WORDS = st.text("abcd", min_size=6, max_size=9)


@given(learnt=st.lists(_WORDS, min_size=1, max_size=8), text=st.text("abcd ", max_size=60))
@settings(max_examples=200, deadline=None)
def test_no_learnt_value_is_left_in_a_text(learnt: list[str], text: str) -> None:
    redactor = Redactor()
    redactor.learn(*learnt)

    shown = redactor.text(text)

    assert not any(value in shown for value in learnt)
    assert (STARS in shown) == any(value in text for value in learnt)


def test_the_longest_of_two_secrets_that_begin_alike_is_removed_whole() -> None:
    redactor = Redactor()
    redactor.learn("winter-garden", "winter-garden-in-march")

    assert redactor.text("it was winter-garden-in-march!") == f"it was {STARS}!"


def test_the_oldest_are_forgotten_first_and_what_is_learnt_again_is_young() -> None:
    redactor, half = Redactor(), log._MOST_VALUES // 10  # each is learnt in five forms
    redactor.learn("the very first one", "the second one of all")
    redactor.learn(*(f"number {number:06d}" for number in range(half)))
    redactor.learn("the very first one")
    redactor.learn(*(f"other {number:06d}" for number in range(half)))

    assert redactor.text("the very first one") == STARS
    assert redactor.text("number 000000") == "number 000000"
    assert redactor.text("the second one of all") == "the second one of all"


def test_no_text_makes_a_second_line_or_a_colour_and_a_giant_one_is_cut() -> None:
    forged = "hello\r\n2026-01-01 [error] forged \x1b[31mred\x1b[0m \u2028 \x9b \x00"
    giant = "x" * 10_000_000

    told = Redactor()(None, "", {"event": forged, "giant": giant})

    assert told["event"] == r"hello\r\n2026-01-01 [error] forged \x1b[31mred\x1b[0m \u2028 \x9b \x00"
    assert len(str(told["giant"])) < 21_000
