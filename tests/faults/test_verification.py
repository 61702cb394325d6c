"""Looks at what was published, with real processes: what is still there, gone, doubled, and out of reach."""

import pytest

from tests.faults.ground import Ground

pytestmark = pytest.mark.timeout(240)
_CHECKS = """
SELECT o.username, c.state, (SELECT string_agg(i.kind, ' ') FROM post_incidents i WHERE i.post_id = p.id) AS incidents
FROM checks c JOIN posts p ON p.id = c.post_id JOIN accounts o ON o.id = p.account_id
WHERE p.task_id = %s ORDER BY o.username
"""
_COME = """
UPDATE checks SET due_at = now() WHERE state = 'due' AND post_id IN (SELECT id FROM posts WHERE task_id = %s)
RETURNING id
"""


def test_what_was_published_is_looked_for_once_its_age_has_come(ground: Ground) -> None:
    there, gone, doubled, signed_out = names = ground.accounts(4)
    task = ground.upload(names)
    with ground.worker("verify"):
        ground.wait(task)
        ground.until(lambda: len(ground.rows(_CHECKS, task)) == len(names))
        media = {one["account"]: one for one in ground.published(names)}
        ground.fleet.control("DELETE", "media", {"pk": str(media[gone]["pk"])})
        same = {name: media[doubled][name] for name in ("account", "caption", "duration_s")}
        ground.fleet.control("POST", "media", same)
        ground.fleet.control("POST", "sessions/expire", {"account": signed_out})
        signed_in = ground.sign_ins()

        ground.until(lambda: not ground.rows(_COME, task))

    found = {row["username"]: (row["state"], row["incidents"]) for row in ground.rows(_CHECKS, task)}
    assert found == {
        there: ("verified", None),
        gone: ("missing", "vanished"),
        doubled: ("verified", "duplicate_detected"),
        signed_out: ("unverifiable", None),
    }
    assert ground.sign_ins() == signed_in >= len(names), "nobody is signed in for a look"
    assert ground.commits(names) == len(names)
    assert {post["state"] for post in ground.fleet.shown(task)["posts"]} == {"published"}
