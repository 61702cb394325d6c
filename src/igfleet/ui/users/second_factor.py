"""A second factor at the sign-in: codes of an authenticator app, and recovery codes for whoever lost it."""

import base64
import hashlib
import hmac
import os
import secrets
import time
from urllib.parse import quote, urlencode

import segno
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet import totp
from igfleet.errors import Conflict, Invalid, NothingToDo
from igfleet.log import redactor
from igfleet.ui.db import Database
from igfleet.ui.models import AuditEntry, RecoveryCode, User
from igfleet.ui.security import attempts
from igfleet.ui.vault import Vault

RECOVERY_CODES = 10
_OWNER, _FIELD = "user", "totp_secret"
_SEED_BYTES, _CODE_BYTES = 20, 10
_DRIFT = (0, -1, 1)
"""Steps of 30 s by which a clock may be wrong."""
_WRONG = "This code is not right, or it was used already. Take the one that is shown now."


async def begin(session: AsyncSession, vault: Vault, user: User) -> str:
    """A fresh seed, in base32. Nothing is asked for before it is confirmed. Raises `Conflict` when it is on already."""
    if user.second_factor_at is not None:
        raise Conflict("The second factor is on already. Turn it off first to use another device.")
    seed = base64.b32encode(os.urandom(_SEED_BYTES)).decode()
    await vault.seal(session, _OWNER, user.id, {_FIELD: seed})
    return seed


async def begun(session: AsyncSession, vault: Vault, user: User) -> str:
    """The seed that waits for its confirmation. Raises `Conflict` when there is none."""
    if user.second_factor_at is not None:
        raise Conflict("The second factor is on already.")
    return await _seed(session, vault, user, "its set-up is shown")


async def confirm(session: AsyncSession, vault: Vault, user: User, code: str) -> list[str]:
    """Turn it on, for who has a code of the seed: the recovery codes, which can be shown only now. Audited.

    Raises `Invalid` for a wrong code, `Conflict` when nothing was begun or it is on already.
    """
    if not await _takes(session, user, await begun(session, vault, user), code):
        raise Invalid(_WRONG, {"code": _WRONG})
    user.second_factor_at = await session.scalar(select(func.now()))
    _audit(session, f"user:{user.name}", "second_factor_on", user)
    return await _fresh_codes(session, user)


async def turn_off(session: AsyncSession, vault: Vault, user: User, actor: str) -> None:
    """No code is asked for any more; seed and recovery codes are gone. Audited. Raises `NothingToDo`."""
    if user.second_factor_at is None:
        raise NothingToDo("The second factor is off.")
    user.second_factor_at, user.code_step = None, 0
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    await vault.forget(session, _OWNER, user.id)
    _audit(session, actor, "second_factor_off", user)


async def check(session: AsyncSession, database: Database, vault: Vault, user: User, code: str, address: str) -> None:
    """Let in who has the present code or an unused recovery code; each works once.

    Raises `Invalid` for any other, and `TooManyRequests` after five in five minutes, right or wrong.
    """
    subject = f"code:{user.id}"
    await attempts.note(database, subject, address, attempts.CODES)
    seed = await _seed(session, vault, user, "a sign-in")
    if not await _takes(session, user, seed, code) and not await _recovers(session, user, code):
        await attempts.audit(database, "wrong_code", user.id, address)
        raise Invalid(_WRONG, {"code": _WRONG})
    await attempts.forgive(database, subject, address)


async def codes_left(session: AsyncSession, user: User) -> int:
    """How many recovery codes are unused."""
    unused = RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None)
    return await session.scalar(select(func.count()).select_from(RecoveryCode).where(*unused)) or 0


def address_of(user: User, seed: str) -> str:
    """What an authenticator app reads from the picture."""
    return f"otpauth://totp/{quote(f'igfleet:{user.name}')}?{urlencode({'secret': seed, 'issuer': 'igfleet'})}"


def picture(address: str) -> tuple[int, str]:
    """A QR code as one SVG path: the side of its square in dots, and the dots. A quiet zone is left around them."""
    matrix, border = segno.make(address, error="m", micro=False).matrix, 4
    dots = [f"M{x} {y}h1v1h-1z" for y, row in enumerate(matrix, border) for x, dot in enumerate(row, border) if dot]
    return len(matrix) + 2 * border, "".join(dots)


async def _seed(session: AsyncSession, vault: Vault, user: User, reason: str) -> str:
    opened = await vault.open(session, _OWNER, user.id, [_FIELD], actor=f"user:{user.name}", reason=reason)
    if _FIELD not in opened:
        raise Conflict("The set-up of the second factor was not begun.")
    return opened[_FIELD].get_secret_value()


async def _takes(session: AsyncSession, user: User, seed: str, code: str) -> bool:
    """Whether it is the code of a step that was not used yet; it is now."""
    given, now = "".join(code.split()), time.time()
    for drift in _DRIFT:
        moment = now + drift * totp.STEP_S
        if hmac.compare_digest(totp.code_at(seed, at=moment).encode(), given.encode()):
            step = int(moment) // totp.STEP_S
            used = update(User).where(User.id == user.id, User.code_step < step).values(code_step=step)
            return await session.scalar(used.returning(User.id)) is not None
    return False


async def _recovers(session: AsyncSession, user: User, code: str) -> bool:
    which = RecoveryCode.user_id == user.id, RecoveryCode.digest == _digest(code), RecoveryCode.used_at.is_(None)
    used = update(RecoveryCode).where(*which).values(used_at=func.now()).returning(RecoveryCode.user_id)
    if await session.scalar(used) is None:
        return False
    _audit(session, f"user:{user.name}", "recovery_code_used", user)
    return True


async def _fresh_codes(session: AsyncSession, user: User) -> list[str]:
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = [_readable(secrets.token_bytes(_CODE_BYTES)) for _ in range(RECOVERY_CODES)]
    redactor.learn(*codes)
    session.add_all(RecoveryCode(user_id=user.id, digest=_digest(code)) for code in codes)
    return codes


def _readable(raw: bytes) -> str:
    """Sixteen letters and digits in groups of four."""
    text = base64.b32encode(raw).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def _digest(code: str) -> bytes:
    plain = "".join(sign for sign in code.lower() if sign.isalnum())
    return hashlib.sha256(plain.encode()).digest()


def _audit(session: AsyncSession, actor: str, action: str, user: User) -> None:
    session.add(AuditEntry(actor=actor, action=action, subject=f"user:{user.id}", facts={"name": user.name}))
