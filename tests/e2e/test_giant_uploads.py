"""An upload without an end is refused where it passes what was announced, and the ui does not grow with it.
`./igfleet siege` sends ten gigabytes, the tests less."""

import json
import re
import select
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from igfleet.embedded import EmbeddedPostgres
from tests.conftest import fresh
from tests.e2e.fleet import Fleet

pytestmark = pytest.mark.timeout(1800)
_MB = 1024**2
_GIANT, _SAMPLE = 10 * 1024**3, 32 * _MB
_ON_THE_WAY = 16 * _MB
"""What may have been sent when the answer comes: it lies in the buffers of both sides."""
_MOST_GROWTH = 200 * _MB


@pytest.fixture
def roomy_fleet(request: pytest.FixtureRequest, tmp_path: Path, is_whole: bool) -> Iterator[Fleet]:
    """A fleet that takes what is announced here. What came of it is not left on the disk."""
    if not is_whole:
        fleet: Fleet = request.getfixturevalue("fleet")
        yield fleet
        for part in (fleet.folder / "data" / "media" / "incoming").iterdir():
            part.unlink()
        return
    postgres: EmbeddedPostgres = request.getfixturevalue("postgres")
    assert shutil.disk_usage(tmp_path).free > 2 * _GIANT, "the disk has no room for this"
    with Fleet(tmp_path / "fleet", fresh(postgres), {"MEDIA_MAX_BYTES": str(_GIANT)}) as running:
        yield running
    shutil.rmtree(tmp_path / "fleet" / "data")


def test_a_giant_upload_is_refused_at_its_limit_and_the_ui_does_not_grow(roomy_fleet: Fleet, is_whole: bool) -> None:
    fleet, limit = roomy_fleet, _GIANT if is_whole else _SAMPLE
    headers = {"Authorization": f"Bearer {_key(fleet)}"}
    with httpx.Client(base_url=f"{fleet.ui}/api/v1", headers=headers, trust_env=False, timeout=30) as program:
        begun = program.post("/media/uploads", json={"name": "giant.mp4", "size": limit}).raise_for_status().json()
        before = _reset_peak(fleet.processes["ui"].pid)
        answer, sent = _sent_without_end(fleet.ui, f"/api/v1/media/uploads/{begun['id']}", headers)
        grown = _peak(fleet.processes["ui"].pid) - before
        again = program.post("/media/uploads", json={"name": "more.mp4", "size": 10 * _GIANT})

    print(json.dumps({"limit_mb": limit // _MB, "sent_mb": sent // _MB, "grown_mb": grown // _MB}))
    assert " 413 " in answer
    assert limit < sent < limit + _ON_THE_WAY
    assert grown < _MOST_GROWTH
    assert again.status_code == 413, "what is too large is refused when it is announced"


def _key(fleet: Fleet) -> str:
    (fleet.folder / "password").write_text("correct horse battery")
    fleet.cli("users", "add", "anna", "--role", "operator", "--password-file", "password")
    return str(json.loads(fleet.cli("api-keys", "add", "uploads", "--user", "anna", "--write", "--json"))["token"])


def _sent_without_end(ui: str, path: str, headers: dict[str, str]) -> tuple[str, int]:
    """The first line of the answer, and how many bytes were sent until it came. One buffer is all that is sent."""
    address = httpx.URL(ui)
    told = {"Host": "x", "Upload-Offset": "0", "Transfer-Encoding": "chunked", **headers}
    head = f"PATCH {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in told.items()) + "\r\n"
    size = 256 * 1024
    piece, sent = f"{size:x}\r\n".encode() + bytes(size) + b"\r\n", 0
    with socket.create_connection((address.host, address.port or 80), timeout=60) as line:
        line.sendall(head.encode())
        while sent < 2 * _GIANT and not select.select([line], [], [], 0)[0]:
            try:
                line.sendall(piece)
            except ConnectionError:
                break
            sent += size
        return line.makefile("rb").readline().decode(), sent


def _reset_peak(process: int) -> int:
    """What the process has in memory now, which is its peak from here on, in bytes."""
    Path(f"/proc/{process}/clear_refs").write_text("5")
    return _kilobytes(process, "VmRSS") * 1024


def _peak(process: int) -> int:
    return _kilobytes(process, "VmHWM") * 1024


def _kilobytes(process: int, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB$", Path(f"/proc/{process}/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1])
