"""The library: files in, what is wrong with them, where they are used."""

from typing import Any

from litestar import Response, get, post, put
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import File, Redirect, Template
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import NotFound
from igfleet.ui import library
from igfleet.ui.api.media import ranged
from igfleet.ui.context import UiContext
from igfleet.ui.injected import Session, Ui
from igfleet.ui.jobs.engine import Jobs
from igfleet.ui.models import Media, Post
from igfleet.ui.pages.lists import After, page_of
from igfleet.ui.pages.render import go, page
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of


@get("/media")
async def table(
    request: AnyRequest,
    session: Session,
    q: FromQuery[str] = "",
    after: After = None,
) -> Template:
    """The library, newest first."""
    return page(request, "media/list.html", "media", **await _listed(session, q, after))


@get("/media/live")
async def fragment(request: AnyRequest, session: Session, q: FromQuery[str] = "") -> Template:
    """The part that changes while files are checked."""
    return page(request, "media/_rows.html", "media", **await _listed(session, q, None))


@put("/media/uploads", opt={"token_in_header": True}, request_max_body_size=None, status_code=201)
async def upload(
    request: AnyRequest, name: FromQuery[str], ui: Ui, jobs: NamedDependency[Jobs]
) -> Response[dict[str, Any]]:
    """Stream one file into the library. The answer comes when it is safely on disk."""
    stored = await library.receive(ui, request.stream())
    async with ui.database.sessions.begin() as session:
        added = await library.add(session, stored, name, person_of(request).actor)
    told = {"id": added.media.id, "is_new": added.is_new}
    return Response(told, status_code=201, background=BackgroundTask(_probe, ui, jobs, added.media.id, added.is_new))


@get("/media/{media_id:int}")
async def one(request: AnyRequest, media_id: FromPath[int], session: Session) -> Template:
    """One file: player, facts, problems, posts made of it."""
    media = await library.find(session, media_id)
    posts = select(Post.state, func.count()).where(Post.media_id == media_id).group_by(Post.state)
    used = dict((await session.execute(posts)).all())
    return page(request, "media/one.html", "media", media=media, used=used)


@get("/media/{media_id:int}/content")
async def content(request: AnyRequest, media_id: FromPath[int], session: Session, ui: Ui) -> Response[Any]:
    """The bytes, ranged, so that a player can seek."""
    media = await library.find(session, media_id)
    return ranged(request, ui, media.sha256, "image/jpeg" if media.kind == "image" else "video/mp4")


@get("/media/{media_id:int}/thumbnail")
async def thumbnail(media_id: FromPath[int], session: Session, ui: Ui) -> File:
    """The small picture."""
    media = await library.find(session, media_id)
    path = ui.storage.thumbnail(media.sha256)
    if not path.is_file():
        raise NotFound("There is no thumbnail.")
    headers = {"Cache-Control": "private, max-age=3600"}
    return File(path, media_type="image/jpeg", content_disposition_type="inline", headers=headers)


@post("/media/{media_id:int}/deletion")
async def delete(request: AnyRequest, media_id: FromPath[int], session: Session, ui: Ui) -> Redirect:
    """Remove a file that nothing needs any more."""
    await checked_form(request)
    media = await library.find(session, media_id)
    await library.delete(session, media, person_of(request).actor)
    answer = go("/media?done=The+file+is+deleted")
    answer.background = BackgroundTask(library.remove_file, ui, media.sha256)
    return answer


async def _listed(session: AsyncSession, q: str, after: int | None) -> dict[str, Any]:
    query = select(Media)
    if q:
        query = query.where(Media.name.icontains(q, autoescape=True))
    return {"found": await page_of(session, query, Media.id, after, newest=True), "q": q}


async def _probe(ui: UiContext, jobs: Jobs, media_id: int, is_new: bool) -> None:
    if is_new:
        await jobs.probe(media_id)
    ui.bus.tell("media", media_id)


HANDLERS = [table, fragment, upload, one, content, thumbnail, delete]
