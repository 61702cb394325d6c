"""axe-core on a page: what of WCAG 2.2 AA and of good practice does not hold."""

from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.async_api import Page

_SCRIPT = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
_RUN = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"], rules: { "target-size": { enabled: true } } });
  return found.violations.map(({ id, help, nodes }) => ({ id, help, at: nodes.map((node) => node.target.join(" ")) }));
}"""


async def violations(page: Page) -> list[str]:
    """One line for each rule that is broken. The driver evaluates the script: the page's policy stays as it is."""
    if not await page.evaluate("typeof axe === 'object'"):
        await page.evaluate(_SCRIPT)
    found: list[dict[str, Any]] = await page.evaluate(_RUN)
    return [f"{one['id']} ({one['help']}): {', '.join(one['at'][:3])} ({len(one['at'])})" for one in found]
