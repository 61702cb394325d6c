"""Published posts are looked for again: one read for an account, kept with the post, and told when something is wrong.

Time is moved by the database: what is due is made due.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.serving import Served, Standing
from tests.ui_api.bodies import bodies
from tests.ui_api.stage import Stage, form_token, staged

from igfleet.ui.jobs.tick import tick

pytestmark = pytest.mark.anyio
NOW = datetime.now(UTC).isoformat()


@pytest.fixture
async def ui(standing: Standing) -> AsyncIterator[Served]:
    settings = {"REQUIRE_PROXY": "false", "LEASE_LENGTH": "60", "VERIFY_AFTER": "7200,86400"}
    async with standing.ui(**settings) as running:
        yield running


async def test_an_age_that_comes_is_one_read_that_is_kept_with_the_post(ui: Served) -> None:
    stage = await _published(ui, videos_each=2)

    [lease] = await _due(stage)
    await _tell(stage, lease, *await _theirs(stage))

    assert (lease["kind"], lease["method"], lease["account"]["password"]) == ("verify", "instagrapi", None)
    assert await _states(stage) == ["verified", "due", "verified", "due"]
    assert await _history(stage) == ["verified after 2 hours"] * 2
    assert await stage.sql("SELECT count(*) FROM spendings WHERE action = 'read'") == 1
    assert await stage.sql("SELECT count(*) FROM posts WHERE state = 'published'") == 2
    assert await _due(stage, make=False) == [], "the next age has not come"


async def test_two_looks_in_a_row_that_miss_it_are_an_incident(ui: Served) -> None:
    stage = await _published(ui)

    [first] = await _due(stage)
    await _tell(stage, first)
    assert await _states(stage) == ["due", "due"], "one miss may be a slow listing"
    assert await stage.sql("SELECT count(*) FROM post_incidents") == 0
    [second] = await _due(stage)
    await _tell(stage, second)

    assert await _states(stage) == ["missing", "due"]
    assert await stage.sql("SELECT kind FROM post_incidents") == "vanished"
    assert await stage.sql("SELECT state FROM posts") == "published", "a look never changes the verdict"


async def test_what_is_seen_again_is_verified_and_the_incident_says_so(ui: Served) -> None:
    stage = await _published(ui)
    for _ in range(2):
        [lease] = await _due(stage)
        await _tell(stage, lease)

    [lease] = await _due(stage)
    await _tell(stage, lease, *await _theirs(stage))

    assert await _states(stage) == ["missing", "verified"]
    assert await stage.sql("SELECT facts ? 'seen_again_at' FROM post_incidents") is True
    async with ui.signed_in() as anna:
        overview = await anna.get("/", headers={"Accept": "text/html"})
        task = await anna.get(f"/tasks/{stage.task}", headers={"Accept": "text/html"})
    assert "100 %" in overview.text
    assert "1 of 1 published post" in task.text


async def test_a_second_reel_of_the_same_post_and_another_caption_are_incidents(ui: Served) -> None:
    stage = await _published(ui)
    [own] = await _theirs(stage)
    double = {**own, "pk": str(int(own["pk"]) + (60_000 << 23)), "code": "C9"}

    [lease] = await _due(stage)
    await _tell(stage, lease, double, own)
    [lease] = await _due(stage)
    await _tell(stage, lease, {**own, "caption": "Buy now"})

    assert await _states(stage) == ["verified", "changed"]
    kinds = await stage.sql("SELECT string_agg(kind, ' ' ORDER BY id) FROM post_incidents")
    assert kinds == "duplicate_detected caption_changed"


async def test_an_incident_waits_in_the_inbox_until_a_person_closes_it(ui: Served) -> None:
    stage = await _published(ui)
    for _ in range(2):
        [lease] = await _due(stage)
        await _tell(stage, lease)
    async with ui.signed_in() as anna:
        before = await anna.get("/inbox", headers={"Accept": "text/html"})
        form = {"csrf": await form_token(anna)}
        closed = await anna.post("/inbox/incidents/1/closing", data=form)
        again = await anna.post("/inbox/incidents/1/closing", data=form)
        after = await anna.get("/inbox", headers={"Accept": "text/html"})
        post = await anna.get("/posts/1", headers={"Accept": "text/html"})
    [lease] = await _due(stage)
    await _tell(stage, lease)

    assert "Vanished" in before.text
    assert "It is not sent again" in before.text
    assert (closed.status_code, again.status_code) == (303, 409)
    assert "Nothing waits for you" in after.text
    assert "missing" in post.text
    assert await stage.sql("SELECT count(*) FROM post_incidents WHERE closed_at IS NULL") == 0, "it stays closed"
    assert await stage.sql("SELECT actor FROM audit WHERE action = 'incident_closed'") == "user:anna"


async def test_without_a_session_nobody_is_signed_in_for_a_look(ui: Served) -> None:
    stage = await _published(ui)
    [lease] = await _due(stage)
    async with stage.client("w1") as client:
        refused = await client.post(f"/api/leases/{lease['id']}/spendings", json={"action": "login", "amount": 1})
    await _end(stage, lease, {"outcome": "needs_person", "reason_code": "session_over", "message": "m"})

    assert (refused.status_code, refused.json()["reason_code"]) == (423, "session_over")
    assert await _states(stage) == ["unverifiable", "due"]
    assert "ended the account's session" in (await _history(stage))[0]
    assert await stage.sql("SELECT status FROM accounts") == "active"
    assert await stage.sql("SELECT count(*) FROM account_tasks WHERE state = 'suspended'") == 0


async def test_an_account_that_cannot_be_looked_at_waits_and_is_given_up_after_a_day(ui: Served) -> None:
    stage = await _published(ui)
    await stage.sql("UPDATE accounts SET status = 'inactive'")
    assert await _due(stage) == []

    await stage.sql("UPDATE checks SET due_at = now() - interval '25 hours' WHERE age_s = 7200")
    await tick(ui.context)

    assert await _states(stage) == ["unverifiable", "due"]
    assert "the account is inactive" in await stage.sql("SELECT reason FROM checks ORDER BY age_s LIMIT 1")


async def test_work_that_comes_goes_before_a_look(ui: Served) -> None:
    """Also for a worker that does not know how to look."""
    stage = await _published(ui)
    await _make_due(stage)
    await tick(ui.context)
    assert await stage.sql("SELECT kind FROM account_tasks WHERE head AND state = 'available'") == "verify"

    await stage.sql(
        "INSERT INTO account_tasks (task_id, account_id, position, kind, method, state, available_at) "
        "SELECT task_id, account_id, 9, kind, method, 'scheduled', now() FROM account_tasks WHERE kind = 'bulk_upload'"
    )
    await tick(ui.context)

    assert [lease["kind"] for lease in await stage.lease("w1")] == ["bulk_upload"]


async def test_a_post_whose_id_nobody_knows_is_said_to_be_not_verifiable(ui: Served) -> None:
    stage = await staged(ui, 1)
    await stage.sql("UPDATE posts SET state = 'published', published_at = now()")

    await tick(ui.context)

    assert await _states(stage) == ["unverifiable", "unverifiable"]


async def _published(ui: Served, videos_each: int = 1) -> Stage:
    """An account with a session, whose posts are published, and its account task over."""
    stage = await staged(ui, 1, videos_each=videos_each)
    await stage.sql("UPDATE accounts SET session_at = now()")
    [lease] = stage.leases
    async with stage.client("w1") as client:
        for number, post in enumerate(lease["posts"], start=1):
            path = f"/api/leases/{lease['id']}/posts/{post['id']}"
            intent = bodies(Stage(ui, stage.task, stage.workers, stage.tokens, [{**lease, "posts": [post]}]))
            await client.put(
                f"{path}/intent", json=intent["PUT /api/leases/{lease_id:uuid}/posts/{post_id:int}/intent"]
            )
            (await client.post(f"{path}/permit")).raise_for_status()
            milliseconds = int(await stage.sql("SELECT extract(epoch FROM now()) * 1000")) + number
            pk = str((milliseconds - 1314220021721) << 23)
            media = {"pk": pk, "code": f"C{number}", "taken_at": NOW, "caption": "Hello", "duration_s": 3.0}
            told = {"kind": "published", "media": media}
            (await client.put(f"{path}/outcome", json=told)).raise_for_status()
    await _end(stage, lease, {"outcome": "completed"})
    await tick(ui.context)
    return stage


async def _make_due(stage: Stage) -> None:
    """The next age of each post has come."""
    await stage.sql(
        "UPDATE checks SET due_at = now() WHERE id IN "
        "(SELECT DISTINCT ON (post_id) id FROM checks WHERE state = 'due' ORDER BY post_id, age_s)"
    )


async def _due(stage: Stage, *, make: bool = True) -> list[dict[str, Any]]:
    """What a worker gets that knows how to look."""
    if make:
        await _make_due(stage)
    await tick(stage.ui.context)
    async with stage.client("w1") as client:
        asked = {"worker_id": stage.workers["w1"], "kinds": ["bulk_upload", "verify"], "limit": 10}
        found: list[dict[str, Any]] = (await client.post("/api/leases", json=asked)).raise_for_status().json()
    return found


async def _theirs(stage: Stage) -> list[dict[str, Any]]:
    """The published reels as Instagram lists them."""
    pks = await stage.sql("SELECT string_agg(media_pk, ' ' ORDER BY media_pk DESC) FROM posts")
    return [
        {"pk": pk, "code": "C", "taken_at": NOW, "caption": "Hello", "duration_s": 3.0, "product_type": "clips"}
        for pk in pks.split()
    ]


async def _tell(stage: Stage, lease: dict[str, Any], *media: dict[str, Any]) -> None:
    """The whole listing, and the end of the run."""
    async with stage.client("w1") as client:
        await client.post(f"/api/leases/{lease['id']}/spendings", json={"action": "read", "amount": 1})
    reading = {"seq": 1, "media": list(media), "media_count": len(media)}
    await _end(stage, lease, {"outcome": "completed", "result": {"reading": reading}})


async def _end(stage: Stage, lease: dict[str, Any], told: dict[str, Any]) -> None:
    async with stage.client("w1") as client:
        answer = await client.put(f"/api/leases/{lease['id']}/outcome", json=told)
    assert answer.status_code == 200, answer.text


async def _states(stage: Stage) -> list[str]:
    """Of the checks, post by post, the youngest age first."""
    found: str = await stage.sql("SELECT string_agg(state, ' ' ORDER BY post_id, age_s) FROM checks")
    return found.split()


async def _history(stage: Stage) -> list[str]:
    """What the history tells of looks."""
    found = await stage.sql("SELECT string_agg(why, '|' ORDER BY id) FROM post_history WHERE was = became")
    return str(found).split("|")
