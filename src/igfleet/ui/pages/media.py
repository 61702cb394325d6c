"""The library: the list, one file, and what can be done with it."""

from typing import Annotated, Any

from litestar import Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.states import MediaState
from igfleet.media.facts import MediaKind
from igfleet.ui import conversions, library, library_uploads, media_list, media_page
from igfleet.ui.api.media import ranged
from igfleet.ui.injected import Session, Ui
from igfleet.ui.jobs.engine import Jobs
from igfleet.ui.media_list import Wanted
from igfleet.ui.models import Media
from igfleet.ui.pages.files import both, sheet_file
from igfleet.ui.pages.lists import After, page_of
from igfleet.ui.pages.render import go, go_and_say, page
from igfleet.ui.scope.reach import FLEET
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of

InState = Annotated[str, QueryParameter(name="state")]


async def provide_wanted(
    q: FromQuery[str] = "", in_state: InState = "", kind: FromQuery[str] = "", origin: FromQuery[str] = ""
) -> Wanted:
    """The filter of the list, which is its address."""
    return Wanted(q, in_state, kind, origin)


_FILTERED = {"wanted": Provide(provide_wanted)}


@get("/media", dependencies=_FILTERED)
async def table(
    request: AnyRequest,
    session: Session,
    ui: Ui,
    wanted: NamedDependency[Wanted],
    after: After = None,
) -> Template:
    """The files that fit the filter, newest first."""
    broken_off = await library_uploads.broken_off(ui, session, person_of(request).actor)
    shown = await _listed(session, wanted, after)
    return page(request, "media/list.html", "media", broken_off=broken_off, **shown)


@get("/media/live", dependencies=_FILTERED)
async def fragment(
    request: AnyRequest,
    session: Session,
    wanted: NamedDependency[Wanted],
    after: After = None,
) -> Template:
    """The part that changes while files are checked."""
    return page(request, "media/_rows.html", "media", **await _listed(session, wanted, after))


@get(both("/media"), dependencies=_FILTERED)
async def export(
    request: AnyRequest,
    session: Session,
    wanted: NamedDependency[Wanted],
) -> Response[bytes]:
    """The same filter as a file."""
    return sheet_file(request, await media_list.sheet(session, wanted), "media")


@get("/media/{media_id:int}")
async def one(request: AnyRequest, media_id: FromPath[int], session: Session) -> Template:
    """One file: player, facts, problems, what was made of it and where it is used."""
    return page(request, "media/one.html", "media", seen=await media_page.gather(session, media_id))


@get("/media/{media_id:int}/live")
async def one_fragment(request: AnyRequest, media_id: FromPath[int], session: Session) -> Template:
    """The part that changes while it is checked or converted."""
    return page(request, "media/_one.html", "media", seen=await media_page.gather(session, media_id))


@post("/media/{media_id:int}/conversions")
async def convert(
    request: AnyRequest, media_id: FromPath[int], session: Session, jobs: NamedDependency[Jobs]
) -> Redirect:
    """Make it publishable: a new file, beside this one."""
    await checked_form(request)
    asked = await conversions.ask(session, await library.find(session, media_id), person_of(request).actor)
    answer = go(f"/media/{media_id}")
    answer.background = BackgroundTask(jobs.convert, asked.id, media_id)
    return answer


@get("/media/{media_id:int}/content")
async def content(request: AnyRequest, media_id: FromPath[int], session: Session, ui: Ui) -> Response[Any]:
    """The bytes, ranged, so that a player can seek."""
    media = await library.find(session, media_id)
    return ranged(request, ui, media.sha256, "image/jpeg" if media.kind == "image" else "video/mp4", name=media.name)


@get("/media/{media_id:int}/thumbnail")
async def thumbnail(media_id: FromPath[int], session: Session, ui: Ui) -> Response[bytes]:
    """The small picture."""
    picture = await library.thumbnail(ui, await library.find(session, media_id))
    return Response(picture, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})


@post("/media/{media_id:int}/deletion", opt={FLEET: True})
async def delete(request: AnyRequest, media_id: FromPath[int], session: Session, ui: Ui) -> Redirect:
    """Remove a file that nothing needs any more."""
    await checked_form(request)
    media = await library.find(session, media_id)
    await library.delete(session, media, person_of(request).actor)
    answer = go_and_say(request, "/media", "The file is deleted")
    answer.background = BackgroundTask(library.remove_file, ui, media.sha256)
    return answer


async def _listed(session: AsyncSession, wanted: Wanted, after: int | None) -> dict[str, Any]:
    found = await page_of(session, wanted.query(), Media.id, after, newest=True)
    used = await media_list.usage(session, [media.id for media in found.rows])
    words = {"states": list(MediaState), "kinds_of_file": list(MediaKind)}
    return {"found": found, "used": used, "wanted": wanted, **words}


HANDLERS = [table, fragment, export, one, one_fragment, convert, content, thumbnail, delete]
