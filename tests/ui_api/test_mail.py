"""Mail to people: what happened comes as one mail, at the hours they chose, of what they may see; until it is taken."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.peers import free_port
from tests.serving import Served, Standing
from tests.ui_api.mail_receiving import MailServer, mail_server
from tests.ui_api.stage import form_token, staged

from igfleet import clock
from igfleet.sandbox.ca import Authority
from igfleet.settings import UiSettings, load
from igfleet.ui.mail import gathering
from igfleet.ui.mail.postman import NotDelivered, Postman
from igfleet.ui.models import Role

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]
_WORD = "canary-mail-word"
_HOST = "www.instagram.com"
"""For whom the sandbox's authority has a certificate; in these tests it is this machine."""
_FORM = {
    "address": "anna@example.com", "pace": "at_once", "digest_at": "08:00", "quiet_from": "", "quiet_until": "",
    "timezone": "UTC", "events": ["post_failed", "task_failed", "worker_lost", "account_needs_person"],
    "urgent": ["worker_lost"],
}  # fmt: skip


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture
def there(port: int) -> Iterator[MailServer]:
    with mail_server(port=port) as kept:
        yield kept


@pytest.fixture
async def told(standing: Standing, port: int, there: MailServer) -> AsyncIterator[Served]:
    """A ui that knows the mail server."""
    given = {
        "REQUIRE_PROXY": "false", "SMTP_URL": f"smtp://127.0.0.1:{port}", "MAIL_FROM": "fleet@agency.example",
        "PUBLIC_URL": "https://fleet.agency.example/",
    }  # fmt: skip
    async with standing.ui(**given) as running:
        yield running


async def test_what_happened_comes_as_one_mail_with_links_and_without_captions(told: Served, there: MailServer) -> None:
    await _choose(told)
    stage = await staged(told, 2)
    async with stage.client("w1") as client:
        for lease in stage.leases:
            path = f"/api/leases/{lease['id']}"
            said = {"kind": "refused", "reason": "media_refused", "message": "too long", "post_state": "failed"}
            (await client.put(f"{path}/posts/{lease['posts'][0]['id']}/outcome", json=said)).raise_for_status()
            ending = {"outcome": "gave_up", "reason_code": "media_refused", "message": "too long"}
            (await client.put(f"{path}/outcome", json=ending)).raise_for_status()
    await _until_row(told, "SELECT count(*) = 3 FROM notices")
    assert there.mails == [], "a minute is waited for what else comes"
    await _sql(told, "UPDATE notices SET noted_at = noted_at - interval '1 minute' RETURNING id")
    await _until_row(told, "SELECT state = 'delivered' FROM mails")
    await gathering.gather(told.context)
    [mail] = there.mails
    plain, html = _parts(mail)

    assert mail["subject"] == "[sandbox] igfleet: 2 posts failed, 1 task ended with failures"
    assert (mail["from"], there.recipients) == ("igfleet <fleet@agency.example>", ["anna@example.com"])
    assert mail["auto-submitted"] == "auto-generated"
    assert "- @nord_01 clip_1.mp4 failed. too long\n  https://fleet.agency.example/posts/1\n" in plain
    assert '<a href="https://fleet.agency.example/tasks/1">' in html
    assert "Hello" not in plain + html
    assert await _sql(told, "SELECT count(*) = 1 AND bool_and(content = '{\"chapters\": []}') FROM mails")


async def test_quiet_hours_keep_all_but_what_is_urgent_and_end_with_one_mail(told: Served, there: MailServer) -> None:
    now = clock.now()
    quiet = {"quiet_from": f"{now - timedelta(hours=1):%H:%M}", "quiet_until": f"{now + timedelta(hours=1):%H:%M}"}
    await _choose(told, **quiet)
    await _sql(
        told,
        "INSERT INTO accounts (username, authorised_by) SELECT 'nord_' || n, 'x' FROM generate_series(1, 300) n"
        " RETURNING id",
    )
    await _sql(told, "UPDATE accounts SET status = 'human_verification_required' RETURNING id")
    await _lose_a_worker(told)
    await _sql(told, "UPDATE notices SET noted_at = noted_at - interval '2 minutes' RETURNING id")
    await _until(lambda: len(there.mails) == 1)
    in_the_night = there.mails[0]["subject"]
    await gathering.gather(told.context, now + timedelta(minutes=50))
    kept = await _sql(told, "SELECT count(*) FROM notices WHERE told_at IS NULL")
    await gathering.gather(told.context, now + timedelta(hours=1))
    await _until(lambda: len(there.mails) == 2)
    plain, _ = _parts(there.mails[1])

    assert (in_the_night, kept) == ("[sandbox] igfleet: 1 worker lost", 300)
    assert there.mails[1]["subject"] == "[sandbox] igfleet: 300 accounts need a person"
    assert plain.count("- @nord_") == 20
    assert "and 280 more" in plain


async def test_who_is_limited_hears_of_their_clients_things_only(told: Served, there: MailServer) -> None:
    await _choose(told, "lena", address="lena@example.com")
    await _sql(told, "UPDATE users SET clients = '{Bakery}' WHERE name = 'lena' RETURNING id")
    await _sql(
        told,
        "INSERT INTO accounts (username, authorised_by, client) VALUES ('bakery_01', 'x', 'Bakery'),"
        " ('kanarek_01', 'x', 'Kanarek') RETURNING id",
    )
    await _sql(told, "UPDATE accounts SET status = 'suspended' RETURNING id")
    await _lose_a_worker(told)
    await _sql(told, "UPDATE notices SET noted_at = noted_at - interval '2 minutes' RETURNING id")
    await _until_row(told, "SELECT count(*) = 0 FROM notices WHERE told_at IS NULL")
    await _until(lambda: len(there.mails) == 1)

    assert there.mails[0]["subject"] == "[sandbox] igfleet: 1 account needs a person"
    assert "kanarek" not in "".join(_parts(there.mails[0]))


async def test_a_mail_is_tried_again_later_and_given_up_when_there_is_no_such_address(
    told: Served, there: MailServer
) -> None:
    there.answers[:] = ["451 Come back later", "550 No such user here"]
    async with told.signed_in() as browser:
        await _choose(told, browser=browser)
        await _post(browser, "/me/notifications/tests")
        again = await _post(browser, "/me/notifications/tests")
        await _until_row(told, "SELECT attempts = 1 AND answer <> '' AND next_at > now() FROM mails")
        waiting = await browser.get("/me/notifications")
        await _sql(told, "UPDATE mails SET next_at = now() RETURNING id")
        await _until_row(told, "SELECT state = 'failed' AND attempts = 2 FROM mails")
        listed = await browser.get("/settings/webhooks")
        await _post(browser, "/settings/webhooks/mails/1/replay")
        await _until_row(told, "SELECT state = 'delivered' FROM mails")

    assert again.status_code == 409
    assert "The mail server answered 451 Come back later" in waiting.text
    assert "The mail server answered 550 No such user here" in listed.text
    assert there.mails[0]["subject"] == "[sandbox] igfleet: 1 test"


async def test_what_is_chosen_is_checked_and_kept_until_no_address_is_given(told: Served) -> None:
    wrong = {"address": "anna@example.com\nBcc: x@y.example", "quiet_from": "22:00", "timezone": "Moon", "events": []}
    async with told.signed_in() as browser:
        refused = await _choose(told, browser=browser, **wrong)
        half = await _choose(told, browser=browser, quiet_from="22:00")
        await _choose(told, browser=browser, quiet_from="22:00", quiet_until="07:00", timezone="Europe/Oslo")
        kept = await browser.get("/me/notifications")
        await _choose(told, browser=browser, address="")
        test = await _post(browser, "/me/notifications/tests")

    assert refused.status_code == half.status_code == 422
    assert all(words in refused.text for words in ("Write an address", "no time zone", "at least one event"))
    assert "a beginning and an end" in half.text
    assert 'value="Europe/Oslo"' in kept.text
    assert await _sql(told, "SELECT count(*) FROM mail_choices") == 0
    assert test.status_code == 404
    assert await _sql(told, "SELECT count(*) FROM audit WHERE action = 'mail_choice_changed'") == 2


async def test_nothing_goes_to_another_machine_in_the_clear(tmp_path: Path, there: MailServer) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "fleet@agency.example", "anna@example.com", "x"
    authority = Authority(tmp_path)
    with mail_server(tls=authority.server_context()) as sealed:
        await _postman(tmp_path, sealed.port, EGRESS_CA_FILE=authority.file).deliver(mail)
        with pytest.raises(NotDelivered, match="certificate"):
            await _postman(tmp_path, sealed.port).deliver(mail)
        wrong = _postman(tmp_path, sealed.port, "canary-other-word", EGRESS_CA_FILE=authority.file)
        with pytest.raises(NotDelivered, match="535") as refused:
            await wrong.deliver(mail)
    with pytest.raises(NotDelivered, match="STARTTLS"):
        await _postman(tmp_path, there.port).deliver(mail)
    with pytest.raises(NotDelivered, match="not a public address"):
        await _postman(tmp_path, there.port, IGFLEET_MODE="live").deliver(mail)

    assert (sealed.were_sealed, sealed.users[0]) == ([True], ("fleet", _WORD))
    assert "canary" not in str(refused.value)
    assert there.users == there.mails == []


def _postman(folder: Path, port: int, word: str = _WORD, **more: Any) -> Postman:
    given = {"IGFLEET_DATA_DIR": folder, "SMTP_URL": f"smtp://fleet:{word}@{_HOST}:{port}", **more}
    return Postman(load(UiSettings, **given), _names)


async def _names(_host: str) -> Sequence[str]:
    return ["127.0.0.1"]


async def _choose(ui: Served, name: str = "anna", browser: Any = None, **other: Any) -> Any:
    """By the form, as they do it themselves."""
    if browser is not None:
        return await _post(browser, "/me/notifications", **(_FORM | other))
    async with _session(ui, name) as fresh:
        return await _post(fresh, "/me/notifications", **(_FORM | other))


def _session(ui: Served, name: str) -> Any:
    return ui.signed_in(name) if name == "anna" else ui.signed_in(name, Role.OPERATOR)


async def _post(browser: Any, path: str, **form: Any) -> Any:
    answer = await browser.post(path, data={"csrf": await form_token(browser), **form})
    assert answer.status_code < 500, answer.text
    return answer


async def _lose_a_worker(ui: Served) -> None:
    """A minute ago; who wants to hear of it said so before."""
    await _sql(ui, "UPDATE mail_choices SET changed_at = now() - interval '1 hour' RETURNING user_id")
    await _sql(
        ui,
        "INSERT INTO workers (name, version, slots, kinds, methods, seen_at) VALUES"
        " ('w9', '0', 1, '[]', '[]', now() - interval '61 seconds') RETURNING id",
    )
    await _until_row(ui, "SELECT count(*) = 1 FROM notices WHERE event = 'worker_lost'")


def _parts(mail: EmailMessage) -> tuple[str, str]:
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    return re.sub(r"\r\n", "\n", plain.get_content()), html.get_content()


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not is_so():  # noqa: ASYNC110  # what another thread writes
            await asyncio.sleep(0.05)


async def _until_row(ui: Served, statement: str) -> None:
    async with asyncio.timeout(60):
        while not await _sql(ui, statement):  # noqa: ASYNC110  # another process
            await asyncio.sleep(0.05)


async def _sql(ui: Served, statement: str) -> Any:
    async with ui.context.database.sessions.begin() as session:
        return (await session.execute(text(statement.replace(":", r"\:")))).scalar()
