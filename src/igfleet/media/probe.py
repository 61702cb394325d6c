"""Probing: the facts of a media file, found out by a confined child process."""

from pathlib import Path

import anyio.to_thread
from pydantic import ValidationError

from igfleet.media.child import Limits
from igfleet.media.facts import MediaFacts, MediaKind, NotMedia
from igfleet.media.reader import read
from igfleet.media.signature import container_of

_TIMEOUT_S = 30.0
_LIMITS = Limits(memory_bytes=2 * 1024**3, cpu_s=20, file_bytes=0)


def probe(path: Path, timeout_s: float = _TIMEOUT_S) -> MediaFacts:
    """What the file is. Raises `NotMedia` with one plain sentence when it is no readable video or picture."""
    container = container_of(path)
    found = read("igfleet.media.probe_child", [str(path.absolute()), container], timeout_s, _LIMITS)
    kind = MediaKind.VIDEO if container in ("mp4", "mov") else MediaKind.IMAGE
    facts = {"kind": kind, "container": container, "size_bytes": path.stat().st_size, **found}
    try:
        return MediaFacts.model_validate(facts)
    except ValidationError as error:
        raise NotMedia("The file's own description makes no sense: it is damaged.") from error


async def probed(path: Path) -> MediaFacts:
    """`probe` for the event loop."""
    return await anyio.to_thread.run_sync(probe, path)
