"""A 64-bit hash of what a picture shows: alike pictures have hashes that differ in few bits."""

import io
import struct
from pathlib import Path

from PIL import Image, ImageOps

_SIDE = 8


class UnreadablePicture(Exception):
    """The file is there and is no picture."""


def cover_hash(picture: Path) -> str:
    """16 hexadecimal digits: for each field of an 8 x 8 grid, whether it is brighter than its right neighbour.

    Survives scaling and new compression. Raises `UnreadablePicture` when the file is no picture.
    """
    data = picture.read_bytes()
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as opened:
            grey = ImageOps.exif_transpose(opened).convert("L").resize((_SIDE + 1, _SIDE), Image.Resampling.LANCZOS)
    except (OSError, SyntaxError, ValueError, struct.error, Image.DecompressionBombError) as error:
        raise UnreadablePicture("the picture is damaged: it cannot be read") from error
    levels = grey.tobytes()
    bits = 0
    for row in range(_SIDE):
        for column in range(_SIDE):
            at = row * (_SIDE + 1) + column
            bits = bits << 1 | (levels[at] > levels[at + 1])
    return f"{bits:016x}"


def hash_distance(one: str, other: str) -> int:
    """In how many of 64 bits two hashes differ: up to 8 is the same picture."""
    return (int(one, 16) ^ int(other, 16)).bit_count()
