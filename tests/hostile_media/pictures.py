"""Pictures that are larger than they look, or no pictures."""

import io
import struct
import zlib
from collections.abc import Iterator

from PIL import Image

_NOTES = b"Exif\0\0MM\0*\0\0\0\x08\0\1"
_ZEROS = 20_000_000


def made() -> Iterator[tuple[str, bytes]]:
    for side in (0, 1, 20_000, 65_500, 2**31 - 1, 2**32 - 1):
        yield f"png-{side}.png", _png(side, side)
        yield f"png-line-{side}.png", _png(side, 1)
    yield "png-bomb-text.png", _png(8, 8, (b"zTXt", b"a\0\0" + zlib.compress(b"A" * _ZEROS, 9)))
    yield "png-bomb-profile.png", _png(8, 8, (b"iCCP", b"a\0\0" + zlib.compress(b"A" * _ZEROS, 9)))
    yield "png-bomb-itxt.png", _png(8, 8, (b"iTXt", b"a\0\1\0\0\0" + zlib.compress(b"A" * _ZEROS, 9)))
    yield "apng-endless.png", _png(8, 8, (b"acTL", struct.pack(">II", 2**31 - 1, 0)))
    yield "png-chunk-negative.png", b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 2**32 - 1) + b"IHDR" + b"\0" * 40
    yield "png-many-chunks.png", _png(8, 8, *[(b"tEXt", b"a\0b")] * 100_000)
    whole = {kind: _whole(kind) for kind in ("JPEG", "PNG", "WEBP")}
    for kind, content in whole.items():
        for piece in range(1, 8):
            yield f"{kind}-first-{piece}-of-8.{kind.lower()}", content[: len(content) * piece // 8]
        for place in range(12, len(content), len(content) // 8):
            damaged = content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]
            yield f"{kind}-damaged-at-{place}.{kind.lower()}", damaged
    yield "jpeg-65535.jpg", _resized(whole["JPEG"])
    yield "jpeg-comments.jpg", b"\xff\xd8" + b"\xff\xfe\xff\xff" * 200_000
    yield (
        "jpeg-turned-oddly.jpg",
        _whole("JPEG", exif=_NOTES + b"\1\x12\0\3\0\0\0\1\xff\xff\0\0\0\0\0\0"),
    )
    yield (
        "jpeg-notes-in-a-ring.jpg",
        _whole("JPEG", exif=_NOTES + b"\x87\x69\0\4\0\0\0\1\0\0\0\x08\0\0\0\x08"),
    )
    yield "webp-huge.webp", b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0" + b"\xff" * 6
    yield "webp-lossless-huge.webp", b"RIFF\x16\0\0\0WEBPVP8L\x0a\0\0\0\x2f" + b"\xff" * 9
    for kind in ("GIF", "BMP", "TIFF", "ICO", "PPM"):
        yield f"{kind.lower()}-in-disguise.jpg", _whole(kind)
    yield "tiff-huge.png", b"II*\0\x08\0\0\0\1\0\0\1\4\0\1\0\0\0\xff\xff\xff\x7f\0\0\0\0"


def _png(width: int, height: int, *more: tuple[bytes, bytes]) -> bytes:
    """It says that it is so large; what is there is empty and small."""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    body = zlib.compress(b"\0" * min(_ZEROS, (width // 8 + 1) * height), 9)
    chunks = ((b"IHDR", head), *more, (b"IDAT", body), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _whole(kind: str, **options: bytes) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(out, kind, **options)
    return out.getvalue()


def _resized(jpeg: bytes) -> bytes:
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + b"\xff\xff\xff\xff" + jpeg[at + 4 :]
