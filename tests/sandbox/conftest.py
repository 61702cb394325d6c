"""A sandbox per test, and the real client library talking to it."""

import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import imageio_ffmpeg
import pytest
from instagrapi import Client

from igfleet.sandbox.sandbox import Sandbox


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with Sandbox(tmp_path / "sandbox") as running:
        yield running


@pytest.fixture
def client_of(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Client]:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)

    def make(**options: object) -> Client:
        client = Client(proxy=sandbox.proxy_url, tls_verify=str(sandbox.ca_file), **options)
        client.request_timeout = 0
        client.delay_range = []
        return client

    return make


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real video: two seconds, 270 × 480."""
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    source = ["-f", "lavfi", "-i", "testsrc=size=270x480:rate=24:duration=2"]
    subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", *source, "-pix_fmt", "yuv420p", str(path)],
        check=True,
        timeout=60,
    )
    return path


@pytest.fixture(scope="session")
def cover(clip: Path) -> Path:
    path = clip.with_name("cover.jpg")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", str(clip), "-frames:v", "1", str(path)]
    subprocess.run(command, check=True, timeout=60)
    return path
