"""One post: is it live, why, and what to do; and a person's word on a doubt."""

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from igfleet.errors import Invalid, NotFound
from igfleet.ui import settling
from igfleet.ui.injected import Session, Ui
from igfleet.ui.models import Check, Post, PostChange, Task
from igfleet.ui.pages.render import go, page
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of


@get("/posts/{post_id:int}")
async def one(request: AnyRequest, post_id: FromPath[int], session: Session) -> Template:
    """The post with its history and the evidence."""
    query = select(Post).where(Post.id == post_id).options(joinedload(Post.account), joinedload(Post.file))
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        raise NotFound(f"There is no post {post_id}.")
    history = list(
        await session.scalars(select(PostChange).where(PostChange.post_id == post_id).order_by(PostChange.id))
    )
    checks = list(await session.scalars(select(Check).where(Check.post_id == post_id).order_by(Check.age_s)))
    task = await session.get_one(Task, found.task_id)
    return page(request, "posts/one.html", "tasks", post=found, history=history, checks=checks, task=task)


@post("/posts/{post_id:int}/settlement")
async def settle(request: AnyRequest, post_id: FromPath[int], session: Session, ui: Ui) -> Redirect:
    """What a person found out by looking."""
    form = await checked_form(request)
    try:
        word = settling.Settlement(str(form.get("settlement", "")))
    except ValueError:
        raise Invalid("Say whether it is there.", {"settlement": "is needed"}) from None
    link = str(form.get("permalink", "")).strip() or None
    await settling.settle(session, post_id, word, person_of(request).actor, link)
    ui.bus.tell("work")
    return go(f"/posts/{post_id}")


HANDLERS = [one, settle]
