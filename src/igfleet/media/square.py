"""The square cut out of a picture's middle: how it looks as a profile picture."""

import struct
from pathlib import Path

import anyio.to_thread
from PIL import Image, ImageOps

from igfleet.media.facts import NotMedia

SIDE_PX = 1_080
LEAST_PX = 320
"""A smaller picture is enlarged to so much: Instagram asks for it."""
_MOST_PIXELS = 100_000_000
_FORMATS = ("JPEG", "PNG", "WEBP")
_UNREADABLE = (OSError, SyntaxError, ValueError, struct.error, Image.DecompressionBombError)


def square_picture(source: Path, out: Path) -> None:
    """Write the square as a JPEG, upright, without any of the file's own notes. Raises `NotMedia`."""
    try:
        with Image.open(source, formats=_FORMATS) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                raise NotMedia(f"The picture has {opened.width} × {opened.height} pixels: that is too many.")
            upright = ImageOps.exif_transpose(opened).convert("RGBA")
        side = min(max(min(upright.size), LEAST_PX), SIDE_PX)
        cut = ImageOps.fit(upright, (side, side), Image.Resampling.LANCZOS)
    except _UNREADABLE as error:
        raise NotMedia("The file is no picture that can be read: it is damaged, or no JPEG, PNG or WebP.") from error
    page = Image.new("RGB", cut.size, "white")
    page.paste(cut, mask=cut.getchannel("A"))
    page.save(out, "JPEG", quality=95)


async def squared(source: Path, out: Path) -> None:
    """`square_picture` for the event loop."""
    await anyio.to_thread.run_sync(square_picture, source, out)
