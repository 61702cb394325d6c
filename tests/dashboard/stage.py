"""A bulk upload in the middle of its life: one account waits for a person, one failed, one is done."""

from sqlalchemy import text
from tests.domain import factories as make
from tests.serving import Served

from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.start import start

_CHANGES = """
UPDATE account_tasks SET state = 'suspended', head = false, reason_code = 'challenge_required',
  message = 'nord_01: confirm it' WHERE id = 1;
UPDATE account_tasks SET state = 'discarded', head = false, reason_code = 'proxy_unreachable',
  message = 'The proxy http://127.0.0.1:9 refuses' WHERE id = 2;
UPDATE account_tasks SET state = 'completed', head = false WHERE id = 3;
UPDATE posts SET state = 'failed', reason_code = 'proxy_unreachable' WHERE account_task_id = 2;
UPDATE posts SET state = 'published', code = 'abc', media_pk = id,
  permalink = 'https://www.instagram.com/reel/abc/' WHERE account_task_id = 3;
UPDATE tasks SET state = 'running', started_at = now() - interval '70 seconds';
INSERT INTO log_lines (task_id, account_task_id, level, event, text) VALUES
  (1, 1, 'warning', 'challenge', 'It wants to be confirmed'), (1, 3, 'info', 'published', 'clip_1.mp4 is live')
"""


async def half_done(ui: Served) -> None:
    """Task 1 with three accounts and three videos; task 2, a draft of the same."""
    async with ui.context.database.sessions.begin() as session:
        who, what = await make.accounts(session, 3), await make.videos(session, 3)
        task = await make.draft(session, ui.context.settings, who, what, captions="Hello #north")
        await plan(session, ui.context.settings, task.id)
        await start(session, ui.context.settings, task.id, plan_hash=None, actor="user:anna")
        for change in _CHANGES.split(";"):
            await session.execute(text(change))
        await plan(session, ui.context.settings, (await make.draft(session, ui.context.settings, who, what)).id)
