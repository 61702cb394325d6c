"""Probing: the facts of a media file, found out by a confined child process."""

import json
import sys
from pathlib import Path

import anyio.to_thread
from pydantic import ValidationError

from igfleet.media import child
from igfleet.media.child import Limits
from igfleet.media.facts import MediaFacts, MediaKind, NotMedia
from igfleet.media.signature import container_of

_TIMEOUT_S = 30.0
_LIMITS = Limits(memory_bytes=2 * 1024**3, cpu_s=20, file_bytes=0)


def probe(path: Path, timeout_s: float = _TIMEOUT_S) -> MediaFacts:
    """What the file is. Raises `NotMedia` with one plain sentence when it is no readable video or picture."""
    container = container_of(path)
    command = [sys.executable, "-B", "-m", "igfleet.media.probe_child", str(path.absolute()), container]
    ended = child.run(command, timeout_s, _LIMITS)
    if ended.code is None:
        raise NotMedia("The file takes too long to read: it is damaged or made to look so.")
    if ended.code != 0:
        raise NotMedia("The file makes the reader fail: it is damaged or made to look so.")
    return _facts(path, container, ended.out)


async def probed(path: Path) -> MediaFacts:
    """`probe` for the event loop."""
    return await anyio.to_thread.run_sync(probe, path)


def _facts(path: Path, container: str, out: bytes) -> MediaFacts:
    found = json.loads(out)
    if problem := found.get("problem"):
        raise NotMedia(str(problem))
    kind = MediaKind.VIDEO if container in ("mp4", "mov") else MediaKind.IMAGE
    try:
        return MediaFacts(kind=kind, container=container, size_bytes=path.stat().st_size, **found)
    except ValidationError as error:
        raise NotMedia("The file's own description makes no sense: it is damaged.") from error
