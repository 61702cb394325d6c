"""What a person does about a challenge: enter its code, say that it is settled, skip it, or put the account aside."""

import re

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet import clock
from igfleet.contracts.challenges import ChallengeKind
from igfleet.contracts.states import AccountTaskState, ChallengeState
from igfleet.errors import Conflict, Invalid, NotFound, WrongState
from igfleet.settings import UiSettings
from igfleet.ui.accounts import stop_accounts
from igfleet.ui.cancelling import cancel_one
from igfleet.ui.challenges.check import check_account
from igfleet.ui.models import Account, AccountTask, AuditEntry, Challenge
from igfleet.ui.retrying import go_on
from igfleet.ui.vault import Vault

_CODE = re.compile(r"\d{4,8}")
_S = ChallengeState


async def find_challenge(session: AsyncSession, challenge_id: int) -> Challenge:
    """The row, with its account and account task locked. Raises `NotFound`."""
    found = await session.get(Challenge, challenge_id)
    if found is None:
        raise NotFound(f"There is no challenge {challenge_id}.")
    await session.execute(select(Account.id).where(Account.id == found.account_id).with_for_update())
    await session.execute(select(AccountTask.id).where(AccountTask.id == found.account_task_id).with_for_update())
    return await session.get_one(Challenge, challenge_id, with_for_update=True, populate_existing=True)


async def answer(session: AsyncSession, vault: Vault, challenge_id: int, code: str, actor: str) -> Challenge:
    """Hand in the code. The run that waits for it enters it, or the next one does, without signing in again. Audited.

    Raises `Invalid` for what is no code, `WrongState` when it is settled, `Conflict` when a code is of no use any more.
    """
    digits = re.sub(r"[\s-]", "", code)
    if not _CODE.fullmatch(digits):
        raise Invalid("A code has six digits.", {"code": "has six digits"})
    found = _open(await find_challenge(session, challenge_id))
    if not ChallengeKind(found.kind).wants_code:
        raise Conflict("This wants no code: settle it in the app, then say so.")
    if found.expires_at is not None and found.expires_at <= clock.now():
        raise Conflict("This code has run out. Ask for a new one.")
    if not found.has_resume and not await _is_waited_for(session, found):
        raise Conflict("The sign-in that waited for this code is over. Ask for a new one.")
    await vault.seal(session, "challenge", found.id, {"code": digits})
    await _answered(session, found, actor, "challenge_answered")
    return found


async def approve(session: AsyncSession, settings: UiSettings, challenge_id: int, actor: str) -> Challenge:
    """Say that it is settled, in the app or elsewhere. One run sees whether that holds; only then the account goes on.

    For a challenge that wants a code it asks for a new one. Audited. Raises `WrongState`, `NotFound`.
    """
    found = _open(await find_challenge(session, challenge_id))
    await _answered(session, found, actor, "challenge_approved")
    await check_account(session, settings, found, actor)
    return found


async def skip(session: AsyncSession, challenge_id: int, actor: str) -> Challenge:
    """Cancel the share of the account that met it. The account stays stopped. Audited."""
    found = _live(await find_challenge(session, challenge_id))
    await _close(session, found, actor, "challenge_skipped")
    if found.account_task_id is not None:
        await cancel_one(session, found.account_task_id, actor)
    return found


async def put_aside(session: AsyncSession, challenge_id: int, actor: str) -> Challenge:
    """Stop the account until a person resumes it; what waited for the answer goes on waiting. Audited."""
    found = _live(await find_challenge(session, challenge_id))
    await _close(session, found, actor, "challenge_put_aside")
    await stop_accounts(session, [found.account_id], actor)
    return found


async def _answered(session: AsyncSession, found: Challenge, actor: str, action: str) -> None:
    found.state, found.answered_at, found.answered_by = _S.ANSWERED, clock.now(), actor
    _audit(session, found, actor, action)
    await session.flush()  # the queue looks at it
    if found.account_task_id is not None:
        await go_on(session, found.account_task_id)


async def _close(session: AsyncSession, found: Challenge, actor: str, action: str) -> None:
    found.state, found.closed_at, found.answered_by = _S.SKIPPED, clock.now(), actor
    _audit(session, found, actor, action)
    await session.flush()  # a claim must not see it answered


async def _is_waited_for(session: AsyncSession, found: Challenge) -> bool:
    """Whether a run holds the dialogue open at this moment."""
    waiting = AccountTask.id == found.account_task_id, AccountTask.lease_id == found.lease_id
    state = await session.scalar(select(AccountTask.state).where(*waiting))
    return state == AccountTaskState.RUNNING


def _open(found: Challenge) -> Challenge:
    if found.state != _S.OPEN:
        raise WrongState(f"This challenge is {found.state} already.")
    return found


def _live(found: Challenge) -> Challenge:
    if not _S(found.state).is_live:
        raise WrongState(f"This challenge is {found.state} already.")
    return found


def _audit(session: AsyncSession, found: Challenge, actor: str, action: str) -> None:
    facts = {"challenge": found.id, "kind": found.kind}
    session.add(AuditEntry(actor=actor, action=action, subject=f"account:{found.account_id}", facts=facts))
