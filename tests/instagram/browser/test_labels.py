"""The words of the site: in every language the same things have a name."""

import tomllib
from pathlib import Path

import pytest

from igfleet.instagram.adapters.browser import labels
from igfleet.instagram.adapters.browser.labels import label

FILE = Path(labels.__file__).with_name("labels.toml")


def test_every_language_names_everything() -> None:
    known = tomllib.loads(FILE.read_text(encoding="utf-8"))

    assert {"en", "ru", "es", "pt", "de"} <= known.keys()
    assert {frozenset(words) for words in known.values()} == {frozenset(known["en"])}


@pytest.mark.parametrize(
    ("name", "shown", "fits"),
    [
        ("new_post", "New post Create", True),
        ("share", "Teilen", True),
        ("share", "Sharing", False),
        ("post", "Post Post", True),
        ("post", "Posts", False),
        ("next", "далее", True),
    ],
)
def test_the_beginning_decides_and_whole_words_count(name: str, shown: str, fits: bool) -> None:
    assert (label(name).match(shown) is not None) is fits
