import subprocess
from pathlib import Path

import pytest

from igfleet.media.ffmpeg import locate_ffmpeg


@pytest.fixture(scope="session")
def ffmpeg() -> Path:
    return locate_ffmpeg()


@pytest.fixture(scope="session")
def clip(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds, upright, with sound."""
    return make_clip(ffmpeg, tmp_path_factory.mktemp("clips") / "clip.mp4")


def make_clip(ffmpeg: Path, out: Path, *more: str, size: str = "270x480", seconds: float = 3) -> Path:
    """Encode a small test picture; `more` are options for the output."""
    command = [str(ffmpeg), "-nostdin", "-y", "-loglevel", "error", "-f", "lavfi"]
    command += ["-i", f"testsrc2=size={size}:rate=25:duration={seconds}"]
    command += ["-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}", "-c:v", "libx264"]
    command += ["-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", *more, str(out)]
    subprocess.run(command, check=True, timeout=60, stdin=subprocess.DEVNULL)
    return out
