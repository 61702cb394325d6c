"""The icons of the pages. They are drawn in the page itself, so that its first frame has them: those of a sprite come a
frame later, and all that holds one is then laid out and painted again."""

import re
from functools import cache

from igfleet.ui.static_files import FOLDER

_SYMBOL = re.compile(r'<symbol id="([^"]+)".*?</symbol>', re.DOTALL)
_PATH = re.compile(r' d="(M[^"]+)"')


@cache
def drawings() -> dict[str, str]:
    """By name: the `d` of a path, in a box of 24 × 24."""
    sprite = (FOLDER / "vendor" / "icons.svg").read_text()
    return {found[1]: " ".join(_PATH.findall(found[0])) for found in _SYMBOL.finditer(sprite)}
