"""Caption sets: captions with a name, kept for many tasks."""

from datetime import datetime

from litestar import delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import ConfigDict

from igfleet.contracts.base import Word
from igfleet.ui.api.v1.access import FLEET, Caller
from igfleet.ui.api.v1.paging import USUAL, Body, Cursor, Limit, Page, View, rows_of
from igfleet.ui.captions import sets
from igfleet.ui.injected import Session
from igfleet.ui.models import CaptionSet
from igfleet.ui.planning.draft import CaptionForm, Captions


class CaptionSetView(View):
    """One set, as it was written."""

    id: int
    name: str
    form: CaptionForm
    text: str
    timezone: str
    """Of the times in a CSV file that name no offset."""
    made_by: str
    made_at: datetime
    changed_at: datetime
    used_at: datetime | None
    """When an order last took it."""


class WantedCaptions(Body):
    """A set as it is to be. Tasks that took it before keep their copy."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "Spring", "captions": {"form": "template", "text": "{Hello|Good morning} from {{username}}"}}
            ]
        }
    )
    name: Word
    captions: Captions


class CaptionsRemoved(View):
    name: str


@get("/captions", tags=["Captions"])
async def list_captions(
    caller: Caller,
    session: Session,
    q: FromQuery[str] = "",
    form: FromQuery[CaptionForm | None] = None,
    cursor: Cursor = None,
    limit: Limit = USUAL,
) -> Page[CaptionSetView]:
    """List the sets, oldest first; `q` is part of a name or a text."""
    rows, following = await rows_of(session, sets.listed(q, form or ""), CaptionSet.id, cursor, limit)
    return Page[CaptionSetView](items=[CaptionSetView.model_validate(row) for row in rows], next_cursor=following)


@get("/captions/{set_id:int}", tags=["Captions"])
async def show_captions(set_id: FromPath[int], caller: Caller, session: Session) -> CaptionSetView:
    """Show one set."""
    return CaptionSetView.model_validate(await sets.find(session, set_id))


@post("/captions", opt=FLEET, tags=["Captions"])
async def keep_captions(data: JSONBody[WantedCaptions], caller: Caller, session: Session) -> CaptionSetView:
    """Keep a new set. What cannot be read is refused with its line."""
    return CaptionSetView.model_validate(await sets.keep(session, data.name, data.captions, caller.actor))


@put("/captions/{set_id:int}", opt=FLEET, tags=["Captions"])
async def change_captions(
    set_id: FromPath[int], data: JSONBody[WantedCaptions], caller: Caller, session: Session
) -> CaptionSetView:
    """Change a set."""
    row = await sets.find(session, set_id)
    return CaptionSetView.model_validate(await sets.keep(session, data.name, data.captions, caller.actor, row))


@delete("/captions/{set_id:int}", opt=FLEET, status_code=200, tags=["Captions"])
async def remove_captions(set_id: FromPath[int], caller: Caller, session: Session) -> CaptionsRemoved:
    """Forget a set."""
    return CaptionsRemoved(name=await sets.remove(session, set_id, caller.actor))


HANDLERS = [list_captions, show_captions, keep_captions, change_captions, remove_captions]
