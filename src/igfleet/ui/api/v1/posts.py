"""One post: where it stands, how it came there, and a person's word on a doubt."""

from datetime import datetime
from typing import Annotated

from litestar import Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.params import FromPath, JSONBody
from pydantic import ConfigDict, Field
from sqlalchemy import select

from igfleet.ui.announcing import announce
from igfleet.ui.api.v1.access import Caller, post_of
from igfleet.ui.api.v1.paging import Body, View
from igfleet.ui.api.v1.task_views import PostView, post_view
from igfleet.ui.injected import Session, Ui
from igfleet.ui.models import PostChange
from igfleet.ui.settling import Settlement
from igfleet.ui.settling import settle as settle_post


class ChangeView(View):
    """One step of a post's history."""

    at: datetime
    was: str
    became: str
    actor: str
    why: str


class PostInFull(PostView):
    history: list[ChangeView]


class NewSettlement(Body):
    """What a person found out by looking at the account."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"settlement": "not_published"}]})
    settlement: Settlement
    permalink: Annotated[str, Field(max_length=500)] | None = None
    """Where it is, when it is there."""


@get("/posts/{post_id:int}", tags=["Posts"])
async def one_post(post_id: FromPath[int], caller: Caller, session: Session) -> PostInFull:
    """Show one post with its history."""
    seen = post_view(await post_of(session, caller, post_id))
    steps = await session.scalars(select(PostChange).where(PostChange.post_id == post_id).order_by(PostChange.id))
    return PostInFull(**dict(seen), history=[ChangeView.model_validate(step) for step in steps])


@post("/posts/{post_id:int}/settlement", status_code=200, tags=["Posts"])
async def settle(
    post_id: FromPath[int], data: JSONBody[NewSettlement], caller: Caller, session: Session, ui: Ui
) -> Response[PostView]:
    """Settle a doubt: say whether the post is live, and whether it is to be sent again."""
    found = await post_of(session, caller, post_id)
    await settle_post(session, post_id, data.settlement, caller.actor, data.permalink)
    await session.flush()
    await session.refresh(found)
    seen = post_view(await post_of(session, caller, post_id))
    return Response(seen, background=BackgroundTask(announce, ui, found.task_id))


HANDLERS = [one_post, settle]
