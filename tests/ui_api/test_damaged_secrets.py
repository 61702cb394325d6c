"""A secret that does not open stops its own account, and nobody else."""

import pytest
from tests.serving import Served
from tests.ui_api.stage import Stage, staged

from igfleet.errors import SecretUnreadable
from igfleet.ui.imports.accounts import apply_accounts, preview_accounts
from igfleet.ui.imports.verdicts import Verdict

pytestmark = pytest.mark.anyio
_FLIP = "set_byte(sealed, 20, (get_byte(sealed, 20) + 1) % 256)"


async def _with_one_damaged(ui: Served) -> Stage:
    """Two accounts wait; a byte of the first one's password was lost."""
    stage = await staged(ui)
    async with ui.context.database.sessions.begin() as session:
        for account in (1, 2):
            await ui.context.vault.seal(session, "account", account, {"password": f"canary-{account}"})
    await stage.sql(f"UPDATE sealed_secrets SET sealed = {_FLIP} WHERE owner_id = 1 AND field = 'password'")
    for lease in stage.leases:
        async with stage.client("w1") as client:
            await client.put(f"/api/leases/{lease['id']}/outcome", json={"outcome": "released"})
    return stage


async def test_the_others_are_leased_and_the_damaged_one_needs_a_person(ui_without_proxies: Served) -> None:
    stage = await _with_one_damaged(ui_without_proxies)

    leased = await stage.lease("w1")

    assert [lease["account"]["username"] for lease in leased] == ["nord_02"]
    state = "SELECT state || ' ' || reason_code FROM account_tasks WHERE account_id = 1"
    assert await stage.sql(state) == "suspended secret_unreadable"
    assert await stage.lease("w1") == []


async def test_importing_it_again_mends_it(ui_without_proxies: Served) -> None:
    stage = await _with_one_damaged(ui_without_proxies)
    context = stage.ui.context
    line = "username,password\nnord_01,a new password"
    async with context.database.sessions.begin() as session:
        seen = await preview_accounts(session, context.vault, line)
        await apply_accounts(session, context.vault, line, authorised_by="the agency", actor="user:anna")

    leased = await stage.lease("w1")

    assert seen.counts[Verdict.UPDATE] == 1
    assert [lease["account"]["password"] for lease in leased] == ["a new password", "canary-2"]


async def test_asking_for_it_is_told_apart_from_an_error_of_igfleet(ui_without_proxies: Served) -> None:
    stage = await staged(ui_without_proxies)
    await stage.sql(f"UPDATE sealed_secrets SET sealed = {_FLIP} WHERE field = 'totp_secret'")
    async with stage.client("w1") as client:
        answer = await client.post(f"/api/leases/{stage.leases[0]['id']}/totp")

    assert (answer.status_code, answer.json()["reason_code"]) == (409, "secret_unreadable")


async def test_a_secret_moved_to_another_account_does_not_open(ui_without_proxies: Served) -> None:
    stage = await staged(ui_without_proxies)
    ui, swapped = stage.ui.context, "(SELECT sealed FROM sealed_secrets WHERE owner_id = 2 AND field = 'totp_secret')"
    await stage.sql(f"UPDATE sealed_secrets SET sealed = {swapped} WHERE owner_id = 1 AND field = 'totp_secret'")

    with pytest.raises(SecretUnreadable):
        async with ui.database.sessions.begin() as session:
            await ui.vault.open(session, "account", 1, ["totp_secret"], actor="test", reason="test")
