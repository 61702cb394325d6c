"""A worker of the first contract claims by the same rules as any other."""

import pytest
from tests.serving import Served
from tests.ui_api.stage import staged

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ("status = 'active'", "RUNNING"),
        ("authorised_by = ''", "PENDING"),
        ("authorised_until = current_date - 1", "PENDING"),
        ("status = 'human_verification_required'", "PENDING"),
        ("archived_at = now()", "PENDING"),
        ("cooldown_until = now() + interval '1 hour'", "PENDING"),
    ],
)
async def test_an_account_that_may_not_run_is_not_claimed(ui_without_proxies: Served, change: str, word: str) -> None:
    stage = await staged(ui_without_proxies, 1)
    async with stage.client("w1") as client:
        await client.put(f"/api/leases/{stage.leases[0]['id']}/outcome", json={"outcome": "released"})
    await stage.sql(f"UPDATE accounts SET {change}")
    async with stage.ui.client() as worker:
        path = f"/api/bulk-accounts/{stage.leases[0]['account_task_id']}/status"
        answer = await worker.post(path, json={"status": "RUNNING"})

    assert answer.json() == {"ok": True, "status": word}
