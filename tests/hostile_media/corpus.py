"""All hostile files, as names and bytes. The same seed makes the same files."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.hostile_media import boxes, damage, pictures, playlists, polyglots

ODD_NAMES = (
    *("-i.mp4", "--help", "a b.mp4", "a'b\".mp4", "a;id.mp4", "$(id).mp4", "`id`.mp4", "a|b.mp4", "a&b.mp4", "%d.mp4"),
    *("%03d.png", "*.mp4", "[a].mp4", "a\nb.mp4", "a\tb.mp4", "\u202e4pm.a", "émoji 🎬.mp4", "\u200b.mp4", "a" * 240),
    *("concat:a.mp4", "http:a.mp4", "file:a.mp4", "pipe:0", "data:a", "crypto:a.mp4", "a.mp4.", ".mp4", "a\\b.mp4"),
    *("a\x1b[31m.mp4", "NUL", "a.m3u8", "a.ffconcat", "subfile,,start,0,end,9,,:a.mp4", "lavfi", "null", "nullsrc"),
)
"""What a file may be called on a disk. The library calls none of its files so; what reads them may not care either."""


@dataclass(frozen=True, slots=True)
class Hostile:
    """One file. `family` is what it tries."""

    family: str
    name: str
    content: bytes
    is_cheap: bool = False
    """It is refused by its first bytes, before any process is started."""


@dataclass(frozen=True, slots=True)
class Means:
    """What the files are made of, and where they try to lead."""

    clip: bytes
    """A sound mp4 with its index at the end."""
    url: str
    """Of a listener that nobody may connect to."""
    canary: str
    """The path of a file that nobody may open."""


def corpus(means: Means, seed: int, flips: int) -> Iterator[Hostile]:
    """Every file; `flips` of them are damaged at random."""
    dice = random.Random(seed)
    for name, content, is_cheap in playlists.made(means.url, means.canary):
        yield Hostile("leads elsewhere", name, content, is_cheap)
    for name, content in boxes.made(means.clip, means.url, means.canary):
        yield Hostile("boxes", name, content)
    for name, content in pictures.made():
        yield Hostile("pictures", name, content)
    for name, content in polyglots.made(means.clip, means.url):
        yield Hostile("polyglots", name, content)
    for name, content in damage.cut_short(means.clip):
        yield Hostile("cut short", name, content)
    for name, content in damage.flipped(means.clip, dice, flips):
        yield Hostile("flipped", name, content)
    for name in ODD_NAMES:
        yield Hostile("names", name, means.clip)
