"""What came out of a backup. The ledger does not know what was published after it was taken, so nothing of it is sent
before the account's own media were looked at: each post that is leased becomes a doubt first, and is settled like one.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from igfleet.settings import UiSettings
from igfleet.ui.raw import Raw
from igfleet.ui.reconcile import Alike

LOOK_BACK = 50
"""Newest media that a look lists."""
_FINAL = "('published', 'simulated', 'failed', 'cancelled')"
_LOOK_FIRST = f"""
WITH found AS (
  SELECT p.id, m.duration_s, m.size_bytes, t.restored_from AS since, t.restored_at AS until, a.method
  FROM posts p JOIN account_tasks a ON a.id = p.account_task_id JOIN tasks t ON t.id = a.task_id
  JOIN media m ON m.id = p.media_id
  WHERE a.id = ANY($1::bigint[]) AND p.state = 'planned' AND p.hold_id IS NULL
    AND t.restored_from IS NOT NULL AND p.restored_from IS NULL
    AND (NOT coalesce((t.options->>'rounds')::boolean, false) OR p.round = (SELECT min(own.round) FROM posts own
      WHERE own.account_task_id = a.id AND own.state NOT IN {_FINAL}))
  ORDER BY p.id FOR UPDATE OF p),
moved AS (
  UPDATE posts p SET state = 'unknown', epoch = epoch + 1, changed_at = now(), reason_code = 'unsure_if_published',
    permitted_at = found.since, restored_from = found.since, readings = '[]',
    settle_until = found.until + CASE WHEN found.method IN ('playwright', 'dolphin') THEN $3::interval
      ELSE $2::interval END,
    intent = jsonb_build_object('upload_id', p.upload_id, 'media_sha256', p.media_sha256,
      'caption_sha256', encode(sha256(convert_to(p.caption, 'UTF8')), 'hex'),
      'duration_s', coalesce(found.duration_s, 0), 'size_bytes', found.size_bytes,
      'snapshot', jsonb_build_object('pks', '[]'::jsonb, 'media_count', NULL, 'taken_at', found.since))
  FROM found WHERE found.id = p.id RETURNING p.id, p.epoch)
INSERT INTO post_history (post_id, was, became, epoch, actor, why)
SELECT id, 'planned', 'unknown', epoch, 'system', 'restored from a backup: it may have been published since'
FROM moved ORDER BY id
"""
_OTHERS = """
SELECT p.caption, coalesce(m.duration_s, 0) AS duration_s FROM posts p
JOIN tasks t ON t.id = p.task_id JOIN media m ON m.id = p.media_id
WHERE p.account_id = $1 AND p.id <> $2 AND t.restored_from IS NOT NULL AND t.state <> 'draft'
  AND (p.state IN ('unknown', 'reconciling', 'needs_person') OR (p.state IN ('planned', 'failed')
    AND p.restored_from IS NULL))
"""
_SHARE_LOOK = """
UPDATE posts SET readings = readings || $3::jsonb WHERE account_task_id = $1 AND id <> $2
  AND restored_from IS NOT NULL AND state IN ('unknown', 'reconciling')
"""
_LATE_BYTES = timedelta(seconds=2)


async def look_first(raw: Raw, account_task_ids: Sequence[int], settings: UiSettings) -> None:
    """What of these is to be published, and came out of a backup, is in doubt until its account was looked at."""
    await raw.execute(_LOOK_FIRST, account_task_ids, *windows(settings))


async def others(raw: Raw, post: Mapping[str, Any]) -> tuple[Alike, ...]:
    """What else of the account may have been published since the backup; of an ordinary doubt nothing."""
    if post["restored_from"] is None:
        return ()
    rows = await raw.fetch(_OTHERS, post["account_id"], post["id"])
    return tuple(Alike(row["caption"], row["duration_s"]) for row in rows)


async def share_look(raw: Raw, post: Mapping[str, Any], entry: Mapping[str, Any]) -> None:
    """One look at the account serves all its posts that came out of the backup."""
    shared = json.dumps([{**entry, "of": post["id"]}])
    await raw.execute(_SHARE_LOOK, post["account_task_id"], post["id"], shared)


def windows(settings: UiSettings) -> tuple[timedelta, timedelta]:
    """A permit that was given before may be used for so long: by a client, by a browser."""
    return settings.commit_window + _LATE_BYTES, settings.browser_commit_window + _LATE_BYTES
