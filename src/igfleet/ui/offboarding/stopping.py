"""The first half: nothing of the client's begins any more, and what is in doubt is given up."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.states import AccountTaskState, PostState
from igfleet.errors import Conflict, NotFound
from igfleet.reasons import ReasonCode
from igfleet.ui.accounts import stop_accounts
from igfleet.ui.cancelling import cancel_one
from igfleet.ui.models import Account, AccountTask, Post
from igfleet.ui.models.base import among
from igfleet.ui.post_moves import move_posts

_OPEN = [state.value for state in AccountTaskState if not state.is_final and state is not AccountTaskState.RUNNING]
_WHY = "the client left before it was known if it is live"


async def accounts_of(session: AsyncSession, client: str) -> Sequence[int]:
    """Also those of the archive. Raises `NotFound`."""
    ids = list(await session.scalars(select(Account.id).where(Account.client == client).order_by(Account.id)))
    if not ids or not client:
        raise NotFound(f"No account has the client {client!r}.")
    return ids


async def stop(session: AsyncSession, ids: Sequence[int], actor: str) -> int:
    """Stop the accounts and cancel what is open; how many runs are still to end by themselves."""
    await stop_accounts(session, ids, actor)
    await _cancel(session, ids, actor, [*_OPEN, AccountTaskState.RUNNING.value])
    return await running(session, ids)


async def running(session: AsyncSession, ids: Sequence[int]) -> int:
    """Runs of these accounts that are under way."""
    now = AccountTask.account_id.in_(ids), AccountTask.state == AccountTaskState.RUNNING
    return await session.scalar(select(func.count()).select_from(AccountTask).where(*now)) or 0


async def give_up_doubts(session: AsyncSession, ids: Sequence[int], actor: str) -> tuple[int, int]:
    """Without secrets nobody can look any more: what is in doubt has failed, and says so. Then nothing is open.

    How many posts that were, and how many account tasks are cancelled. Raises `Conflict` while runs are under way.
    """
    if count := await running(session, ids):
        raise Conflict(
            f"{count} runs of these accounts are still under way: they are cancelled. Try again in a minute."
        )
    theirs = among(Post.account_id, ids)
    unknown = theirs & Post.state.in_([PostState.UNKNOWN, PostState.RECONCILING])
    await move_posts(session, unknown, PostState.NEEDS_PERSON, actor=actor, why=_WHY)
    values = {"reason_code": ReasonCode.UNSURE_IF_PUBLISHED, "message": f"{_WHY[0].upper()}{_WHY[1:]}."}
    asking = theirs & (Post.state == PostState.NEEDS_PERSON)
    given_up = await move_posts(session, asking, PostState.FAILED, actor=actor, why=_WHY, values=values)
    await _cancel(session, ids, actor, _OPEN)
    cancelled = AccountTask.account_id.in_(ids), AccountTask.cancel_requested_at.is_not(None)
    return len(given_up), await session.scalar(select(func.count()).select_from(AccountTask).where(*cancelled)) or 0


async def _cancel(session: AsyncSession, ids: Sequence[int], actor: str, states: Sequence[str]) -> None:
    which = AccountTask.account_id.in_(ids), AccountTask.state.in_(states)
    for account_task_id in list(await session.scalars(select(AccountTask.id).where(*which).order_by(AccountTask.id))):
        await cancel_one(session, account_task_id, actor)
