"""Webhooks: what happens is told, signed, until it is taken; and only where it may be."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from tests.serving import Served
from tests.ui_api.playing import Player, ordered
from tests.ui_api.receiving import receiver
from tests.ui_api.stage import form_token, staged

from igfleet import clock
from igfleet.errors import Invalid
from igfleet.ui.models import WebhookEvent, WebhookFormat
from igfleet.ui.quiet_hours import QuietHours
from igfleet.ui.webhooks import sending, verbs
from igfleet.ui.webhooks.verbs import NewWebhook

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]
_ALL = [event for event in WebhookEvent if event is not WebhookEvent.TEST]


async def test_a_delivery_is_signed_and_says_what_happened(player: Player) -> None:
    ui = player.ui
    with receiver() as there:
        secret = await _made(ui, f"{there.address}/hook?for=us", [WebhookEvent.CHALLENGE_OPENED])
        await ordered(ui)
        await player.meet(await player.leased())
        await _until(lambda: bool(there.bodies))

        told, headers = json.loads(there.bodies[0]), there.headers[0]
        signed = hmac.new(
            secret.encode(), headers["igfleet-timestamp"].encode() + b"." + there.bodies[0], hashlib.sha256
        )

    assert headers["igfleet-signature"] == f"v1={signed.hexdigest()}"
    assert (headers["igfleet-event"], headers["igfleet-delivery"]) == ("challenge_opened", str(told["id"]))
    assert (told["event"], told["mode"], told["data"]["account"]) == ("challenge_opened", "sandbox", "nord_01")
    assert told["text"].startswith("[sandbox] igfleet: @nord_01: Code by mail.")
    assert there.paths == ["/hook?for=us"]


async def test_posts_tasks_lost_workers_and_breakers_are_told(ui_without_proxies: Served) -> None:
    ui = ui_without_proxies
    with receiver() as there:
        await _made(ui, there.address)
        stage = await staged(ui, 1)
        [post] = stage.leases[0]["posts"]
        path = f"/api/leases/{stage.leases[0]['id']}"
        async with stage.client("w1") as client:
            said = {"kind": "refused", "reason": "media_refused", "message": "too long", "post_state": "failed"}
            (await client.put(f"{path}/posts/{post['id']}/outcome", json=said)).raise_for_status()
            ending = {"outcome": "gave_up", "reason_code": "media_refused", "message": "too long"}
            (await client.put(f"{path}/outcome", json=ending)).raise_for_status()
        await stage.sql("UPDATE webhooks SET created_at = now() - interval '1 hour'")  # before the worker was lost
        await stage.sql("UPDATE workers SET seen_at = now() - interval '61 seconds' WHERE name = 'w2'")
        await stage.sql(
            "INSERT INTO breakers (scope, key, rule, until, rest_s, subjects, reason) VALUES "
            "('kind', 'bulk_upload', 'x', now() + interval '1 hour', 60, '[]', 'rate_limited')"
        )
        await stage.sql("UPDATE accounts SET status = 'human_verification_required'")
        await stage.sql("INSERT INTO proxies (scheme, host, port) VALUES ('http', 'exit-1.example', 8080)")
        await stage.sql("UPDATE proxies SET state = 'failing', trouble = 'It refuses.'")
        await stage.sql("INSERT INTO standstills (began_by, why) VALUES ('user:anna', 'A storm')")
        wanted = {
            "post_failed", "task_ended", "task_failed", "worker_lost", "breaker_opened", "account_needs_person",
            "proxy_failing", "everything_paused",
        }  # fmt: skip
        await _until(lambda: wanted <= {json.loads(body)["event"] for body in there.bodies})
        await sending.due(ui.context.database)  # the lost worker is seen again
        told = [json.loads(body) for body in there.bodies]

    assert sorted(one["event"] for one in told) == sorted(wanted)
    by_event = {one["event"]: one["data"] for one in told}
    assert (by_event["post_failed"]["account"], by_event["post_failed"]["reason_code"]) == ("nord_01", "media_refused")
    assert (by_event["task_ended"]["state"], by_event["worker_lost"]["name"]) == ("failed", "w2")
    texts = {one["event"]: one["text"] for one in told}
    assert "exit-1.example:8080 fails. It refuses." in texts["proxy_failing"]
    assert "@nord_01 needs a person: human verification required." in texts["account_needs_person"]
    assert "Everything is paused by anna: A storm" in texts["everything_paused"]
    assert await stage.sql("SELECT count(*) FROM deliveries") == len(wanted)


async def test_what_is_not_taken_is_sent_again_the_same_and_later(ui: Served) -> None:
    with receiver(500, 302) as there:
        webhook = await _number(ui, there.address)
        await _test(ui, webhook)
        await _until_row(ui, "attempts = 1 AND status = 500")
        pauses = [float(await _sql(ui, "SELECT extract(epoch FROM next_at - now()) FROM deliveries"))]
        await _hurry(ui)
        await _until_row(ui, "attempts = 2 AND status = 302")
        pauses.append(float(await _sql(ui, "SELECT extract(epoch FROM next_at - now()) FROM deliveries")))
        await _hurry(ui)
        await _until_row(ui, "state = 'delivered' AND attempts = 3")

        assert len(set(there.bodies)) == 1
        assert len({headers["igfleet-delivery"] for headers in there.headers}) == 1
        assert there.paths == ["/"] * 3, "a redirect is not followed"
        assert pauses[0] < 13 < pauses[1]


async def test_in_quiet_hours_only_what_is_urgent_is_told_and_the_rest_in_its_order_when_they_end(ui: Served) -> None:
    paused, failing = WebhookEvent.EVERYTHING_PAUSED, WebhookEvent.PROXY_FAILING
    with receiver(200, 500) as there:
        quiet = QuietHours(*_around(0), "UTC")
        await _made(ui, there.address, [paused, failing], quiet=quiet, urgent=[paused])
        rows = "SELECT 'http', 'exit', n FROM generate_series(1, 5) n RETURNING 1"
        await _sql(ui, f"INSERT INTO proxies (scheme, host, port) {rows}")
        await _sql(ui, "UPDATE proxies SET state = 'failing' RETURNING 1")
        await _sql(ui, "INSERT INTO standstills (began_by, why) VALUES ('user:anna', 'A storm') RETURNING 1")
        await _until(lambda: bool(there.bodies))
        async with ui.signed_in() as browser:
            page = await browser.get("/settings/webhooks")
            begin, end = _around(12)
            form = {"csrf": await form_token(browser), "quiet_from": begin, "quiet_until": end, "timezone": "UTC"}
            held = len(there.bodies)
            wrong = await browser.post("/settings/webhooks/1/quiet-hours", data={**form, "quiet_until": ""})
            answer = await browser.post("/settings/webhooks/1/quiet-hours", data={**form, "urgent": [paused.value]})
        await _until_row(ui, "attempts = 1 AND status = 500")
        await _hurry(ui)
        await _until(lambda: len(there.bodies) == 7)

    told = [json.loads(body) for body in there.bodies]
    assert (held, page.text.count("quiet until")) == (1, 5)
    assert (wrong.status_code, answer.status_code) == (422, 303)
    assert told[0]["event"] == "everything_paused"
    assert [one["id"] for one in told[1:]] == [1, 1, 2, 3, 4, 5], "the others waited for the first"


async def test_after_the_last_attempt_it_is_given_up_until_a_person_sends_it_again(ui: Served) -> None:
    with receiver(*[503] * 1) as there:
        webhook = await _number(ui, there.address)
        delivery = await _test(ui, webhook, attempts=len(sending.PAUSES_S))
        await _until_row(ui, "state = 'failed' AND status = 503")
        async with ui.signed_in() as browser:
            page = await browser.get("/settings/webhooks")
            form = {"csrf": await form_token(browser)}
            await browser.post(f"/settings/webhooks/deliveries/{delivery}/replay", data=form)
        await _until_row(ui, "state = 'delivered' AND attempts = 1")

        assert "failed" in page.text
        assert there.bodies[0] == there.bodies[1]


@pytest.mark.parametrize("host", ["169.254.169.254", "10.0.0.1", "[::ffff:10.0.0.1]", "0x0a000001"])
async def test_an_address_that_may_not_be_asked_is_not(ui: Served, host: str) -> None:
    await _test(ui, await _number(ui, f"http://{host}/hook"))
    await _until_row(ui, "attempts = 1 AND answer <> ''")

    assert await _sql(ui, "SELECT status IS NULL AND answer LIKE 'It %' FROM deliveries")


@pytest.mark.parametrize("address", ["", "ftp://127.0.0.1/", "http://a:b@127.0.0.1/", "http://127.0.0.1:99999/", "x"])
async def test_what_is_no_address_is_refused(ui: Served, address: str) -> None:
    with pytest.raises(Invalid, match="Write an address"):
        await _made(ui, address)


async def test_telegram_gets_what_it_takes_and_the_pages_never_show_address_or_secret(ui: Served) -> None:
    with receiver() as there:
        async with ui.signed_in() as browser:
            form = {
                "csrf": await form_token(browser), "name": "Chat",
                "address": f"{there.address}/bot1234:canary/sendMessage",
                "format": "telegram", "chat": "-100", "events": ["post_failed"],
            }  # fmt: skip
            made = await browser.post("/settings/webhooks", data=form)
            await browser.post("/settings/webhooks/1/tests", data={"csrf": await form_token(browser)})
            await _until(lambda: bool(there.bodies))
            later = await browser.get("/settings/webhooks")
            removed = await browser.post("/settings/webhooks/1/deletion", data={"csrf": await form_token(browser)})

        assert json.loads(there.bodies[0]) == {
            "chat_id": "-100", "text": "[sandbox] igfleet: This is a test. Nothing happened.",
        }  # fmt: skip
    assert "igfh_" in made.text
    assert "igfh_" not in later.text
    assert "canary" not in made.text + later.text
    assert removed.status_code == 303
    assert await _sql(ui, "SELECT count(*) FROM sealed_secrets WHERE owner = 'webhook'") == 0


async def _made(ui: Served, address: str, events: Sequence[WebhookEvent] = _ALL, **more: Any) -> str:
    async with ui.context.database.sessions.begin() as session:
        new = NewWebhook("Ours", address, WebhookFormat.JSON, events, **more)
        return (await verbs.make(session, ui.context.vault, ui.context.settings, new, "test")).secret


def _around(hours: int) -> tuple[str, str]:
    """From an hour before to an hour after the moment in so many hours."""
    moment = clock.now() + timedelta(hours=hours)
    begin, end = (f"{moment + timedelta(hours=by):%H:%M}" for by in (-1, 1))
    return begin, end


async def _number(ui: Served, address: str) -> int:
    await _made(ui, address)
    return int(await _sql(ui, "SELECT max(id) FROM webhooks"))


async def _test(ui: Served, webhook: int, attempts: int = 0) -> int:
    async with ui.context.database.sessions.begin() as session:
        delivery = await verbs.test(session, webhook)
        delivery.attempts = attempts
        return delivery.id


async def _hurry(ui: Served) -> None:
    """As if the pause were over."""
    await _sql(ui, "UPDATE deliveries SET next_at = now() RETURNING id")


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not is_so():  # noqa: ASYNC110  # what another thread writes
            await asyncio.sleep(0.05)


async def _until_row(ui: Served, condition: str) -> None:
    async with asyncio.timeout(60):
        while not await _sql(ui, f"SELECT count(*) FROM deliveries WHERE {condition}"):  # noqa: ASYNC110  # another process
            await asyncio.sleep(0.05)


async def _sql(ui: Served, statement: str) -> Any:
    async with ui.context.database.sessions.begin() as session:
        return (await session.execute(text(statement))).scalar()
