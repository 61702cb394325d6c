"""What the web site shows on its way, and in which words."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from igfleet.sandbox.messages import Request
from igfleet.sandbox.people import SimAccount

WWW = "www.instagram.com"
FOLDER = Path(__file__).parent / "files"
"""Pages, scripts and texts, served as they are."""
ENGLISH = "en"


@cache
def texts(language: str) -> Mapping[str, str]:
    """The site's words in a language; English for one that it does not speak."""
    known: dict[str, dict[str, str]] = json.loads((FOLDER / "texts.json").read_text(encoding="utf-8"))
    return known[ENGLISH] | known.get(language, {})


def language_of(request: Request, account: SimAccount | None) -> str:
    """The account's own once it is known, before that what the browser asks for. `hl` in the address beats both."""
    asked = request.query.get("hl") or (account.language if account else request.headers.get("accept-language", ""))
    found = re.match(r"[a-z]{2}", asked.lower())
    return found.group() if found else ENGLISH
