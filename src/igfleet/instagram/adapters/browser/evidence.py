"""Evidence of a failure: a picture of the page with its secrets covered, and a text of what led there.

What is no secret by the name of its field is one when this process knows it: a page may show a password, or repeat it.
Not Playwright's own trace: that holds typed passwords, cookies and answers, and cannot be had without them.
"""

import asyncio
from contextlib import suppress
from pathlib import Path

from playwright.async_api import Error as BrowserError
from playwright.async_api import Frame, Page

from igfleet import log
from igfleet.errors import RunError
from igfleet.instagram.adapters.browser.chronicle import Chronicle
from igfleet.instagram.gateway import KeepEvidence

_log = log.get(__name__)
_LONGEST_S = 4
SECRET_FIELDS = ", ".join(
    f"input[{sign}]"
    for sign in (
        'type="password"',
        'name="password"',
        'name="verificationCode"',
        'name="security_code"',
        'autocomplete~="current-password"',
        'autocomplete~="one-time-code"',
    )
)
_EMPTY_THEM = "fields => fields.forEach(field => { field.value = ''; })"
_ALL_THAT_IS_READ = """() => {
  const found = [...document.querySelectorAll("input, textarea")];
  const walker = document.createTreeWalker(document, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    if (!walker.currentNode.parentElement?.closest("script, style, template, noscript")) found.push(walker.currentNode);
  }
  return found;
}"""
_TEXTS = "found => found.map(one => one.value ?? one.data)"
_WRITE = """
(found, cleaned) => cleaned.forEach(([at, text]) => { found[at]["value" in found[at] ? "value" : "data"] = text; })
"""


class Evidence:
    """Takes it down in the run's folder at once, hands it over when there is time."""

    def __init__(self, folder: Path, keep: KeepEvidence, chronicle: Chronicle) -> None:
        self._folder, self._keep, self._chronicle = folder, keep, chronicle
        self._waiting: list[Path] = []
        self._number = 0

    async def take(self, page: Page | None, why: str) -> None:
        """What can be had: a page that is gone gives no picture. Never raises, ends in seconds."""
        self._number += 1
        seen = ""
        with suppress(BrowserError, TimeoutError, OSError):
            async with asyncio.timeout(_LONGEST_S):
                if page is not None and not page.is_closed():
                    seen = await self._look(page, self._folder / f"{self._number}-page.png")
        text = f"{why}\nat the step: {self._chronicle.step_now}\n\n{self._chronicle.text()}\n\n{seen}\n"
        path = self._folder / f"{self._number}-trace.txt"
        with suppress(OSError):
            path.write_text("\n".join(map(log.redactor.text, text.splitlines())), encoding="utf-8")
            self._waiting.append(path)

    async def hand_over(self) -> None:
        """Give what waits to the ui. Evidence that cannot be kept is not worth another failure."""
        while self._waiting:
            path = self._waiting.pop(0)
            try:
                await self._keep(path, path.name)
            except RunError as error:
                _log.warning("evidence_not_kept", name=path.name, error=str(error))

    async def _look(self, page: Page, picture: Path) -> str:
        """What assistive programs see of the page. Its secret fields are emptied first, and covered besides."""
        for frame in page.frames:
            await _clean(frame)
        secret = [frame.locator(SECRET_FIELDS) for frame in page.frames]
        await page.screenshot(path=picture, mask=secret, animations="disabled")
        self._waiting.append(picture)
        return await page.locator("body").aria_snapshot()


async def _clean(frame: Frame) -> None:
    """Take out what must not be seen: what stands in secret fields, and what this process knows as a secret."""
    await frame.eval_on_selector_all(SECRET_FIELDS, _EMPTY_THEM)
    found = await frame.evaluate_handle(_ALL_THAT_IS_READ)
    texts: list[str] = await found.evaluate(_TEXTS)
    cleaned = [(at, log.redactor.text(text)) for at, text in enumerate(texts)]
    await found.evaluate(_WRITE, [[at, text] for at, text in cleaned if text != texts[at]])
