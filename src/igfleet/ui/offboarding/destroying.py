"""The second half: keys and sealed values, sessions, proxies, files, and the ways in of the client's own people."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_CHALLENGES = "SELECT id FROM challenges WHERE account_id = ANY(:ids)"
_PROXIES = """
SELECT p.id FROM proxies p WHERE EXISTS (SELECT FROM accounts a WHERE a.proxy_id = p.id AND a.id = ANY(:ids))
  AND NOT EXISTS (SELECT FROM accounts a WHERE a.proxy_id = p.id AND a.id <> ALL(:ids))
"""
_THEIR_FILES = """
WITH RECURSIVE theirs AS (
  SELECT m.id FROM media m WHERE m.id IN (
    SELECT media_id FROM posts WHERE account_id = ANY(:ids)
    UNION SELECT cover_media_id FROM posts WHERE account_id = ANY(:ids)
    UNION SELECT jsonb_array_elements_text(media_ids)::bigint FROM account_tasks WHERE account_id = ANY(:ids))
  UNION SELECT m.id FROM media m JOIN theirs ON m.source_id = theirs.id
), others AS (
  SELECT media_id AS id FROM posts WHERE account_id <> ALL(:ids)
  UNION SELECT cover_media_id FROM posts WHERE account_id <> ALL(:ids)
  UNION SELECT jsonb_array_elements_text(media_ids)::bigint FROM account_tasks
    WHERE account_id IS NOT NULL AND account_id <> ALL(:ids)
  UNION SELECT u.media_id FROM (
    SELECT task_id, unnest(ARRAY[media_id, cover_media_id]) AS media_id FROM task_media) u
    JOIN tasks t ON t.id = u.task_id
    WHERE EXISTS (SELECT FROM jsonb_array_elements_text(t.account_ids) AS one WHERE one::bigint <> ALL(:ids))
)
SELECT id, sha256, size_bytes FROM media WHERE id IN (SELECT id FROM theirs)
  AND id NOT IN (SELECT id FROM others WHERE id IS NOT NULL) ORDER BY id
"""
"""What they published or were to publish, what was made of it, and nobody else uses."""
_EMPTIED = """
UPDATE media SET state = 'broken', has_thumbnail = false, making = '{}', problems = CAST(:problems AS jsonb)
WHERE id = ANY(:media)
"""
_GONE = (
    '[{"code": "removed", "sentence": "Its file was removed when the client left.", '
    '"todo": "Upload it again to use it.", "is_warning": false}]'
)
_EVIDENCE = """
DELETE FROM evidence WHERE account_task_id IN (SELECT id FROM account_tasks WHERE account_id = ANY(:ids))
RETURNING sha256
"""
_TOLD = """
UPDATE deliveries SET body = NULL, answer = '', state = CASE state WHEN 'waiting' THEN 'failed' ELSE state END
WHERE CASE
  WHEN event LIKE 'post\\_%' THEN subject_id IN (SELECT id FROM posts WHERE account_id = ANY(:ids))
  WHEN event = 'challenge_opened' THEN subject_id IN (SELECT id FROM challenges WHERE account_id = ANY(:ids))
  WHEN event = 'incident_opened' THEN subject_id IN (
    SELECT i.id FROM post_incidents i JOIN posts p ON p.id = i.post_id WHERE p.account_id = ANY(:ids))
  WHEN event = 'account_needs_person' THEN subject_id = ANY(:ids)
END RETURNING id
"""
"""What webhooks were told holds captions and links. What they were not told yet, they are not told any more."""
_BARE = """
UPDATE accounts SET email = NULL, phone = NULL, dolphin_profile_id = NULL, notes = '', device = '', proxy_id = NULL,
  has_password = false, has_totp = false, has_email_password = false, session_at = NULL, web_session_at = NULL,
  authorised_until = least(authorised_until, current_date - 1), archived_at = coalesce(archived_at, now())
WHERE id = ANY(:ids)
"""
_PEOPLE = """
UPDATE users SET disabled_at = now() WHERE disabled_at IS NULL AND clients = ARRAY[:client]::text[] AND role <> 'admin'
RETURNING id
"""
_UNLIMITED = "UPDATE users SET clients = array_remove(clients, :client) WHERE cardinality(clients) > 1"
_SESSIONS = "DELETE FROM user_sessions WHERE user_id = ANY(:people)"
_KEYS = """
UPDATE api_keys SET revoked_at = now() WHERE revoked_at IS NULL AND (user_id = ANY(:people)
  OR (clients = ARRAY[:client]::text[] AND tags = '{}')) RETURNING id
"""


async def secrets(session: AsyncSession, ids: Sequence[int]) -> dict[str, int]:
    """Without its data key a sealed value is noise, in every copy of the row."""
    owners = {
        "account": list(ids),
        "challenge": list(await session.scalars(text(_CHALLENGES), {"ids": ids})),
        "proxy": list(await session.scalars(text(_PROXIES), {"ids": ids})),
    }
    counts = {}
    for table in ("data_keys", "sealed_secrets"):
        counts[table] = 0
        for owner, owned in owners.items():
            gone = text(f"DELETE FROM {table} WHERE owner = :owner AND owner_id = ANY(:ids) RETURNING owner_id")
            counts[table] += len((await session.execute(gone, {"owner": owner, "ids": owned})).all())
    await session.execute(text("UPDATE challenges SET has_resume = false WHERE account_id = ANY(:ids)"), {"ids": ids})
    await session.execute(text(_BARE), {"ids": ids})
    await session.execute(text("DELETE FROM proxies WHERE id = ANY(:ids)"), {"ids": owners["proxy"]})
    return {**counts, "proxies": len(owners["proxy"])}


async def files(session: AsyncSession, ids: Sequence[int]) -> tuple[dict[str, int], list[str]]:
    """Their figures, and the sha256 of what may leave the disk after the commit. Rows stay: posts tell of them."""
    media = (await session.execute(text(_THEIR_FILES), {"ids": ids})).all()
    await session.execute(text(_EMPTIED), {"media": [row.id for row in media], "problems": _GONE})
    shots = list(await session.scalars(text(_EVIDENCE), {"ids": ids}))
    counts = {"media": len(media), "media_bytes": sum(row.size_bytes for row in media), "evidence": len(shots)}
    return counts, [*(row.sha256 for row in media), *shots]


async def tellings(session: AsyncSession, ids: Sequence[int]) -> dict[str, int]:
    """What webhooks were told of their posts, challenges and accounts."""
    return {"deliveries": len((await session.execute(text(_TOLD), {"ids": ids})).all())}


async def ways_in(session: AsyncSession, client: str) -> dict[str, int]:
    """People and keys that were limited to this client and to nothing else."""
    given: dict[str, Any] = {"client": client}
    people = list(await session.scalars(text(_PEOPLE), given))
    keys = (await session.execute(text(_KEYS), {**given, "people": people})).all()
    await session.execute(text(_SESSIONS), {"people": people})
    await session.execute(text(_UNLIMITED), given)
    return {"people_disabled": len(people), "keys_revoked": len(keys)}
