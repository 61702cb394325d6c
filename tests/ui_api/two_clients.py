"""A fleet of two clients: one's things, and another's, whose every name and text holds one word."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession
from tests.domain import factories as make
from tests.serving import Served

from igfleet.ui.models import Account, Task
from igfleet.ui.planning.draft import Draft, create
from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.start import start

CANARY = "kanarek"
_KEYS = {
    "post_id": "SELECT id FROM posts WHERE task_id = :task LIMIT 1",
    "challenge_id": "SELECT id FROM challenges WHERE account_id = :account",
    "incident_id": "SELECT i.id FROM post_incidents i JOIN posts p ON p.id = i.post_id WHERE p.task_id = :task",
    "evidence_id": "SELECT id FROM evidence WHERE name LIKE :word || '%'",
    "line_id": "SELECT id FROM log_lines WHERE task_id = :task AND account_task_id IS NOT NULL",
    "recurring_id": "SELECT id FROM recurring_tasks WHERE name LIKE :word || '%'",
    "hold_id": "SELECT id FROM holds WHERE why LIKE :word || '%'",
    "job_id": "SELECT id FROM bulk_jobs WHERE message LIKE :word || '%'",
    "breaker_id": "SELECT id FROM breakers WHERE key = CAST(:account AS text)",
}
_MORE = """
UPDATE account_tasks SET message = :word || ' says so', state = 'suspended', head = false,
  reason_code = 'challenge_required' WHERE task_id = :task;
UPDATE posts SET state = 'published', caption = :word || ' caption', code = 'abc', media_pk = CAST(id AS text),
  published_at = now(), changed_at = now(), permalink = 'https://www.instagram.com/reel/abc/' WHERE task_id = :task;
INSERT INTO log_lines (task_id, account_task_id, event, text)
  SELECT task_id, id, 'said', :word || ' did it' FROM account_tasks WHERE task_id = :task;
INSERT INTO log_lines (task_id, event, text) VALUES (:task, 'said', :word || ' is told of the task');
INSERT INTO challenges (account_id, account_task_id, kind, method, destination, state)
  SELECT account_id, id, 'email_code', 'instagrapi', :word || '@example.com', 'open' FROM account_tasks
  WHERE task_id = :task;
INSERT INTO post_incidents (post_id, kind, facts)
  SELECT id, 'vanished', jsonb_build_object('caption', :word || ' caption') FROM posts WHERE task_id = :task;
INSERT INTO evidence (account_task_id, attempt, lease_id, name, sha256, size_bytes, media_type)
  SELECT id, 1, gen_random_uuid(), :word || '.txt', repeat('a', 64), 1, 'text/plain' FROM account_tasks
  WHERE task_id = :task;
INSERT INTO recurring_tasks (name, kind, draft, weekdays, at, timezone, missed, next_at, created_by)
  VALUES (:word || ' each day', 'bulk_login', jsonb_build_object('kind', 'bulk_login', 'name', :word || ' login',
  'account_ids', jsonb_build_array(:account)), '[0]', '09:00', 'UTC', 'skip', now() + interval '1 day', :actor);
INSERT INTO holds (day, timezone, why, made_by, count) VALUES (current_date, 'UTC', :word || ' rests', :actor, 1);
INSERT INTO bulk_jobs (noun, act, options, ids, total, message, state, created_by, user_id) VALUES ('accounts', 'tag',
  jsonb_build_object('option', :word), '{}', 1, :word || ' tagged', 'done', :actor,
  (SELECT id FROM users WHERE 'user:' || name = :actor));
INSERT INTO breakers (scope, key, rule, until, rest_s, subjects, reason) VALUES ('account', CAST(:account AS text),
  'x', now() + interval '1 hour', 60, jsonb_build_array(:account), 'challenge_required');
INSERT INTO proxy_checks (proxy_id, verdict, sentence) VALUES (:proxy, 'unreachable', :word || ' refuses');
"""


@dataclass
class Client:
    """What one client has, by the name of a path's parameter."""

    name: str
    actor: str
    username: str
    keys: dict[str, Any] = field(default_factory=dict)


async def two_clients(ui: Served, actor: str, other: str) -> tuple[Client, Client]:
    """One whose things are called after a bakery and are of `actor`, and the other."""
    async with ui.context.database.sessions.begin() as session:
        videos = await make.videos(session, 3)
        own = await _stocked(session, ui, Client("Bakery", actor, "bakery_01"), videos[:1])
        foreign = await _stocked(session, ui, Client(f"{CANARY} Ltd", other, f"{CANARY}_01"), videos[:1])
        both = [await session.get_one(Account, one.keys["account_id"]) for one in (own, foreign)]
        how = "every_video_to_every_account"
        mixed = await make.draft(session, ui.context.settings, both, videos[:2], distribution=how)
        mixed.name = "for both"
        await plan(session, ui.context.settings, mixed.id)
        await start(session, ui.context.settings, mixed.id, plan_hash=None, actor="user:anna")
        assert CANARY in str(mixed.plan_notes), "each has published the first video already"
        own.keys["mixed"] = mixed.id
    return own, foreign


async def _stocked(session: AsyncSession, ui: Served, client: Client, videos: Any) -> Client:
    word = client.username.partition("_")[0]
    [proxy] = await make.proxies(session, 1, host=f"{word}.example")
    given = {"username": client.username, "client": client.name, "proxy_id": proxy.id, "tags": [word], "notes": word}
    [account] = await make.accounts(session, 1, **given)
    task = await make.draft(session, ui.context.settings, [account], videos)
    task.name, task.created_by = f"{word} reels", client.actor
    await plan(session, ui.context.settings, task.id)
    await start(session, ui.context.settings, task.id, plan_hash=None, actor=client.actor)
    order = Draft(kind="bulk_login", name=f"{word} draft", account_ids=(account.id,))
    draft: Task = await create(session, ui.context.settings, order, client.actor)
    await plan(session, ui.context.settings, draft.id)
    await session.flush()
    given = {"task": task.id, "account": account.id, "proxy": proxy.id, "word": word, "actor": client.actor}
    for statement in filter(str.strip, _MORE.split(";\n")):
        await session.execute(_with(statement, given))
    client.keys = {"account_id": account.id, "task_id": task.id, "proxy_id": proxy.id, "draft": draft.id}
    for name, query in _KEYS.items():
        client.keys[name] = await session.scalar(_with(query, given))
    assert None not in client.keys.values(), client.keys
    return client


def _with(statement: str, given: dict[str, Any]) -> TextClause:
    """With those of the values that it names, each of its type."""
    return text(statement).bindparams(*(bindparam(name, one) for name, one in given.items() if f":{name}" in statement))
