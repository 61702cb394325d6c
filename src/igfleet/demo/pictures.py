"""Six profile pictures, made on the spot: upright ones, so that the square cut shows."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_SIZE = "640x800"
_TIMEOUT_S = 60
_COLOURS = {
    "shore.jpg": ("2f8f9d f2c57c", "radial"),
    "dusk.jpg": ("2d1e2f f18f01", "circular"),
    "moss.jpg": ("0b6e4f c8e6c9", "radial"),
    "slate.jpg": ("2c5364 f5f1e3", "spiral"),
    "petal.jpg": ("7209b7 ffd6e0", "circular"),
    "ember.jpg": ("9b2226 ee9b00", "radial"),
}


def make_pictures(ffmpeg: Path, folder: Path) -> list[Path]:
    """The pictures, in order; those that are there already are kept. Raises `subprocess.CalledProcessError`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda name: _make(ffmpeg, folder / name, *_COLOURS[name]), _COLOURS))


def _make(ffmpeg: Path, path: Path, colours: str, form: str) -> Path:
    if not path.exists():
        first, second = (f"0x{colour}" for colour in colours.split())
        gradient = f"gradients=s={_SIZE}:c0={first}:c1={second}:n=2:seed={len(path.name)}:type={form}:d=1"
        unfinished = path.with_suffix(".part.jpg")
        command = [str(ffmpeg), "-y", "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", gradient]
        subprocess.run(
            [*command, "-frames:v", "1", "-q:v", "3", str(unfinished)],
            check=True,
            timeout=_TIMEOUT_S,
            stdin=subprocess.DEVNULL,
        )
        unfinished.rename(path)
    return path
