"""Hundreds of hostile files, through all that happens to an upload: nothing is connected to, nothing else is opened,
nothing is left running, and each is done with in time. `./igfleet siege` takes them all; the tests a sample, which
`--sample-seed` draws once more."""

import json
import random
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from tests.hostile_media.corpus import Hostile, Means, corpus
from tests.hostile_media.trap import CANARY, Trap
from tests.media.conftest import make_clip

from igfleet.media.conversion import convert, is_worthwhile
from igfleet.media.encoding import RenderFailed
from igfleet.media.examine import examine
from igfleet.media.facts import MediaKind, NotMedia
from igfleet.media.ffmpeg import thumbnail_of
from igfleet.media.source import Source

pytestmark = pytest.mark.anyio
_SEED = 20261
_SAMPLE, _FLIPS = 10, 1_000
_SLOWEST_S, _MOST_BYTES = 120, 1024**3


@pytest.fixture
def trap(tmp_path: Path) -> Iterator[Trap]:
    with Trap(tmp_path) as one:
        yield one


@pytest.fixture
def means(ffmpeg: Path, trap: Trap, tmp_path: Path) -> Means:
    clip = make_clip(ffmpeg, tmp_path / "sound.mp4", "-c:v", "mpeg4", size="64x112", seconds=3)
    return Means(clip.read_bytes(), trap.url, str(trap.canary))


def test_the_trap_springs_where_nothing_protects(ffmpeg: Path, means: Means, trap: Trap, tmp_path: Path) -> None:
    """The check below can fail."""
    texts = {one.name.partition("-bare")[0]: one.content for one in corpus(means, _SEED, 0) if "-bare." in one.name}
    for name, form in (("hls-http", "hls"), ("concat-file", "concat")):
        (tmp_path / "list").write_bytes(texts[name])
        careless = [ffmpeg, "-nostdin", "-loglevel", "quiet", "-protocol_whitelist", "file,http,tcp", "-f", form]
        careless += ["-safe", "0"] if form == "concat" else []
        with suppress(subprocess.TimeoutExpired):  # nobody answers
            subprocess.run([*careless, "-i", tmp_path / "list", "-f", "null", "-"], timeout=2, check=False)

    assert trap.sprung() == ["a connection was made", "the canary was opened"]


def test_the_corpus_is_as_large_as_it_says_and_the_same_each_time(means: Means) -> None:
    first, again = (list(corpus(means, _SEED, 60)) for _ in range(2))

    assert first == again
    assert len({(one.name, one.content) for one in first}) == len(first)
    assert len(first) > 500
    assert min(Counter(one.family for one in first).values()) >= 10


@pytest.mark.timeout(7200)
async def test_hostile_files_reach_nothing_and_leave_nothing(
    ffmpeg: Path, means: Means, trap: Trap, tmp_path: Path, sample_seed: int, is_whole: bool
) -> None:
    told: list[str] = []
    slowest, verdicts = 0.0, Counter[str]()
    trap.sprung()
    for number, one in enumerate(_chosen(means, sample_seed, is_whole)):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = folder / one.name
        path.write_bytes(one.content)
        began = time.monotonic()
        verdict = await _uploaded(ffmpeg, path, folder)
        took = time.monotonic() - began
        slowest, verdicts = max(slowest, took), verdicts + Counter([verdict])
        wrong = trap.sprung() + [f"{made.name} holds the canary" for made in _made(folder, path)]
        wrong += [f"it took {took:.0f} s"] * (took > _SLOWEST_S)
        for what in wrong:
            told.append(f"{one.family}: {one.name!r}: {what}")
            print(told[-1], flush=True)
        _remove(folder)

    print(json.dumps({"files": sum(verdicts.values()), "slowest_s": round(slowest, 1), **verdicts}))
    assert told == []
    assert {"refused", "taken"} <= verdicts.keys() <= {"refused", "taken", "not converted"}
    assert psutil.Process().memory_info().rss < _MOST_BYTES


def _chosen(means: Means, seed: int, is_whole: bool) -> list[Hostile]:
    """All; or those that cost nothing, and some of the others, drawn by the seed."""
    every = list(corpus(means, _SEED, _FLIPS if is_whole else 60))
    if is_whole:
        return every
    known = {"dref-http.mp4", "dref-alias.mp4", "hls-http-ftyp.mp4", "hls-http-jpeg.mp4", "-i.mp4"}
    costly = [one for one in every if not one.is_cheap and one.name not in known]
    chosen = random.Random(seed).sample(costly, _SAMPLE)
    return [one for one in every if one.is_cheap or one.name in known] + chosen


async def _uploaded(ffmpeg: Path, path: Path, folder: Path) -> str:
    """What the library does with it; and what its tools would, if a probe had not refused it before."""
    try:
        found = await examine(path, ffmpeg, folder / "thumbnail.jpg")
    except NotMedia as refused:
        await _thumbnail_alone(ffmpeg, path, folder)
        return "refused" if re.fullmatch(r"[^\n]+\.", str(refused)) else "refused without a sentence"
    codes = [problem.code for problem in found.problems]
    blocking = [problem.code for problem in found.problems if not problem.is_warning]
    if found.facts.kind is MediaKind.VIDEO and is_worthwhile(codes, blocking):
        try:
            await convert(ffmpeg, path, found.facts, folder / "converted.mp4", lambda _: None)
        except RenderFailed:
            return "not converted"
    return "taken"


async def _thumbnail_alone(ffmpeg: Path, path: Path, folder: Path) -> None:
    try:
        Source.of(path)
        await thumbnail_of(ffmpeg, path, folder / "thumbnail.jpg", 1.0)
    except NotMedia:
        return


def _made(folder: Path, source: Path) -> Iterator[Path]:
    """The outputs that hold what the canary says."""
    for path in folder.rglob("*"):
        if path.is_file() and path != source and CANARY.encode() in path.read_bytes():
            yield path


def _remove(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
