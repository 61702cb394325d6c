from collections.abc import Callable
from pathlib import Path

import pytest
from tests.media.conftest import make_clip
from tests.runners.fakes import MemoryRun

from igfleet.contracts.posts import LeasedPost
from igfleet.media.ffmpeg import locate_ffmpeg


@pytest.fixture(scope="session")
def short_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(locate_ffmpeg(), tmp_path_factory.mktemp("clip") / "clip.mp4", size="90x160", seconds=1)


@pytest.fixture
def run_of(short_clip: Path, tmp_path: Path) -> Callable[..., MemoryRun]:
    """A run of the given posts whose media are all the same short clip."""
    return lambda *posts: _run(posts, short_clip, tmp_path)


def _run(posts: tuple[LeasedPost, ...], clip: Path, folder: Path) -> MemoryRun:
    return MemoryRun(posts, clip, folder)
