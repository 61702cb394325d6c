"""Lines of the log say what was being done when they were written."""

import pytest
from sqlalchemy import text
from tests.ui_api.bodies import NOW
from tests.ui_api.playing import Player, ordered

pytestmark = pytest.mark.anyio


async def test_a_line_keeps_the_step_of_its_moment_and_takes_the_report_s_where_it_has_none(player: Player) -> None:
    await ordered(player.ui)
    lease = await player.leased()
    lines = [
        {"at": NOW, "event": "a", "text": "first", "step": "signing in"},
        {"at": NOW, "event": "b", "text": "second"},  # of a worker that does not tell
    ]
    await player.call("POST", f"leases/{lease['id']}/reports", {"seq": 1, "lines": lines, "step": "publishing 1 of 2"})
    await player.call("POST", f"leases/{lease['id']}/reports", {"seq": 2, "lines": [lines[1] | {"text": "third"}]})

    async with player.ui.context.database.sessions() as session:
        query = text("SELECT text, step FROM log_lines WHERE text IN ('first', 'second', 'third') ORDER BY id")
        kept = [tuple(row) for row in await session.execute(query)]
    assert kept == [("first", "signing in"), ("second", "publishing 1 of 2"), ("third", "publishing 1 of 2")]
