"""What things are called on the web site, in every language that is known: data in `labels.toml`."""

import re
import tomllib
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("labels.toml")


@cache
def label(name: str) -> re.Pattern[str]:
    """Matches an accessible name that begins with one of the words for it, in any language.

    Names on the site are often an icon's and a text together ("New post Create"), so the beginning decides.
    """
    words = sorted({word for of_language in _known().values() for word in of_language[name]}, key=len, reverse=True)
    return re.compile(rf"^\s*(?:{'|'.join(map(re.escape, words))})(?!\w)", re.IGNORECASE)


@cache
def _known() -> dict[str, dict[str, list[str]]]:
    with _FILE.open("rb") as file:
        return tomllib.load(file)
