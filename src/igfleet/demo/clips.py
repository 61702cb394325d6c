"""Six short clips, made on the spot: real videos with sound."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_SIZE, _RATE, _SECONDS = "540x960", 30, 5
_DRAWN = "180x320"
"""Drawing is what takes long; nothing in these pictures is so fine that enlarging would show."""
_TIMEOUT_S = 120


def _gradient(colours: str, seed: int, speed: float, form: str = "linear") -> str:
    named = ":".join(f"c{number}=0x{colour}" for number, colour in enumerate(colours.split()))
    count = len(colours.split())
    return f"gradients=s={_DRAWN}:r={_RATE}:d={_SECONDS}:{named}:n={count}:seed={seed}:speed={speed}:type={form}"


_PICTURES = {
    "morning.mp4": _gradient("1b3a5b 2f8f9d f2c57c e4572e", 7, 0.03),
    "sunset.mp4": _gradient("2d1e2f a23b72 f18f01", 3, 0.02, "radial"),
    "forest.mp4": _gradient("0b6e4f c8e6c9 08415c", 11, 0.02, "spiral"),
    "harbour.mp4": _gradient("0f2027 2c5364 89a7b1 f5f1e3", 23, 0.04, "circular"),
    "garden.mp4": _gradient("b5179e f72585 ffd6e0 7209b7", 31, 0.03),
    "depth.mp4": _gradient("03045e 0077b6 90e0ef 001219", 43, 0.03, "square"),
}
_LOWEST_HZ = 220


def make_clips(ffmpeg: Path, folder: Path) -> list[Path]:
    """The clips, in order; those that are there already are kept. Raises `subprocess.CalledProcessError`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    wanted = [(folder / name, picture, _LOWEST_HZ * (4 + number) // 4) for number, (name, picture) in _numbered()]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda clip: _make(ffmpeg, *clip), wanted))
    return [path for path, _, _ in wanted]


def _numbered() -> list[tuple[int, tuple[str, str]]]:
    return list(enumerate(_PICTURES.items()))


def _make(ffmpeg: Path, path: Path, picture: str, hertz: int) -> None:
    if path.exists():
        return
    unfinished = path.with_suffix(".part.mp4")
    source = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", f"sine=frequency={hertz}:duration={_SECONDS}"]
    enlarged = ["-vf", f"scale={_SIZE.replace('x', ':')}:flags=bicubic"]
    video = [*enlarged, "-c:v", "libx264", "-preset", "superfast", "-crf", "28", "-pix_fmt", "yuv420p"]
    end = ["-c:a", "aac", "-t", str(_SECONDS), "-movflags", "+faststart", str(unfinished)]
    command = [str(ffmpeg), "-y", "-nostdin", "-loglevel", "error", *source, *video, *end]
    subprocess.run(command, check=True, timeout=_TIMEOUT_S, stdin=subprocess.DEVNULL)
    unfinished.rename(path)
