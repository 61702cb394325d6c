"""Files that runs hand over: resumable, checked by their sha256, under a live lease only."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, patch, put
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, JSONBody

from igfleet.contracts.base import MOST
from igfleet.contracts.files import FileOffer, FileStanding
from igfleet.contracts.posts import Sha256
from igfleet.ui import lease_files
from igfleet.ui.api.description import RAW
from igfleet.ui.api.repeats import NAMED_BY_PATH
from igfleet.ui.context import UiContext
from igfleet.ui.injected import Ui
from igfleet.ui.jobs.engine import Jobs
from igfleet.ui.lease_files import Taken
from igfleet.ui.tokens import Caller

_PATH = "/leases/{lease_id:uuid}/files/{sha256:str}"


@put(_PATH)
async def offer(
    lease_id: FromPath[UUID],
    sha256: FromPath[Sha256],
    data: JSONBody[FileOffer],
    ui: Ui,
    jobs: NamedDependency[Jobs],
    caller: NamedDependency[Caller],
) -> Response[FileStanding]:
    """Announce a file, hear how much of it is here, and finish it. Safe to repeat."""
    taken = await lease_files.offer(ui, caller, lease_id, sha256, data)
    follow = BackgroundTask(_after_it_is_kept, ui, jobs, taken, data.source_id) if taken.standing.file else None
    return Response(taken.standing, background=follow)


@patch(_PATH, request_max_body_size=None, opt={NAMED_BY_PATH: True, RAW: True})
async def append(
    lease_id: FromPath[UUID],
    sha256: FromPath[Sha256],
    offset: Annotated[int, HeaderParameter(name="Upload-Offset", ge=0, le=MOST)],
    request: Request[Any, Any, Any],
    ui: Ui,
    caller: NamedDependency[Caller],
) -> FileStanding:
    """One part of the file, streamed to disk; never more than was announced. 409 when the offset is not the file's."""
    return await lease_files.append(ui, caller, lease_id, sha256, offset, request.stream())


async def _after_it_is_kept(ui: UiContext, jobs: Jobs, taken: Taken, source_id: int | None) -> None:
    if taken.new_media_id is not None:
        await jobs.probe(taken.new_media_id)
        for media_id in filter(None, (taken.new_media_id, source_id)):
            ui.bus.tell("media", media_id)
    ui.bus.tell("task", taken.task_id)


HANDLERS = [offer, append]
