"""A sound clip, damaged."""

import random
from collections.abc import Iterator

_PIECES = 24


def cut_short(clip: bytes) -> Iterator[tuple[str, bytes]]:
    for piece in range(1, _PIECES):
        yield f"first-{piece}-of-{_PIECES}.mp4", clip[: len(clip) * piece // _PIECES]
    yield "without-the-middle.mp4", clip[: len(clip) // 3] + clip[len(clip) * 2 // 3 :]
    yield "twice.mp4", clip + clip
    yield "backwards.mp4", clip[:32] + clip[:31:-1]


def flipped(clip: bytes, dice: random.Random, count: int) -> Iterator[tuple[str, bytes]]:
    """Half of them in the index, half anywhere; from one bit to two hundred bytes."""
    index = clip.index(b"moov")
    for number in range(count):
        content = bytearray(clip)
        begin = index if number % 2 else 32
        for _ in range(dice.choice((1, 1, 2, 8, 40, 200))):
            content[dice.randrange(begin, len(content))] ^= 1 << dice.randrange(8)
        yield f"flipped-{number}.mp4", bytes(content)
