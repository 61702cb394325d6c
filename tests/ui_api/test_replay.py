"""All requests of a whole run, sent again late, repeated and out of order: the end is the same."""

import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from tests.serving import Served, Standing
from tests.ui_api.bodies import NOW, bodies
from tests.ui_api.playing import NEVER_PAUSES
from tests.ui_api.stage import Stage, staged

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240)]
SEEDS = range(1, 21)
_REPEATS = 2
"""Up to so many times each request is sent."""
_POSTS = "posts WHERE account_task_id = :key"
_END = f"""
SELECT json_build_object(
  'run', (SELECT json_build_array(state IN ('retryable', 'available'), attempt, counters, checkpoints, result,
    reason_code, step, report_seq) FROM account_tasks WHERE id = :key),
  'posts', (SELECT json_agg(json_build_array(state, epoch, republished, media_pk, reason_code) ORDER BY position)
    FROM {_POSTS}),
  'published', (SELECT count(*) FROM post_history WHERE became = 'published' AND post_id IN (SELECT id FROM {_POSTS})),
  'moves', (SELECT json_agg(json_build_array(was, became, epoch) ORDER BY id)
    FROM post_history WHERE post_id IN (SELECT id FROM {_POSTS})),
  'lines', (SELECT json_agg(text ORDER BY id) FROM log_lines WHERE account_task_id = :key),
  'spent', (SELECT count(*) FROM spendings s JOIN account_tasks a ON a.account_id = s.account_id WHERE a.id = :key)
)::text
"""
_SEEN = {"pk": "3400000000000000001", "code": "C1", "taken_at": NOW, "caption": "Hello", "duration_s": 3.0}
_OUTCOMES = [
    {"kind": "published", "media": _SEEN},
    {"kind": "refused", "reason": "media_refused", "message": "m", "post_state": "failed"},
    {"kind": "unknown", "message": "No answer came in time"},
]


@dataclass(frozen=True)
class Asked:
    """One request of a run, as it was recorded."""

    method: str
    path: str
    body: Any = None

    async def send(self, client: httpx.AsyncClient) -> int:
        return (await client.request(self.method, f"/api/{self.path}", json=self.body)).status_code


@pytest.fixture
async def patient(standing: Standing) -> AsyncIterator[Served]:
    """A ui whose leases outlast the test, and which does nothing by itself meanwhile."""
    alone = {"REQUIRE_PROXY": "false", "LEASE_LENGTH": "600", "VERIFY_AFTER": "", "BREAKERS": "false"}
    async with standing.ui(**alone) as running:
        yield running


async def test_all_requests_of_a_run_replayed_in_any_order_change_nothing(patient: Served) -> None:
    """For each seed a run of its own: late copies between its requests, then everything once more, shuffled."""
    stage = await staged(patient, len(SEEDS) + 1, videos_each=3, **NEVER_PAUSES)
    plain, *leases = stage.leases
    async with stage.client("w1") as client:
        for asked in recorded(stage, plain):
            assert await asked.send(client) < 300, asked
        expected = await stage.sql(_END, key=plain["account_task_id"])

        for seed, lease in zip(SEEDS, leases, strict=True):
            draw = random.Random(seed)  # repeatable on purpose
            requests = recorded(stage, lease)
            statuses = [await asked.send(client) for asked in disturbed(requests, draw)]

            assert await stage.sql(_END, key=lease["account_task_id"]) == expected, f"seed {seed}"
            assert max(statuses) < 500, f"seed {seed}"
    print(f"seeds {list(SEEDS)}")


def disturbed(requests: Sequence[Asked], draw: random.Random) -> list[Asked]:
    """The requests in order, with late copies of earlier ones between them, and at last all in a random order."""
    sent: list[Asked] = []
    for number, asked in enumerate(requests):
        sent += [asked] * draw.randint(1, _REPEATS)
        sent += draw.sample(requests[: number + 1], draw.randint(0, min(_REPEATS, number + 1)))
    again = [asked for asked in requests for _ in range(draw.randint(1, _REPEATS))]
    draw.shuffle(again)
    return sent + again


def recorded(stage: Stage, lease: dict[str, Any]) -> list[Asked]:
    """A worker's whole run of three posts: one is published, one is refused, one is in doubt when the run dies."""
    of_lease = f"leases/{lease['id']}"
    worker = stage.workers["w1"]
    asked = [
        Asked("POST", "workers/register", bodies(stage)["POST /api/workers/register"]),
        Asked("POST", "leases/renew", {"leases": [lease["id"]]}),
        Asked("POST", f"{of_lease}/reports", _report(1, "Signed in", checkpoints={"at": 1})),
    ]
    for number, post in enumerate(lease["posts"]):
        of_post = f"{of_lease}/posts/{post['id']}"
        asked += [
            Asked("PUT", f"{of_post}/intent", _intent(stage, post)),
            Asked("POST", f"{of_post}/permit"),
            Asked("PUT", f"{of_post}/outcome", _OUTCOMES[number]),
            Asked("POST", f"{of_lease}/reports", _report(number + 2, f"Post {number}", counters={"success": 1})),
        ]
    died = {"outcome": "died", "reason_code": "runner_died", "message": "m"}
    beat = {"running": 1, "cpu_percent": 1.5, "memory_bytes": 1, "disk_free_bytes": 1}
    return [*asked, Asked("POST", f"workers/{worker}/heartbeat", beat), Asked("PUT", f"{of_lease}/outcome", died)]


def _intent(stage: Stage, post: dict[str, Any]) -> dict[str, Any]:
    body = bodies(stage)["PUT /api/leases/{lease_id:uuid}/posts/{post_id:int}/intent"]
    assert body is not None
    return {**body, "upload_id": post["upload_id"]}


def _report(seq: int, text: str, **more: Any) -> dict[str, Any]:
    return {"seq": seq, "lines": [{"at": NOW, "level": "info", "event": "e", "text": text}], **more}
