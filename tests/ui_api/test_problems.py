"""Errors of the API: problems with a reason, and the right code."""

import pytest
from tests.serving import Served

pytestmark = pytest.mark.anyio


async def test_a_wrong_token_is_told_apart_from_none(ui: Served) -> None:
    async with ui.client("wrong") as wrong, ui.client(None) as nobody:
        for client in (wrong, nobody):
            answer = await client.post("/api/leases", json={})
            assert answer.status_code == 401
            assert answer.headers["content-type"] == "application/problem+json"
            assert "token" in answer.json()["detail"].lower()
