"""Media for workers: whole or ranged, named by their sha256."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from litestar import Request, Response, get
from litestar.params import FromPath
from litestar.response import Stream

from igfleet.errors import NotFound
from igfleet.ui.api.description import PLAYABLE
from igfleet.ui.context import UiContext
from igfleet.ui.injected import Session, Ui
from igfleet.ui.models import Media
from igfleet.ui.ranges import Span, span_of


@get(["/media/{media_id:int}/download", "/media/images/{media_id:int}/download"], opt=PLAYABLE)
async def download(
    media_id: FromPath[int],
    request: Request[Any, Any, Any],
    session: Session,
    ui: Ui,
) -> Response[Any]:
    """The bytes. `ETag` is the sha256; `Range` and `If-Range` are honoured."""
    media = await session.get(Media, media_id)
    if media is None:
        raise NotFound(f"There is no file {media_id} in the library.")
    return ranged(request, ui, media.sha256, "image/jpeg" if media.kind == "image" else "video/mp4")


def ranged(
    request: Request[Any, Any, Any], ui: UiContext, sha256: str, media_type: str, name: str = ""
) -> Response[Any]:
    """A stored file as an answer: 200, 206 or 416. `name` is the one to save it under."""
    size, etag = ui.storage.size(sha256), f'"{sha256}"'
    saved_as = f"attachment; filename*=UTF-8''{quote(name, safe='')}" if name else "attachment"
    headers = {"ETag": etag, "Accept-Ranges": "bytes", "Content-Disposition": saved_as}
    span = span_of(request.headers.get("range"), request.headers.get("if-range"), etag, size)
    if span is None:
        return Response(
            b"", status_code=416, headers={**headers, "Content-Range": f"bytes */{size}"}, media_type=media_type
        )
    if span.is_partial:
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{size}"
    headers["Content-Length"] = str(span.end - span.start)
    return Stream(
        _bytes(ui, sha256, span), status_code=206 if span.is_partial else 200, headers=headers, media_type=media_type
    )


async def _bytes(ui: UiContext, sha256: str, span: Span) -> AsyncIterator[bytes]:
    async for chunk in ui.storage.read(sha256, span.start, span.end):
        yield chunk


HANDLERS = [download]
