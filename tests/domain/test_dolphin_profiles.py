"""Profiles of Dolphin Anty: how an account gets one, and what becomes of those without."""

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.tasks import Method
from igfleet.settings import UiSettings, load
from igfleet.ui.imports.accounts import apply_accounts
from igfleet.ui.imports.verdicts import Verdict
from igfleet.ui.models import Account
from igfleet.ui.planning.exclusions import exclusion
from igfleet.ui.vault import Vault

pytestmark = pytest.mark.anyio
HEAD = "username,password,dolphin_profile_id\n"


async def _import(session: AsyncSession, vault: Vault, lines: str) -> list[Verdict]:
    done = await apply_accounts(session, vault, HEAD + lines, authorised_by="the owner of all", actor="user:anna")
    return [line.verdict for line in done.preview.lines]


async def test_an_import_gives_an_account_its_profile_and_changes_it(session: AsyncSession, vault: Vault) -> None:
    first = await _import(session, vault, "nord_01,first secret,4711\n")
    second = await _import(session, vault, "nord_01,first secret,4712\n")

    account = (await session.scalars(select(Account))).one()
    assert (first, second) == ([Verdict.NEW], [Verdict.UPDATE])
    assert account.dolphin_profile_id == "4712"


async def test_what_is_no_profile_id_is_refused(session: AsyncSession, vault: Vault) -> None:
    assert await _import(session, vault, "nord_01,first secret,../stop\n") == [Verdict.ERROR]


@pytest.mark.parametrize(
    ("profile", "method", "code"),
    [
        (None, Method.DOLPHIN, "dolphin_profile_missing"),
        ("4711", Method.DOLPHIN, None),
        (None, Method.PLAYWRIGHT, None),
    ],
)
def test_an_account_without_a_profile_is_left_out_of_what_needs_one(
    profile: str | None, method: Method, code: str | None
) -> None:
    settings = load(UiSettings).model_copy(update={"require_proxy": False})
    account = Account(username="nord_01", status="active", authorised_by="its owner", dolphin_profile_id=profile)

    found = exclusion(account, settings, date(2026, 11, 24), method)

    assert (found.code if found else None) == code
