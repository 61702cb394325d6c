"""One account's page: what it may not do for now, and why."""

import pytest
from sqlalchemy import text
from tests.dashboard.conftest import Visitor
from tests.dashboard.stage import half_done
from tests.serving import Served

pytestmark = pytest.mark.anyio
_BLOCKED = """
INSERT INTO action_rests (account_id, action, until) VALUES
  (1, 'like', '2096-05-31 18:30:00+00'), (1, 'follow', now() - interval '1 hour'), (2, 'login', '2096-01-01');
UPDATE account_tasks SET result = '{"blocked": ["like"]}' WHERE id = 1
"""


@pytest.fixture
def ui(ui_without_proxies: Served) -> Served:
    return ui_without_proxies


async def test_it_says_which_actions_rest_until_when_and_why(visitor: Visitor, ui: Served) -> None:
    await half_done(ui)
    async with ui.context.database.sessions.begin() as session:
        for statement in _BLOCKED.split(";"):
            await session.execute(text(statement))

    page = await visitor.read("/accounts/1")
    rests = page[page.index('id="rests"') : page.index("<dt>Tags")]

    assert "like" in rests
    assert "2096-05-31 18:30:00 UTC: Instagram" in rests
    assert '<a href="/tasks/1">May reels</a>' in rests
    assert "follow" not in rests
    assert 'id="rests"' not in await visitor.read("/accounts/3")
