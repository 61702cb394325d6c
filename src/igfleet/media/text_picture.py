"""A line of text as a picture with a clear ground, to be laid over a video."""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from igfleet.errors import NeedsPerson
from igfleet.reasons import ReasonCode

_HEIGHT = 96
_FONTS = ("DejaVuSans-Bold.ttf", "NotoSans-Bold.ttf", "LiberationSans-Bold.ttf", "Arial Bold.ttf", "arialbd.ttf")
_NO_LETTER = "\U0010fffe"
_STROKE = _HEIGHT // 16


def draw_text(text: str, out: Path) -> None:
    """Write a PNG of the text, white with a dark rim. Raises `NeedsPerson` when no font has all its letters."""
    font = _font_for(text)
    left, top, right, bottom = (int(side) for side in font.getbbox(text, stroke_width=_STROKE))
    picture = Image.new("RGBA", (max(right - left, 2), max(bottom - top, 2)), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    pen.text((-left, -top), text, font=font, fill="white", stroke_width=_STROKE, stroke_fill=(0, 0, 0, 160))
    picture.save(out, "PNG")


def _font_for(text: str) -> ImageFont.FreeTypeFont:
    missing = ""
    for font in _fonts():
        missing = "".join(sorted(letter for letter in set(text) if not letter.isspace() and not _has(font, letter)))
        if not missing:
            return font
    raise NeedsPerson(
        f"No font on this worker has the letters {missing!r}: install one that has (Debian: fonts-dejavu-core).",
        ReasonCode.TOOL_MISSING,
    )


def _fonts() -> list[ImageFont.FreeTypeFont]:
    """Those of the machine, then the one that comes along (Latin letters only)."""
    found = []
    for name in _FONTS:
        try:
            found.append(ImageFont.truetype(name, _HEIGHT))
        except OSError:
            continue
    own = ImageFont.load_default(_HEIGHT)
    return [*found, own] if isinstance(own, ImageFont.FreeTypeFont) else found


def _has(font: ImageFont.FreeTypeFont, letter: str) -> bool:
    """A letter that a font lacks is drawn as the font's own sign for it."""
    return bytes(font.getmask(letter)) != bytes(font.getmask(_NO_LETTER))
