"""Media: list, upload in parts, convert, delete, fetch."""

from datetime import datetime
from typing import Annotated, Any

from litestar import Request, Response, delete, get, patch, post
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, QueryParameter
from pydantic import ConfigDict, Field

from igfleet.contracts.base import MOST, Whole
from igfleet.contracts.files import Origin
from igfleet.contracts.states import MediaState
from igfleet.media.facts import MediaKind
from igfleet.ui import conversions, library, library_uploads
from igfleet.ui.api.description import PLAYABLE, RAW
from igfleet.ui.api.media import ranged
from igfleet.ui.api.repeats import NAMED_BY_PATH
from igfleet.ui.api.v1.access import FLEET, Caller
from igfleet.ui.api.v1.paging import USUAL, Body, Cursor, Limit, Page, RowId, View, rows_of
from igfleet.ui.context import UiContext
from igfleet.ui.injected import Session, Ui
from igfleet.ui.jobs.engine import Jobs
from igfleet.ui.library_uploads import Standing
from igfleet.ui.media_list import Wanted
from igfleet.ui.models import Media


class MediaView(View):
    """One file of the library."""

    id: int
    name: str
    sha256: str
    state: MediaState
    kind: str
    """`video` or `image`, once it was looked at."""
    origin: Origin
    source_id: int | None
    size_bytes: int
    duration_s: float | None
    width: int | None
    height: int | None
    problems: list[str]
    """What keeps it from being published."""
    added_by: str
    created_at: datetime


class NewUpload(Body):
    """A file to upload. The same name, size and time of change again is the same upload: it goes on."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "clip_1.mp4", "size": 5}]})
    name: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]+$")]
    size: Annotated[int, Field(ge=1, le=MOST)]
    modified: Whole = 0
    """When the file was changed last, in any unit; 0 when it is not known."""


class UploadView(View):
    """How far an upload has come."""

    id: int
    offset: int
    """Where the next part begins."""
    media_id: int | None
    """The file that it has become."""
    is_new: bool
    """The library did not have these bytes before."""


@get("/media", tags=["Media"])
async def list_media(
    caller: Caller,
    session: Session,
    q: FromQuery[str] = "",
    wanted: Annotated[MediaState | None, QueryParameter(name="state")] = None,
    kind: FromQuery[MediaKind | None] = None,
    origin: FromQuery[Origin | None] = None,
    source_id: RowId = None,
    reference: FromQuery[str] = "",
    cursor: Cursor = None,
    limit: Limit = USUAL,
) -> Page[MediaView]:
    """List the library. `q` is a part of the name; `source_id` is the file that all were made of, as variants or by
    conversion; `reference` names one file by id, name or sha256, or it is 404."""
    if reference:
        return Page[MediaView](items=[view_of(await library.find_named(session, reference))])
    which = Wanted(name=q, state=wanted or "", kind=kind or "", origin=origin or "").query()
    if source_id is not None:
        which = which.where(Media.source_id == source_id)
    rows, following = await rows_of(session, which, Media.id, cursor, limit)
    return Page[MediaView](items=[view_of(row) for row in rows], next_cursor=following)


@get("/media/{media_id:int}", tags=["Media"])
async def one_medium(media_id: FromPath[int], caller: Caller, session: Session) -> MediaView:
    """Show one file."""
    return view_of(await library.find(session, media_id))


@get("/media/{media_id:int}/content", opt=PLAYABLE, tags=["Media"])
async def content(
    media_id: FromPath[int], request: Request[Any, Any, Any], caller: Caller, session: Session, ui: Ui
) -> Response[Any]:
    """The bytes. `ETag` is the sha256; `Range` and `If-Range` are honoured."""
    media = await library.find(session, media_id)
    return ranged(request, ui, media.sha256, "image/jpeg" if media.kind == "image" else "video/mp4", name=media.name)


@get("/media/{media_id:int}/thumbnail", media_type="image/jpeg", tags=["Media"])
async def thumbnail(media_id: FromPath[int], caller: Caller, session: Session, ui: Ui) -> bytes:
    """The small picture of a file; 404 while nobody has looked at the file."""
    return await library.thumbnail(ui, await library.find(session, media_id))


@post("/media/uploads", status_code=200, tags=["Media"])
async def begin_upload(
    data: JSONBody[NewUpload], caller: Caller, ui: Ui, jobs: NamedDependency[Jobs]
) -> Response[UploadView]:
    """Begin an upload, or hear how far the same file came before."""
    return _told(ui, jobs, await library_uploads.begin(ui, caller.actor, data.name, data.size, data.modified))


@patch(
    "/media/uploads/{upload_id:int}", request_max_body_size=None, opt={NAMED_BY_PATH: True, RAW: True}, tags=["Media"]
)
async def append_to_upload(
    upload_id: FromPath[int],
    offset: Annotated[int, HeaderParameter(name="Upload-Offset", ge=0, le=MOST)],
    request: Request[Any, Any, Any],
    caller: Caller,
    ui: Ui,
    jobs: NamedDependency[Jobs],
) -> Response[UploadView]:
    """Send one part, from `Upload-Offset` on. 409 says that it is not where the next part begins."""
    return _told(ui, jobs, await library_uploads.append(ui, caller.actor, upload_id, offset, request.stream()))


@delete("/media/uploads/{upload_id:int}", status_code=200, tags=["Media"])
async def forget_upload(upload_id: FromPath[int], caller: Caller, ui: Ui) -> dict[str, bool]:
    """Give up an upload that broke off."""
    await library_uploads.forget(ui, caller.actor, upload_id)
    return {"ok": True}


@post("/media/{media_id:int}/conversions", status_code=202, tags=["Media"])
async def convert(
    media_id: FromPath[int], caller: Caller, session: Session, jobs: NamedDependency[Jobs]
) -> Response[MediaView]:
    """Make a publishable file of one that is not: a new one, whose `source_id` is this one."""
    media = await library.find(session, media_id)
    asked = await conversions.ask(session, media, caller.actor)
    return Response(view_of(media), background=BackgroundTask(jobs.convert, asked.id, media_id))


@delete("/media/{media_id:int}", opt=FLEET, status_code=200, tags=["Media"])
async def delete_medium(media_id: FromPath[int], caller: Caller, session: Session, ui: Ui) -> Response[MediaView]:
    """Delete a file that nothing needs any more."""
    media = await library.find(session, media_id)
    gone = view_of(media)
    await library.delete(session, media, caller.actor)
    return Response(gone, background=BackgroundTask(library.remove_file, ui, gone.sha256))


def view_of(media: Media) -> MediaView:
    own = {name: getattr(media, name) for name in MediaView.model_fields if name != "problems"}
    return MediaView(**own, problems=[str(problem["sentence"]) for problem in media.problems])


def _told(ui: UiContext, jobs: Jobs, standing: Standing) -> Response[UploadView]:
    told = UploadView.model_validate(standing)
    return Response(told, background=BackgroundTask(_probe, ui, jobs, standing) if standing.media_id else None)


async def _probe(ui: UiContext, jobs: Jobs, standing: Standing) -> None:
    assert standing.media_id is not None
    if standing.is_new:
        await jobs.probe(standing.media_id)
    ui.bus.tell("media", standing.media_id)


HANDLERS = [
    list_media,
    one_medium,
    content,
    thumbnail,
    begin_upload,
    append_to_upload,
    forget_upload,
    convert,
    delete_medium,
]
