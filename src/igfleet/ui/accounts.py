"""What a person does to accounts besides importing them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet import clock
from igfleet.contracts.states import AccountStatus, ChallengeState
from igfleet.errors import Invalid, NotFound
from igfleet.ui.imports.account_fields import FIELDS, tags_of
from igfleet.ui.models import Account, ActionRest, AuditEntry, Challenge, Incident, Proxy
from igfleet.ui.models.base import among

STOPPED_FOR_A_PERSON = (
    AccountStatus.HUMAN_VERIFICATION_REQUIRED,
    AccountStatus.PHONE_VERIFICATION_REQUIRED,
    AccountStatus.INACTIVE,
)
"""What a person mends in the app, or by importing a better password. A blocked account is not among it."""


async def find_account(session: AsyncSession, account_id: int) -> Account:
    """The row. Raises `NotFound`."""
    account = await session.get(Account, account_id)
    if account is None:
        raise NotFound(f"There is no account {account_id}.")
    return account


async def resume_accounts(session: AsyncSession, account_ids: Sequence[int], actor: str) -> int:
    """Make accounts active again: a person says that what stopped them is settled. Audited. Returns how many.

    Their challenges count as answered until a run has looked; they rest from no action any more, and their incidents
    are forgotten.
    """
    stopped = Account.id.in_(account_ids), Account.status != AccountStatus.ACTIVE
    rows = (await session.execute(select(Account.id, Account.status).where(*stopped))).all()
    await session.execute(
        update(Account)
        .where(Account.id.in_([row.id for row in rows]))
        .values(status=AccountStatus.ACTIVE, status_reason="", status_since=func.now(), cooldown_until=None)
        .execution_options(synchronize_session="fetch")
    )
    await session.execute(
        update(Challenge)
        .where(Challenge.account_id.in_([row.id for row in rows]), Challenge.state == ChallengeState.OPEN)
        .values(state=ChallengeState.ANSWERED, answered_at=func.now(), answered_by=actor)
        .execution_options(synchronize_session="fetch")
    )
    await session.execute(delete(ActionRest).where(ActionRest.account_id.in_([row.id for row in rows])))
    await session.execute(delete(Incident).where(Incident.account_id.in_([row.id for row in rows])))
    _audit(session, actor, "account_resumed", [(row.id, {"was": row.status}) for row in rows])
    return len(rows)


async def stop_accounts(session: AsyncSession, account_ids: Sequence[int], actor: str) -> None:
    """Take accounts out of use until a person resumes them. What runs goes on to its end."""
    was = await _now(session, Account.status, account_ids)
    await session.execute(
        update(Account)
        .where(Account.id.in_(account_ids))
        .values(status=AccountStatus.INACTIVE, status_reason="account_stopped", status_since=func.now())
        .execution_options(synchronize_session="fetch")
    )
    _audit(session, actor, "account_stopped", [(key, {"was": status}) for key, status in was])


async def archive_accounts(
    session: AsyncSession, account_ids: Sequence[int], actor: str, *, back: bool = False
) -> None:
    """Put accounts aside, or (`back`) take them out of the archive. Their history stays."""
    await session.execute(
        update(Account)
        .where(Account.id.in_(account_ids))
        .values(archived_at=None if back else clock.now())
        .execution_options(synchronize_session="fetch")
    )
    action = "account_unarchived" if back else "account_archived"
    _audit(session, actor, action, [(account_id, {}) for account_id in account_ids])


async def assign_proxy(session: AsyncSession, account_ids: Sequence[int], proxy_id: int | None, actor: str) -> None:
    """Give accounts a proxy, or none. Raises `NotFound`."""
    if proxy_id is not None and await session.get(Proxy, proxy_id) is None:
        raise NotFound(f"There is no proxy {proxy_id}.")
    was = await _now(session, Account.proxy_id, account_ids)
    await session.execute(
        update(Account)
        .where(Account.id.in_(account_ids))
        .values(proxy_id=proxy_id)
        .execution_options(synchronize_session="fetch")
    )
    _audit(session, actor, "proxy_assigned", [(key, {"proxy": proxy_id, "was_proxy": old}) for key, old in was])


async def _now(session: AsyncSession, column: Any, account_ids: Sequence[int]) -> Sequence[Any]:
    """Each account's id and present value, by id."""
    return (
        await session.execute(select(Account.id, column).where(among(Account.id, account_ids)).order_by(Account.id))
    ).all()


async def set_tags(session: AsyncSession, account: Account, tags: Sequence[str], actor: str) -> None:
    """Replace the tags of an account. Audited. Raises `Invalid`."""
    try:
        account.tags = tags_of(FIELDS["tags"](",".join(tags)))
    except ValueError as error:
        raise Invalid(f"This {error}.", {"tags": str(error)}) from None
    _audit(session, actor, "account_tagged", [(account.id, {"tags": account.tags})])


def _audit(session: AsyncSession, actor: str, action: str, accounts: Sequence[tuple[int, dict[str, object]]]) -> None:
    for account_id, facts in accounts:
        session.add(AuditEntry(actor=actor, action=action, subject=f"account:{account_id}", facts=facts))
