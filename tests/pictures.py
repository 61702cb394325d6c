"""Whether two pictures show the same: reckoned by Pillow, which the product does not use for it."""

from pathlib import Path

from PIL import Image

from igfleet.media.cover_hash import COLUMNS, ROWS, difference_hash


def distance(one: Path | str, other: Path | str) -> int:
    """In how many of 64 bits their hashes differ; each a picture, or a hash."""
    return (int(_hash(one), 16) ^ int(_hash(other), 16)).bit_count()


def _hash(picture: Path | str) -> str:
    if isinstance(picture, str):
        return picture
    with Image.open(picture) as opened:
        return difference_hash(opened.convert("L").resize((COLUMNS, ROWS), Image.Resampling.LANCZOS).tobytes())
