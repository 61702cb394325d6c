"""The results of a task as files."""

from litestar import Response, get
from litestar.params import FromPath

from igfleet.ui.exports import posts_sheet
from igfleet.ui.injected import Session
from igfleet.ui.pages.files import both, sheet_file
from igfleet.ui.pages.tasks import WantedState
from igfleet.ui.results import results_of
from igfleet.ui.security.gate import AnyRequest


@get(both("/tasks/{task_id:int}/posts"))
async def posts(
    request: AnyRequest, task_id: FromPath[int], session: Session, wanted: WantedState = ""
) -> Response[bytes]:
    """Every post of the task."""
    return sheet_file(request, await posts_sheet(session, task_id, wanted), f"task-{task_id}-posts")


@get(both("/tasks/{task_id:int}/results"))
async def results(
    request: AnyRequest, task_id: FromPath[int], session: Session, wanted: WantedState = ""
) -> Response[bytes]:
    """Every account task: what it was to do, how it ended, what it counted and found."""
    return sheet_file(request, await results_of(session, task_id, wanted), f"task-{task_id}-results")


HANDLERS = [posts, results]
