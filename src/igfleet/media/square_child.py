"""Cuts the square in a process of its own: the file is foreign, its decoder may crash or hang.

Run as `python -m igfleet.media.square_child PATH`. Writes no file: prints one JSON object, `{"jpeg": …}` in base64 or
`{"problem": …}`.
"""

import base64
import io
import json
import struct
import sys
from pathlib import Path

from PIL import Image, ImageOps

_SIDE_PX = 1_080
_LEAST_PX = 320
"""A smaller picture is enlarged to so much: Instagram asks for it."""
_MOST_PIXELS = 64_000_000
_FORMATS = ("JPEG", "PNG", "WEBP")
_UNREADABLE = (OSError, SyntaxError, ValueError, struct.error, Image.DecompressionBombError)


def main() -> None:
    json.dump(_squared(Path(sys.argv[1])), sys.stdout)


def _squared(source: Path) -> dict[str, str]:
    try:
        with Image.open(source, formats=_FORMATS) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                return {"problem": f"The picture has {opened.width} × {opened.height} pixels: that is too many."}
            upright = ImageOps.exif_transpose(opened).convert("RGBA")
        side = min(max(min(upright.size), _LEAST_PX), _SIDE_PX)
        cut = ImageOps.fit(upright, (side, side), Image.Resampling.LANCZOS)
    except _UNREADABLE:
        return {"problem": "The file is no picture that can be read: it is damaged, or no JPEG, PNG or WebP."}
    page = Image.new("RGB", cut.size, "white")
    page.paste(cut, mask=cut.getchannel("A"))
    page.save(made := io.BytesIO(), "JPEG", quality=95)
    return {"jpeg": base64.b64encode(made.getvalue()).decode()}


if __name__ == "__main__":
    main()
