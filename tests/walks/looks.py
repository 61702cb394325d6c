"""What is wrong with how a page looks: pale texts, broken rules of accessibility, and what is wider than the screen."""

from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Page

from tests.walks import axe

WIDTHS = (1440, 1024, 390)
THEMES = ("light", "dark")
_HEIGHT = 900
_CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
_OPEN = "document.querySelectorAll('main details, .new-task').forEach((one) => { one.open = true; })"
_DRESS = """(theme) => {
  document.documentElement.setAttribute("data-bs-theme", theme);
  document.getAnimations().forEach((one) => one.finish());
}"""
_CUT = """() => [...document.querySelectorAll("html, .table-card")]
  .filter((one) => one.scrollWidth > one.clientWidth + 1)
  .map((one) => `${one.tagName} .${one.className} is ${one.scrollWidth} wide and shows ${one.clientWidth}`)"""
_NARROW = """() => {
  const lies = (cell) => {
    const label = getComputedStyle(cell, "::before");
    const end = parseFloat(label.left) + parseFloat(label.width);
    const starts = parseFloat(getComputedStyle(cell).paddingLeft);
    return label.position === "absolute" && cell.checkVisibility() && starts < end;
  };
  const { scrollWidth, clientWidth } = document.documentElement;
  const under = [...document.querySelectorAll("td[data-label]")].filter(lies).map((cell) => cell.dataset.label);
  return [
    ...(scrollWidth > clientWidth ? [`${scrollWidth - clientWidth} px too wide`] : []),
    ...[...new Set(under)].map((label) => `the label ${label} lies under its value`),
  ];
}"""


@dataclass
class Looks:
    """What a walk found, one line each."""

    page: Page
    faults: list[str] = field(default_factory=list)

    async def judge(self, name: str, themes: tuple[str, ...] = THEMES) -> None:
        """The page as it is now, in these themes."""
        await self.page.evaluate(_OPEN)
        for theme in themes:
            await self.page.evaluate(_DRESS, theme)
            self._add(f"{name}, {theme}", await self.page.evaluate(_CONTRAST))
            self._add(f"{name}, {theme}", await axe.violations(self.page))

    async def measure(self, name: str, widths: tuple[int, ...] = WIDTHS, *, with_axe: bool = False) -> None:
        """That nothing is cut off or wider than the screen, at these widths; `with_axe` also judges the narrowest."""
        for width in widths:
            await self.page.set_viewport_size({"width": width, "height": _HEIGHT})
            is_narrow = width == min(WIDTHS)
            self._add(f"{name}, {width} px", await self.page.evaluate(_NARROW if is_narrow else _CUT))
            if is_narrow and with_axe:
                self._add(f"{name}, {width} px", await axe.violations(self.page))
        await self.page.set_viewport_size({"width": max(WIDTHS), "height": _HEIGHT})

    def _add(self, where: str, found: list[str]) -> None:
        self.faults += [f"{where}: {one}" for one in found]
