"""A person settles a post of which nobody knows whether it was published."""

from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet import clock
from igfleet.contracts.states import AccountStatus, AccountTaskState, PostState
from igfleet.errors import Invalid, NotFound, WrongState
from igfleet.reasons import ReasonCode
from igfleet.ui.models import Account, AccountTask, AuditEntry, LogEntry, Post
from igfleet.ui.post_moves import move_posts
from igfleet.ui.queue.promote import promote
from igfleet.ui.retrying import continue_in_new, resume
from igfleet.ui.task_state import locked, settle_state


class Settlement(StrEnum):
    """What the person found out, and wants."""

    PUBLISHED = "published"
    PUBLISH_AGAIN = "publish_again"
    """It is not there: send it again."""
    NOT_PUBLISHED = "not_published"
    """It is not there, and is not to be sent again."""


_BECOMES = {
    Settlement.PUBLISHED: PostState.PUBLISHED,
    Settlement.PUBLISH_AGAIN: PostState.PLANNED,
    Settlement.NOT_PUBLISHED: PostState.FAILED,
}


async def settle(
    session: AsyncSession, post_id: int, settlement: Settlement, actor: str, permalink: str | None = None
) -> PostState:
    """Note what a person says of a post that needs one. Audited. Raises `WrongState`, `NotFound`, `Invalid`."""
    task_id = await session.scalar(select(Post.task_id).where(Post.id == post_id))
    if task_id is None:
        raise NotFound(f"There is no post {post_id}.")
    task = await locked(session, task_id, in_part=True)
    become = _BECOMES[settlement]
    await _take_over(session, post_id, actor)
    which = (Post.id == post_id) & (Post.state == PostState.NEEDS_PERSON)
    values = _published(permalink) if become is PostState.PUBLISHED else {}
    if not await move_posts(session, which, become, actor=actor, why=f"a person: {settlement}", values=values):
        raise WrongState(f"Post {post_id} does not wait for a person.")
    subject, facts = f"post:{post_id}", {"settlement": settlement.value, "permalink": permalink}
    session.add(AuditEntry(actor=actor, action="post_settled", subject=subject, facts=facts))
    text = f"Post {post_id}: {settlement.replace('_', ' ')}, says {actor}"
    session.add(LogEntry(task_id=task_id, event="post_settled", text=text))
    await _go_on(session, post_id, become, actor)
    await settle_state(session, task)
    return become


async def _take_over(session: AsyncSession, post_id: int, actor: str) -> None:
    """A post that igfleet could not settle yet is the person's, when no run is at it and a late commit cannot arrive.

    Raises `WrongState` while one is.
    """
    found = select(Post.state, Post.settle_until < func.now(), AccountTask.state)
    joined = found.join(AccountTask, AccountTask.id == Post.account_task_id).where(Post.id == post_id)
    state, is_quiet, of_account_task = (await session.execute(joined)).one()
    if not PostState(state).is_doubtful or state == PostState.NEEDS_PERSON:
        return
    if of_account_task == AccountTaskState.RUNNING or not is_quiet:
        raise WrongState(f"A worker is finding out about post {post_id} at this moment: wait for what it finds.")
    which = (Post.id == post_id) & (Post.state == PostState.UNKNOWN)
    await move_posts(session, which, PostState.NEEDS_PERSON, actor=actor, why="a person looked first")


def _published(permalink: str | None) -> dict[str, object]:
    if permalink and not permalink.startswith("https://www.instagram.com/"):
        raise Invalid("The link must begin with https://www.instagram.com/", {"permalink": "is no link to a post"})
    return {"permalink": permalink or None, "published_at": clock.now()}


async def _go_on(session: AsyncSession, post_id: int, become: PostState, actor: str) -> None:
    """Let the account task go on when nothing of it waits for a person any more."""
    found = select(AccountTask).join(Post, Post.account_task_id == AccountTask.id).where(Post.id == post_id)
    account_task = (await session.scalars(found.execution_options(populate_existing=True))).one()
    if account_task.state == AccountTaskState.SUSPENDED:
        await _wake(session, account_task, actor)
        return
    if become is PostState.FAILED and account_task.state == AccountTaskState.COMPLETED:
        account_task.has_failures = True
    if become is PostState.PLANNED and AccountTaskState(account_task.state).is_final:
        await _again(session, account_task)


async def _wake(session: AsyncSession, account_task: AccountTask, actor: str) -> None:
    """Nothing of it needs a person any more: it ends, or goes on unless its account is stopped for another cause."""
    counted = select(Post.state, func.count()).where(Post.account_task_id == account_task.id).group_by(Post.state)
    counts = {PostState(state): count for state, count in await session.execute(counted)}
    if counts.get(PostState.NEEDS_PERSON):
        return
    if all(state.is_final for state in counts):
        await _conclude(session, account_task, counts)
        return
    status = await session.scalar(select(Account.status).where(Account.id == account_task.account_id))
    if status is None or AccountStatus(status).may_run:
        await resume(session, account_task.task_id, actor, account_task_id=account_task.id)


async def _conclude(session: AsyncSession, account_task: AccountTask, counts: dict[PostState, int]) -> None:
    """No run is needed to see how it ended."""
    failed, published = counts.get(PostState.FAILED), counts.get(PostState.PUBLISHED)
    is_done = bool(published or not failed)
    account_task.state = AccountTaskState.COMPLETED if is_done else AccountTaskState.DISCARDED
    account_task.reason_code = None if is_done else ReasonCode.POSTS_FAILED
    account_task.message, account_task.has_failures = "", bool(failed)
    account_task.changed_at = account_task.finished_at = clock.now()
    await promote(session, [account_task.account_id] if account_task.account_id else [])


async def _again(session: AsyncSession, account_task: AccountTask) -> None:
    task = await locked(session, account_task.task_id, in_part=True)
    await continue_in_new(session, task, [account_task.id])
    await promote(session, [account_task.account_id] if account_task.account_id else [])
