"""Adding a worker: one command to copy, complete."""

import html
import re
import shlex

import pytest
from tests.dashboard.conftest import Visitor
from tests.serving import Served

pytestmark = pytest.mark.anyio


async def test_the_command_of_a_new_worker_can_be_pasted_as_it_is(visitor: Visitor, ui: Served) -> None:
    answer = await visitor.send("/workers", "/workers/tokens", name="north's first")

    shown = re.search(r"<pre[^>]*>(.*?)</pre>", answer.text, re.DOTALL)
    assert shown
    base, token, name, *command = shlex.split(html.unescape(shown.group(1)).replace("\\\n", " "))
    assert base == f"UI_API_BASE={ui.address}"
    assert name == "WORKER_NAME=north's first"
    assert command == ["./igfleet", "serve", "--role", "worker"]
    async with ui.client(token.removeprefix("UI_API_TOKEN=")) as worker:
        body = {"name": "north's first", "version": "0", "kinds": [], "methods": [], "slots": 1}
        assert (await worker.post("/api/workers/register", json=body)).status_code == 200
