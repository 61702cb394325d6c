"""Why parts of a task failed, wait for a person, or are tried again: grouped by what they share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, Text, bindparam, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.states import AccountTaskState, PostState
from igfleet.ui.models import Account, AccountTask, Post

_NAMED = 3
_STATES = (AccountTaskState.SUSPENDED, AccountTaskState.DISCARDED, AccountTaskState.RETRYABLE)


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason that several account tasks or posts share."""

    kind: str
    """Whose state it is: `account_task` or `post`."""
    state: str
    code: str
    message: str
    """Of one of them."""
    count: int
    names: Sequence[str]
    """The first of them."""

    @property
    def may_retry(self) -> bool:
        """Whether it was given up, and a person may have it tried again."""
        return self.state in (AccountTaskState.DISCARDED, PostState.FAILED)

    @property
    def more(self) -> int:
        """How many are not named."""
        return self.count - len(self.names)


def _first(name: Any, order: Any) -> Any:
    return func.array_agg(aggregate_order_by(name, order), type_=ARRAY(Text))[1:_NAMED]


_row = AccountTask
_name = func.coalesce("@" + Account.username, _row.title)
_OF_ACCOUNT_TASKS = (
    select(_row.state, _row.reason_code, func.max(_row.message), func.count(), _first(_name, _row.position))
    .outerjoin(Account, Account.id == _row.account_id)
    .where(_row.task_id == bindparam("task_id"), _row.state.in_(_STATES), _row.reason_code.is_not(None))
    .group_by(_row.state, _row.reason_code)
)
_user_name = "@" + Account.username
_OF_POSTS = (
    select(Post.state, Post.reason_code, func.max(Post.message), func.count(), _first(_user_name, Post.id))
    .join(Account, Account.id == Post.account_id)
    .where(Post.task_id == bindparam("task_id"), Post.state == PostState.FAILED, Post.reason_code.is_not(None))
    .group_by(Post.state, Post.reason_code)
)


async def causes_of(session: AsyncSession, task_id: int) -> list[Cause]:
    """What needs a person first, then the most common. Posts only where their account task tells another reason."""
    of_it = {"task_id": task_id}
    found = [Cause("account_task", *row) for row in await session.execute(_OF_ACCOUNT_TASKS, of_it)]
    told = {cause.code for cause in found}
    posts = [Cause("post", *row) for row in await session.execute(_OF_POSTS, of_it)]
    found += [cause for cause in posts if cause.code not in told]
    return sorted(found, key=lambda cause: (cause.state != AccountTaskState.SUSPENDED, -cause.count))
