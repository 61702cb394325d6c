"""A secret of an account, shown to a person who has just said the password again. Audited by the vault."""

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import NotFound
from igfleet.ui.accounts import find_account
from igfleet.ui.vault import Vault

FIELDS = {"password": "Password", "totp_secret": "TOTP secret", "email_password": "Password of the mailbox"}
SHOWN_S = 30
"""After so long the page leaves by itself."""


def title_of(field: str) -> str:
    """What a field is called. Raises `NotFound`."""
    if field not in FIELDS:
        raise NotFound(f"Accounts have no secret called {field[:30]}.")
    return FIELDS[field]


async def reveal(session: AsyncSession, vault: Vault, account_id: int, field: str, actor: str) -> SecretStr:
    """The newest value. Raises `NotFound` when there is none, `SecretUnreadable`."""
    title = title_of(field)
    account = await find_account(session, account_id)
    opened = await vault.open(session, "account", account.id, [field], actor=actor, reason="shown to a person")
    if field not in opened:
        raise NotFound(f"{title} of @{account.username}: none is stored.")
    return opened[field]
