"""Where the browser is: the given one, the one Playwright installed, or the system's."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chromium-headless-shell")
_DEBIAN = Path("/usr/lib/chromium/chromium-headless-shell")
"""Debian's package puts it on no PATH."""


def locate_browser(given: str | None = None) -> Path | None:
    """The program to use; None when there is none. A given path is used or nothing is."""
    return next((path for path in _candidates(given) if path.is_file() and os.access(path, os.X_OK)), None)


def _candidates(given: str | None) -> Iterator[Path]:
    if given:
        yield Path(given).expanduser()
        return
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    for pattern in ("chromium-*/chrome-linux*/chrome", "chromium_headless_shell-*/chrome-*/*headless*shell"):
        yield from sorted(cache.glob(pattern), reverse=True)
    for name in _NAMES:
        if found := shutil.which(name):
            yield Path(found)
    yield _DEBIAN
