"""What a person writes about an account: its facts, and notes. Each is audited with what stood there before."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet import clock
from igfleet.contracts.states import AccountTaskState, PostState
from igfleet.errors import Invalid, NotFound, WrongState
from igfleet.reasons import ReasonCode
from igfleet.ui import accounts
from igfleet.ui.cancelling import cancel_one
from igfleet.ui.imports.account_fields import checked, shown, stored_form
from igfleet.ui.models import Account, AccountTask, AuditEntry, Post
from igfleet.ui.post_moves import move_posts
from igfleet.ui.scope.scope import scope_in

EDITED = ("client", "tags", "timezone", "locale", "authorised_by", "authorised_until", "notes")
_NEVER_EMPTY = ("timezone", "locale", "authorised_by")
_NOTE_MOST = 2000


def present(account: Account) -> dict[str, str]:
    """Its facts as a form shows them."""
    return {name: str(getattr(account, name) or "") for name in EDITED} | {"tags": " ".join(account.tags)}


async def edit(session: AsyncSession, account_id: int, given: Mapping[str, str], actor: str) -> int:
    """Change facts of an account. Returns how many were changed. Raises `NotFound`, `Invalid` with each field."""
    account = await accounts.find_account(session, account_id)
    values, wrong = {}, {}
    for name in EDITED:
        text = given.get(name, "").strip()
        try:
            values[name] = stored_form(name, checked(name, text)) if text else _emptied(name)
        except ValueError as error:
            wrong[name] = f"{name.replace('_', ' ')} {error}"
    if wrong:
        raise Invalid("; ".join(wrong.values()), wrong)
    changed = {name: value for name, value in values.items() if value != getattr(account, name)}
    if "client" in changed and not scope_in(session).may_be_client(str(changed["client"])):
        raise Invalid("You do not see accounts of this client.", {"client": "is none of yours"})
    if not changed:
        return 0
    before = {name: shown(getattr(account, name)) for name in changed}
    facts = {"before": before, "after": {name: shown(value) for name, value in changed.items()}}
    for name, value in changed.items():
        setattr(account, name, value)
    if {"authorised_by", "authorised_until"} & set(changed):
        account.authorised_at = clock.now()
    subject = f"account:{account_id}"
    session.add(AuditEntry(actor=actor, action="account_edited", subject=subject, facts=facts))
    return len(changed)


async def note(session: AsyncSession, account_id: int, text: str, actor: str) -> None:
    """A note for the time line. Raises `NotFound`, `Invalid`."""
    await accounts.find_account(session, account_id)
    text = text.strip()
    if not text or len(text) > _NOTE_MOST:
        raise Invalid(f"A note has 1 to {_NOTE_MOST:,} characters.", {"note": "is needed"})
    facts = {"note": text}
    session.add(AuditEntry(actor=actor, action="account_noted", subject=f"account:{account_id}", facts=facts))


async def skip_post(session: AsyncSession, account_id: int, post_id: int, actor: str) -> None:
    """Leave out one planned post; the last one of its share ends the share. Raises `NotFound`, `WrongState`."""
    post = await session.get(Post, post_id)
    if post is None or post.account_id != account_id:
        raise NotFound(f"There is no post {post_id} of this account.")
    row = await session.get_one(AccountTask, post.account_task_id, with_for_update=True)
    if row.state == AccountTaskState.RUNNING:
        raise WrongState("Its account task is just running. Cancel it there, or wait until it is over.")
    values = {"reason_code": ReasonCode.CANCELLED}
    why = "skipped by a person"
    planned = (Post.id == post_id) & (Post.state == PostState.PLANNED)
    if not await move_posts(session, planned, PostState.CANCELLED, actor=actor, why=why, values=values):
        raise WrongState("Only a planned post can be skipped.")
    if not await _has_others(session, row.id):
        await cancel_one(session, row.id, actor)


async def _has_others(session: AsyncSession, account_task_id: int) -> bool:
    others = select(Post.id).where(Post.account_task_id == account_task_id, Post.state != PostState.CANCELLED)
    return await session.scalar(others.limit(1)) is not None


def _emptied(name: str) -> object:
    if name in _NEVER_EMPTY:
        raise ValueError("must not be empty")
    return {"tags": [], "authorised_until": None}.get(name, "")
