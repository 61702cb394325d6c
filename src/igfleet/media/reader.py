"""Asks a confined child of ours about a foreign file: it may crash or hang, and answers with one JSON object."""

import json
import sys

from igfleet.media import child
from igfleet.media.child import Limits
from igfleet.media.facts import NotMedia


def read(module: str, words: list[str], timeout_s: float, limits: Limits) -> dict[str, object]:
    """What `python -m module WORD…` prints. Raises `NotMedia` with one plain sentence for a file that defeats it."""
    ended = child.run([sys.executable, "-B", "-m", module, *words], timeout_s, limits)
    if ended.code is None:
        raise NotMedia("The file takes too long to read: it is damaged or made to look so.")
    if ended.code != 0:
        raise NotMedia("The file makes the reader fail: it is damaged or made to look so.")
    found: dict[str, object] = json.loads(ended.out)
    if problem := found.get("problem"):
        raise NotMedia(str(problem))
    return found
