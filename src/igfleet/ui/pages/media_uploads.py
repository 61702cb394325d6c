"""Uploads into the library: in parts by script, whole by a plain form."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from litestar import Response, patch, post
from litestar.background_tasks import BackgroundTask
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, QueryParameter
from litestar.response import Redirect

from igfleet.contracts.base import MOST
from igfleet.errors import Invalid, TooLarge
from igfleet.plurals import counted
from igfleet.ui import library, library_uploads
from igfleet.ui.context import UiContext
from igfleet.ui.injected import Ui
from igfleet.ui.jobs.engine import Jobs
from igfleet.ui.library_uploads import Standing
from igfleet.ui.pages.render import go, go_and_say
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of

_BY_SCRIPT = {"token_in_header": True}
_CHUNK = 1024 * 1024
_OF_FORM = 64 * 1024
"""What a form has around its files."""

Name = Annotated[str, QueryParameter(name="name", min_length=1, max_length=500)]
Number = Annotated[int, QueryParameter(ge=0, le=MOST)]


@post("/media/uploads", opt=_BY_SCRIPT, status_code=200)
async def begin(
    request: AnyRequest, name: Name, size: Number, ui: Ui, jobs: NamedDependency[Jobs], modified: Number = 0
) -> Response[dict[str, Any]]:
    """Begin an upload, or hear how far the same file came before."""
    return _told(ui, jobs, await library_uploads.begin(ui, person_of(request).actor, name, size, modified))


@patch("/media/uploads/{upload_id:int}", opt=_BY_SCRIPT, request_max_body_size=None)
async def append(
    request: AnyRequest,
    upload_id: FromPath[int],
    offset: Annotated[int, HeaderParameter(name="Upload-Offset", ge=0, le=MOST)],
    ui: Ui,
    jobs: NamedDependency[Jobs],
) -> Response[dict[str, Any]]:
    """One part, streamed to disk. The answer says where the next begins, or which file it has become."""
    actor = person_of(request).actor
    return _told(ui, jobs, await library_uploads.append(ui, actor, upload_id, offset, request.stream()))


@post("/media/uploads/{upload_id:int}/deletion")
async def forget(request: AnyRequest, upload_id: FromPath[int], ui: Ui) -> Redirect:
    """Give up what broke off."""
    await checked_form(request)
    await library_uploads.forget(ui, person_of(request).actor, upload_id)
    return go("/media")


@post("/media/files", request_max_body_size=None)
async def by_form(request: AnyRequest, ui: Ui, jobs: NamedDependency[Jobs]) -> Redirect:
    """Whole files by a plain form, for browsers without script."""
    _check_length(request, ui.settings.media_max_bytes)
    form = await checked_form(request)
    given = form.get("files", [])
    files = [file for file in (given if isinstance(given, list) else [given]) if _is_chosen(file)]
    if not files:
        raise Invalid("Choose at least one file.", {"files": "is missing"})
    new = []
    for file in files:
        stored = await library.receive(ui, _chunks(file))
        async with ui.database.sessions.begin() as session:
            added = await library.add(session, stored, file.filename, person_of(request).actor)
        new.extend([added.media.id] if added.is_new else [])
    answer = go_and_say(request, "/media", f"{counted(len(files), 'file')} uploaded")
    answer.background = BackgroundTask(_probe, ui, jobs, new)
    return answer


def _told(ui: UiContext, jobs: Jobs, standing: Standing) -> Response[dict[str, Any]]:
    told = {"id": standing.id, "offset": standing.offset, "media_id": standing.media_id, "is_new": standing.is_new}
    new = [standing.media_id] if standing.media_id is not None and standing.is_new else []
    return Response(told, background=BackgroundTask(_probe, ui, jobs, new) if standing.media_id is not None else None)


async def _probe(ui: UiContext, jobs: Jobs, media_ids: list[int]) -> None:
    for media_id in media_ids:
        await jobs.probe(media_id)
    ui.bus.tell("media", *media_ids[-1:])


def _check_length(request: AnyRequest, most: int) -> None:
    """A form is read to its end before anything of it is known: so its length is asked for first."""
    announced = request.headers.get("content-length", "")
    if not announced.isdecimal() or int(announced) > most + _OF_FORM:
        raise TooLarge(f"By this form at most {most / 1024**2:,.0f} MB come at once. Choose fewer or smaller files.")


def _is_chosen(file: object) -> bool:
    return isinstance(file, UploadFile) and bool(file.filename)


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(_CHUNK):
        yield chunk


HANDLERS = [begin, append, forget, by_form]
