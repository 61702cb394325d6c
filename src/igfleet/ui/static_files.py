"""Static files: named by their content, so that browsers keep them for ever."""

import gzip
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from litestar import Request, Response, Router, get
from litestar.params import FromPath

from igfleet.errors import NotFound

FOLDER = Path(__file__).parent / "static"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png"}
_PACKED = {".css", ".js", ".svg"}
_FOR_EVER = "public, max-age=31536000, immutable"


@cache
def address(name: str) -> str:
    """Where a static file is, with a part that changes when it changes."""
    return f"/static/{_fingerprint(name)}/{name}"


@cache
def _fingerprint(name: str) -> str:
    return hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:12]


@get("/static/{fingerprint:str}/{name:path}", opt={"public": True})
async def static_file(
    request: Request[Any, Any, Any], fingerprint: FromPath[str], name: FromPath[str]
) -> Response[Any]:
    """One file of the folder, and nothing outside of it; compressed for who takes that."""
    wanted = name.lstrip("/")
    if wanted not in _known() or fingerprint != _fingerprint(wanted):
        raise NotFound("There is no such file.")
    path = FOLDER / wanted
    media_type = _TYPES.get(path.suffix, "application/octet-stream")
    headers = {"Cache-Control": _FOR_EVER, "Vary": "Accept-Encoding"}
    if path.suffix in _PACKED and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(_packed(wanted), media_type=media_type, headers={**headers, "Content-Encoding": "gzip"})
    return Response(path.read_bytes(), media_type=media_type, headers=headers)


@cache
def _packed(name: str) -> bytes:
    return gzip.compress((FOLDER / name).read_bytes(), mtime=0)


@cache
def _known() -> frozenset[str]:
    return frozenset(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.suffix in _TYPES)


ROUTER = Router("/", route_handlers=[static_file])
