"""A database as an agency has it after a year: seeded by the server itself, in a minute or two."""

import asyncpg

_STEPS: dict[str, str] = {
    "proxies": """
INSERT INTO proxies (scheme, host, port, username, state, checked_at)
SELECT 'http', 'exit-' || n || '.example', 8080, 'u' || n,
  CASE WHEN n % 17 = 0 THEN 'failing' WHEN n % 29 = 0 THEN 'unchecked' ELSE 'ok' END, now() - n * interval '1 minute'
FROM generate_series(1, 400) n""",
    "accounts": """
INSERT INTO accounts (username, status, status_reason, proxy_id, client, tags, authorised_by, has_password, session_at,
  last_success_at, last_failure_at, last_failure_reason)
SELECT 'fleet_' || to_char(n, 'FM00000'),
  CASE WHEN n % 50 = 0 THEN 'human_verification_required' WHEN n % 33 = 0 THEN 'limited' WHEN n % 97 = 0 THEN 'inactive'
    ELSE 'active' END,
  CASE WHEN n % 50 = 0 THEN 'challenge_required' WHEN n % 33 = 0 THEN 'rate_limited' ELSE '' END,
  CASE WHEN n % 101 = 0 THEN NULL ELSE 1 + n % 400 END, 'Client ' || n % 40,
  ARRAY['wave-' || n % 12, CASE WHEN n % 3 = 0 THEN 'launch' ELSE 'evening' END], 'contract of the agency', true,
  now() - (n % 60) * interval '1 day', CASE WHEN n % 5 > 0 THEN now() - (n % 90) * interval '1 hour' END,
  CASE WHEN n % 7 = 0 THEN now() - (n % 40) * interval '1 hour' END, CASE WHEN n % 7 = 0 THEN 'proxy_unreachable' END
FROM generate_series(1, $1::int) n""",
    "media": """
INSERT INTO media (name, sha256, size_bytes, state, kind)
SELECT 'clip_' || n || '.mp4', lpad(to_hex(n), 64, '0'), 1000, 'ready', 'video' FROM generate_series(1, 50) n""",
    "tasks": """
INSERT INTO tasks (kind, name, state, mode, seed, created_by, created_at, started_at, finished_at, account_ids)
SELECT 'bulk_upload', 'Campaign ' || n, CASE WHEN n = $2 THEN 'running' ELSE 'completed' END, 'sandbox', n, 'user:anna',
  now() - ($2 - n) * interval '8 hours', now() - ($2 - n) * interval '8 hours',
  CASE WHEN n < $2 THEN now() - ($2 - n) * interval '7 hours' END, '[]'
FROM generate_series(1, $2::int) n WHERE $1::int > 0""",
    "account tasks": """
INSERT INTO account_tasks (task_id, account_id, position, kind, method, state, attempt, counters, reason_code, message,
  claimed_at, finished_at, changed_at)
SELECT t, 1 + (t * 7 + p * 3) % $1::int, p, 'bulk_upload', 'instagrapi',
  CASE WHEN p % 25 = 0 THEN 'discarded' ELSE 'completed' END, 1, '{"success": 1}',
  CASE WHEN p % 25 = 0 THEN 'proxy_unreachable' END, '', now() - ($2 - t) * interval '8 hours',
  now() - ($2 - t) * interval '7 hours', now() - ($2 - t) * interval '7 hours'
FROM generate_series(1, $2::int - 1) t, generate_series(1, 1000) p""",
    "the live task": """
INSERT INTO account_tasks (task_id, account_id, position, kind, method, state, head, attempt, lease_expires_at, step,
  claimed_at)
SELECT $2::int, p, p, 'bulk_upload', 'instagrapi', 'running', true, 1, now() + interval '1 day', 'uploading', now()
FROM generate_series(1, 1000) p WHERE $1::int > 0""",
    "posts": """
INSERT INTO posts (task_id, account_task_id, account_id, media_id, media_sha256, position, caption, state, upload_id,
  permitted_at, published_at, media_pk, is_watched)
SELECT a.task_id, a.id, a.account_id, 1 + a.id % 50, lpad('1', 64, '0'), 0, 'Hello #north',
  CASE WHEN a.state = 'completed' THEN 'published' WHEN a.state = 'discarded' THEN 'failed' ELSE 'preparing' END,
  a.id::text, now() - (a.id % 400) * interval '10 minutes',
  CASE WHEN a.state = 'completed' THEN now() - (a.id % 400) * interval '10 minutes' END,
  CASE WHEN a.state = 'completed' THEN a.id::text END, true
FROM account_tasks a WHERE a.task_id > $2::int - 60 AND $1::int > 0""",
    "log lines": """
INSERT INTO log_lines (task_id, account_task_id, at, level, event, text)
SELECT $2::int, (SELECT min(id) FROM account_tasks WHERE task_id = $2::int) + n % 1000,
  now() - (100000 - n) * interval '1 second',
  CASE WHEN n % 40 = 0 THEN 'warning' ELSE 'info' END, 'uploaded', 'clip_' || n % 50 || '.mp4: part ' || n || ' is sent'
FROM generate_series(1, 100000) n WHERE $1::int > 0""",
}


async def seed(url: str, accounts: int = 10_000, tasks: int = 1_000) -> None:
    """`tasks` x 1,000 account tasks, the last of them running, with 100,000 lines of log."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""), timeout=30)
    try:
        for name, statement in _STEPS.items():
            given = [accounts, tasks] if "$2" in statement else [accounts] if "$1" in statement else []
            async with connection.transaction():
                await connection.execute("SET LOCAL synchronous_commit = off")
                await connection.execute(statement, *given, timeout=900)
            print(f"seeded: {name}", flush=True)
        await connection.execute("VACUUM ANALYZE", timeout=900)
    finally:
        await connection.close()
