"""Somebody who uses the pages without a browser: reads them, fills in forms, follows where they lead."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from tests.serving import PASSWORD, Served

from igfleet.ui.models import Role

_TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass
class Visitor:
    """Signed in; every form is sent with the token that its page carries."""

    client: httpx.AsyncClient

    async def read(self, path: str) -> str:
        answer = await self.client.get(path, follow_redirects=True)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.text

    async def send(self, form: str, path: str, **fields: str | list[str]) -> httpx.Response:
        """Post to `path` the form that stands on the page `form`."""
        token = _TOKEN.search(await self.read(form))
        assert token, f"{form} has no form"
        return await self.client.post(path, data={"csrf": token.group(1), **fields}, follow_redirects=True)


@pytest.fixture
async def visitor(ui: Served) -> AsyncIterator[Visitor]:
    """An admin who is signed in."""
    await ui.user("anna", Role.ADMIN)
    headers = {"accept": "text/html"}
    async with httpx.AsyncClient(base_url=ui.address, headers=headers, trust_env=False, timeout=30) as client:
        somebody = Visitor(client)
        answer = await somebody.send("/signin", "/signin", name="anna", password=PASSWORD)
        assert "Overview" in answer.text
        yield somebody
