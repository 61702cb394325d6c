"""A task that is cancelled, an account that is stopped, a person who settles: while it is not known what is live."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select
from tests.serving import Served, Standing
from tests.ui_api.bodies import bodies
from tests.ui_api.stage import Stage, form_token, staged

from igfleet.ui.cancelling import cancel
from igfleet.ui.jobs.tick import tick
from igfleet.ui.models import AccountTask, Post, Task
from igfleet.ui.retrying import resume, retry_failed

pytestmark = pytest.mark.anyio
OTHER = {"pk": "3400000000000000009", "code": "C9", "taken_at": "2026-05-31T12:00:00Z", "caption": "Something else"}


@pytest.fixture
async def quick(standing: Standing) -> AsyncIterator[Served]:
    """A ui that needs no patience to conclude that a post is absent."""
    settings = {"REQUIRE_PROXY": "false", "RECONCILE_PAUSE_SECS": "0.001", "LEASE_LENGTH": "60"}
    async with standing.ui(**settings) as running:
        yield running


async def test_f22_a_cancelled_task_settles_its_doubt_and_sends_nothing_again(quick: Served) -> None:
    stage = await staged(quick, 1)
    await _lose_the_answer(stage)
    await _end(stage, "retry_later")

    await _cancel(stage)
    stage.leases = await _claimed_again(stage)
    assert await _is_asked_to_stop(stage) is False, "the reading must not be interrupted"
    assert [await _look(stage) for _ in range(3)][-1]["state"] == "planned"

    assert await _is_asked_to_stop(stage) is True
    refused = await _permit(stage)
    assert (refused.status_code, refused.json()["reason_code"]) == (423, "cancelled")
    await _end(stage, "cancelled")
    assert await _states(stage) == (["cancelled"], ["cancelled"], "cancelled")


async def test_f22_a_cancelled_task_whose_doubt_was_live_says_so(quick: Served) -> None:
    stage = await staged(quick, 1)
    await _lose_the_answer(stage)
    await _end(stage, "retry_later")
    await _cancel(stage)
    stage.leases = await _claimed_again(stage)

    own = await _its_own(stage)
    for _ in range(3):
        await _look(stage, own)
    await _end(stage, "completed")

    assert await _states(stage) == (["completed"], ["published"], "completed")


async def test_f22_cancelling_while_it_is_published_waits_for_the_answer(quick: Served) -> None:
    stage = await staged(quick, 1)
    assert (await _permit(stage)).status_code == 200

    await _cancel(stage)

    assert await _is_asked_to_stop(stage) is False


async def test_a_cancelled_run_that_meets_a_challenge_is_cancelled_all_the_same(quick: Served) -> None:
    stage = await staged(quick, 1)
    await _cancel(stage)

    await _end(stage, "needs_person", "challenge_required")

    assert await _states(stage) == (["cancelled"], ["cancelled"], "cancelled")
    assert await stage.sql("SELECT status FROM accounts") == "human_verification_required"


async def test_what_was_retried_can_be_cancelled_again(quick: Served) -> None:
    stage = await staged(quick, 2)
    await _end(stage, "gave_up", "account_disabled", lease=1)
    await _cancel(stage)
    await stage.sql("UPDATE posts SET state = 'published' WHERE id = :id", id=stage.leases[0]["posts"][0]["id"])
    await _end(stage, "completed")
    await stage.until("SELECT finished_at IS NOT NULL FROM tasks", value=True)
    async with quick.context.database.sessions.begin() as session:
        await retry_failed(session, stage.task, "user:anna")

    await _cancel(stage)

    assert (await _states(stage))[0] == ["completed", "cancelled"]


async def test_resuming_in_a_cancelled_task_settles_and_publishes_nothing(quick: Served) -> None:
    stage = await staged(quick, 1)
    await _lose_the_answer(stage)
    await _end(stage, "needs_person", "challenge_required")
    await _cancel(stage)
    async with quick.context.database.sessions.begin() as session:
        await resume(session, stage.task, "user:anna")

    [stage.leases[0]] = await _claimed_again(stage)
    assert [await _look(stage) for _ in range(3)][-1]["state"] == "planned"

    assert (await _permit(stage)).status_code == 423


async def test_a_doubt_on_an_account_that_is_gone_waits_for_a_person_who_can_end_it(quick: Served) -> None:
    stage = await staged(quick, 1)
    await _lose_the_answer(stage)

    await _end(stage, "gave_up", "account_disabled")

    assert (await _states(stage))[:2] == (["suspended"], ["unknown"])
    post = stage.leases[0]["posts"][0]["id"]
    async with quick.signed_in() as anna:
        page = await anna.get(f"/posts/{post}", headers={"Accept": "text/html"})
        assert "not_published" in page.text
        form = {"csrf": await form_token(anna), "settlement": "not_published"}
        assert (await anna.post(f"/posts/{post}/settlement", data=form)).status_code == 303
    assert await _states(stage) == (["discarded"], ["failed"], "failed")
    assert await stage.sql("SELECT status FROM accounts") == "suspended", "the account itself was not looked at"


async def test_a_person_does_not_settle_what_a_worker_is_looking_at(quick: Served) -> None:
    stage = await staged(quick, 1)
    await _lose_the_answer(stage)
    post = stage.leases[0]["posts"][0]["id"]
    async with quick.signed_in() as anna:
        form = {"csrf": await form_token(anna), "settlement": "published"}
        answer = await anna.post(f"/posts/{post}/settlement", data=form)

    assert (answer.status_code, answer.json()["reason_code"]) == (409, "wrong_state")
    assert (await _states(stage))[1] == ["unknown"]


async def test_a_doubt_that_nobody_could_read_for_a_day_is_given_to_a_person(quick: Served) -> None:
    stage = await staged(quick, 1)
    await _lose_the_answer(stage)
    await _end(stage, "retry_later", "bad_password")
    await stage.sql("UPDATE posts SET settle_until = now() - interval '25 hours'")

    await tick(quick.context)

    assert (await _states(stage))[:2] == (["suspended"], ["needs_person"])
    why = await stage.sql("SELECT why FROM post_history ORDER BY id DESC LIMIT 1")
    assert "24 hours" in why


async def test_settling_a_post_does_not_wake_an_account_that_waits_for_a_person(quick: Served) -> None:
    """Where the post stands says nothing about the challenge: signing in again without an answer would do harm."""
    stage = await staged(quick, 1, videos_each=2)
    first, second = (post["id"] for post in stage.leases[0]["posts"])
    await stage.sql("UPDATE posts SET state = 'needs_person' WHERE id = :id", id=first)
    await _end(stage, "needs_person", "challenge_required")
    async with quick.signed_in() as anna:
        form = {"csrf": await form_token(anna), "settlement": "published"}
        assert (await anna.post(f"/posts/{first}/settlement", data=form)).status_code == 303

    assert (await _states(stage))[:2] == (["suspended"], ["published", "planned"])
    assert await stage.sql("SELECT status FROM accounts") == "human_verification_required"
    assert second


async def test_a_post_that_fails_after_others_were_published_is_a_partial_success(quick: Served) -> None:
    stage = await staged(quick, 1, videos_each=2)
    first, second = (post["id"] for post in stage.leases[0]["posts"])
    await stage.sql("UPDATE posts SET state = 'published' WHERE id = :id", id=first)
    await _end(stage, "retry_later")
    await _claimed_again(stage)
    await stage.sql("UPDATE posts SET state = 'failed' WHERE id = :id", id=second)

    stage.leases = [await _leased(stage)]
    await _end(stage, "gave_up", "posts_failed")

    assert await _states(stage) == (["completed"], ["published", "failed"], "partially_completed")


async def test_a_failed_round_does_not_end_the_rounds_after_it(quick: Served) -> None:
    stage = await staged(quick, 1, videos_each=2, rounds=True)
    [first] = stage.leases[0]["posts"]
    await stage.sql("UPDATE posts SET state = 'failed', changed_at = now() WHERE id = :id", id=first["id"])

    await _end(stage, "gave_up", "posts_failed")

    assert (await _states(stage))[:2] == (["available"], ["failed", "planned"])


async def _lose_the_answer(stage: Stage) -> None:
    """The commit left, no answer came, and a late one cannot arrive any more."""
    assert (await _permit(stage)).status_code == 200
    lease = stage.leases[0]
    async with stage.client("w1") as client:
        post = lease["posts"][0]["id"]
        told = {"kind": "unknown", "message": "No answer came in time"}
        answer = await client.put(f"/api/leases/{lease['id']}/posts/{post}/outcome", json=told)
    assert answer.json()["state"] == "unknown"
    moments = "permitted_at = now() - interval '30 seconds', settle_until = now() - interval '5 seconds'"
    await stage.sql(f"UPDATE posts SET {moments} WHERE id = :id", id=post)


async def _permit(stage: Stage) -> Any:
    lease = stage.leases[0]
    post = lease["posts"][0]["id"]
    intent = bodies(stage)["PUT /api/leases/{lease_id:uuid}/posts/{post_id:int}/intent"]
    async with stage.client("w1") as client:
        await client.put(f"/api/leases/{lease['id']}/posts/{post}/intent", json=intent)
        return await client.post(f"/api/leases/{lease['id']}/posts/{post}/permit")


async def _look(stage: Stage, *media: dict[str, Any]) -> Any:
    lease = stage.leases[0]
    seq = await stage.sql("SELECT jsonb_array_length(readings) + 1 FROM posts")
    reading = {"seq": seq, "media": list(media), "media_count": 1}
    async with stage.client("w1") as client:
        path = f"/api/leases/{lease['id']}/posts/{lease['posts'][0]['id']}/readings"
        return (await client.post(path, json=reading)).json()


async def _its_own(stage: Stage) -> dict[str, Any]:
    """The medium that the lost commit made."""
    milliseconds = int(await stage.sql("SELECT extract(epoch FROM permitted_at) * 1000 FROM posts")) + 1000
    pk = str((milliseconds - 1314220021721) << 23)
    return {"pk": pk, "code": "C7", "taken_at": "2026-05-31T12:00:00Z", "caption": "Hello", "duration_s": 3.0}


async def _end(stage: Stage, outcome: str, reason: str | None = None, lease: int = 0) -> None:
    async with stage.client("w1") as client:
        told = {"outcome": outcome, "reason_code": reason, "message": "m"}
        answer = await client.put(f"/api/leases/{stage.leases[lease]['id']}/outcome", json=told)
    assert answer.status_code == 200, answer.text


async def _cancel(stage: Stage) -> None:
    async with stage.ui.context.database.sessions.begin() as session:
        await cancel(session, stage.task, "user:anna")


async def _claimed_again(stage: Stage) -> list[dict[str, Any]]:
    """What waits becomes due at once."""
    await stage.sql("UPDATE accounts SET cooldown_until = NULL")
    await stage.sql("UPDATE account_tasks SET available_at = now() WHERE state = 'retryable'")
    await tick(stage.ui.context)
    return await stage.lease("w1")


async def _leased(stage: Stage) -> dict[str, Any]:
    return {**stage.leases[0], "id": str(await stage.sql("SELECT lease_id FROM account_tasks"))}


async def _is_asked_to_stop(stage: Stage) -> bool:
    async with stage.client("w1") as client:
        [renewal] = (await client.post("/api/leases/renew", json={"leases": [stage.leases[0]["id"]]})).json()
        beat = await client.post(f"/api/workers/{stage.workers['w1']}/heartbeat", json={"running": 1})
    assert renewal["is_held"]
    assert (stage.leases[0]["id"] in beat.json()["cancel"]) is renewal["cancel_requested"]
    return bool(renewal["cancel_requested"])


async def _states(stage: Stage) -> tuple[list[str], list[str], str]:
    """Of the account tasks, the posts and the task."""
    await tick(stage.ui.context)
    async with stage.ui.context.database.sessions() as session:
        rows = list(await session.scalars(select(AccountTask.state).order_by(AccountTask.id)))
        posts = list(await session.scalars(select(Post.state).order_by(Post.id)))
        return rows, posts, str(await session.scalar(select(Task.state)))


async def test_what_waits_for_a_stopped_account_says_so(quick: Served) -> None:
    stage = await staged(quick, 1)
    await _end(stage, "released")
    await stage.sql("UPDATE accounts SET status = 'inactive'")
    async with quick.signed_in() as anna:
        page = await anna.get(f"/tasks/{stage.task}", headers={"Accept": "text/html"})

    assert "waits: the account is" in page.text
    assert "waits for a worker" not in page.text
