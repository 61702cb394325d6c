"""The library's known traps, numbered as in docs/instagram-client.md, each met by the real adapter.

8 (`UnknownError` is a bag) and 19 (a wrong and a missing code look alike) also stand in test_translate and
test_sign_in, 5 and 7 for the commit in test_commit_wire. 10 (`user_follow` is two calls) stands in test_people, 11
(`account_edit` sends all fields again) in test_profile.
"""

import json
import time
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
import requests
from instagrapi.exceptions import ClientConnectionError, ClientThrottledError
from tests.instagram.accounts import material, signed_in
from tests.instagram.conftest import TOTP_SECRET, Stage
from tests.instagram.line import Line, closes, is_silent, says
from tests.pictures import distance

from igfleet.errors import ChallengeRequired, GiveUp, NeedsPerson
from igfleet.instagram.adapters.client import new_client
from igfleet.instagram.adapters.instagrapi_client import InstagrapiPublisher
from igfleet.instagram.adapters.session import material_of
from igfleet.instagram.adapters.trust import bundle
from igfleet.instagram.gateway import Reel
from igfleet.reasons import ReasonCode

pytestmark = pytest.mark.anyio
WINDOW = timedelta(seconds=10)
PROXY = "http://127.0.0.1:9"
STALE = {
    "tls_verify": "/nowhere/ca.pem",
    "private_transport": "curl",
    "request_timeout": 9,
    "session_retry_total": 3,
    "proxy": "http://127.0.0.1:1",
}


def unseen(_sent: int, _size: int) -> None:
    pass


async def test_01_ca_variables_of_the_environment_do_not_beat_ours(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, "/nowhere/ca.pem")
    monkeypatch.setenv("HTTPS_PROXY", PROXY)

    await stage.signed_in()

    assert stage.asked_for("send_login_request") == 1


def test_02_stored_settings_do_not_override_how_the_client_is_made() -> None:
    client, transport = new_client(signed_in(**STALE), PROXY, True)

    assert (client.tls_verify, client.request_timeout, client.session_retry_total) == (True, 0, 0)
    assert client.private.proxies["https"] == PROXY
    assert client.private.get_adapter("https://i.instagram.com/api/v1/") is transport
    assert not set(STALE) & set(json.loads(material_of(client).settings.get_secret_value()))


def test_02b_the_transport_survives_settings_that_are_set_again() -> None:
    client, transport = new_client(signed_in(), PROXY, True)

    client.set_settings(client.get_settings())
    client.set_retry_config(session_retry_total=3, private_transport="requests")

    hosts = ("i.instagram.com", "b.i.instagram.com", "www.instagram.com")
    sessions = (client.private, client.public, client.graphql)
    assert {session.get_adapter(f"https://{host}/x") for session in sessions for host in hosts} == {transport}


def test_03_request_timeout_is_a_delay_and_is_off(tmp_path: Path) -> None:
    with Line(tmp_path / "ca", [says(200, {"status": "ok"})]) as line:
        client, _ = new_client(signed_in(), line.proxy_url, bundle(line.ca_file, tmp_path))
        started = time.monotonic()
        for _ in range(3):
            client.private_request("accounts/current_user/")

    assert time.monotonic() - started < 0.9


def test_04_every_request_has_an_end(tmp_path: Path) -> None:
    with Line(tmp_path / "ca", [is_silent]) as line:
        client, transport = new_client(signed_in(), line.proxy_url, bundle(line.ca_file, tmp_path))
        started = time.monotonic()
        with pytest.raises(ClientConnectionError), transport.within(0.4):
            client.private_request("accounts/current_user/")

    assert time.monotonic() - started < 2


@pytest.mark.parametrize("body", [None, {"a": "b"}])
def test_05_a_request_whose_answer_is_lost_is_not_sent_again(tmp_path: Path, body: dict[str, str] | None) -> None:
    with Line(tmp_path / "ca", [closes]) as line:
        client, _ = new_client(signed_in(), line.proxy_url, bundle(line.ca_file, tmp_path))
        with pytest.raises(ClientConnectionError):
            client.private_request("media/1/like/", body)

    assert len(line.requests) == 1


def test_05b_a_kept_connection_that_died_does_not_lead_to_a_second_sending(tmp_path: Path) -> None:
    with Line(tmp_path / "ca", [says(200, {"status": "ok"}), closes]) as line:
        client, _ = new_client(signed_in(), line.proxy_url, bundle(line.ca_file, tmp_path))
        client.private_request("media/1/like/", {"a": "b"})
        with pytest.raises(ClientConnectionError):
            client.private_request("media/2/like/", {"a": "b"})

    assert len(line.requests) == 2


def test_06_a_429_is_seen_and_not_absorbed(tmp_path: Path) -> None:
    with Line(tmp_path / "ca", [says(429, {"status": "fail"}), says(200, {"status": "ok"})]) as line:
        client, _ = new_client(signed_in(), line.proxy_url, bundle(line.ca_file, tmp_path))
        with pytest.raises(ClientThrottledError):
            client.private_request("accounts/current_user/")

    assert len(line.requests) == 1


def test_06b_a_408_is_not_waited_out_and_sent_again(tmp_path: Path) -> None:
    with Line(tmp_path / "ca", [says(408, b"")]) as line:
        client, _ = new_client(signed_in(), line.proxy_url, bundle(line.ca_file, tmp_path))
        with pytest.raises(requests.exceptions.ReadTimeout):
            client.private_request("accounts/login/", {"a": "b"})

    assert len(line.requests) == 1


def test_07_nothing_handles_exceptions_behind_our_back() -> None:
    client, _ = new_client(signed_in(), PROXY, True)

    assert client.handle_exception is None
    assert client.with_challenge_flow is False


async def test_09_a_look_up_never_falls_back_to_the_public_web_site(stage: Stage, reel: Reel) -> None:
    publisher = await stage.signed_in()

    with pytest.raises(GiveUp):
        await publisher.prepare(replace(reel, mentions=("nobody_here",)), unseen)
    stage.sandbox.world.accounts["nord_01"].sessions.clear()
    await publisher.sign_in()

    assert {entry.host for entry in stage.sandbox.world.journal} <= {"i.instagram.com", "b.i.instagram.com"}
    assert stage.sandbox.world.ledger.leaks == {}


async def test_12_the_cover_is_encoded_again_but_shows_the_same(stage: Stage, reel: Reel, tmp_path: Path) -> None:
    publisher = await stage.signed_in()

    await publisher.commit(await publisher.prepare(reel, unseen), WINDOW)
    arrived = tmp_path / "arrived.jpg"
    arrived.write_bytes(bytes(next(iter(stage.sandbox.world.uploads.covers.values())).data))

    assert sha256(arrived.read_bytes()).digest() != sha256(reel.cover.read_bytes()).digest()
    assert distance(arrived, reel.cover) <= 8


async def test_13_the_upload_id_is_ours_not_the_clock(stage: Stage, reel: Reel) -> None:
    publisher = await stage.signed_in()

    first = await publisher.prepare(reel, unseen)
    second = await publisher.prepare(reel, unseen)

    assert first.upload_id == second.upload_id == reel.upload_id
    assert {upload.upload_id for upload in stage.sandbox.world.uploads.by_name.values()} == {reel.upload_id}


async def test_14_a_failure_after_the_sign_in_does_not_lose_the_session(stage: Stage) -> None:
    stage.fault("drop_before", "feed/timeline")

    with pytest.raises(Exception, match="connection"):
        await stage.open().sign_in()

    assert "authorization_data" in json.loads(stage.kept[0].settings.get_secret_value())


async def test_15_an_error_is_judged_by_itself_not_by_the_clients_last_answer(stage: Stage) -> None:
    publisher = await stage.signed_in()
    assert isinstance(publisher, InstagrapiPublisher)
    stage.fault("drop_before", "feed/user")
    publisher._client.last_json = {"message": "challenge_required", "status": "fail"}

    with pytest.raises(Exception, match="connection to Instagram failed"):
        await publisher.recent_media()


async def test_16_a_listing_is_never_an_old_one(stage: Stage, reel: Reel) -> None:
    looking = await stage.signed_in()
    publishing = stage.open(stage.account(sessions=(stage.kept[0],)))
    await publishing.sign_in()

    before = await looking.recent_media()
    await publishing.commit(await publishing.prepare(reel, unseen), WINDOW)
    after = await looking.recent_media()

    assert (before.media_count, after.media_count) == (0, 1)
    assert len(after.media) == 1


async def test_17_nothing_is_printed(stage: Stage, reel: Reel, capfd: pytest.CaptureFixture[str]) -> None:
    from instagrapi import Client

    stage.sandbox.world.add_account("nord_01", "correct horse 7", TOTP_SECRET)
    stage.codes = [Client().totp_generate_code(TOTP_SECRET)]
    publisher = stage.open(stage.account(has_totp=True))

    await publisher.sign_in()
    await publisher.commit(await publisher.prepare(reel, unseen), WINDOW)

    assert capfd.readouterr().out == ""


async def test_18_nothing_is_asked_after_the_reel_exists(stage: Stage, reel: Reel) -> None:
    publisher = await stage.signed_in()

    await publisher.commit(await publisher.prepare(reel, unseen), WINDOW)

    assert stage.paths()[-1] == "POST /api/v1/media/configure_to_clips/"


def test_20_no_handler_reads_from_the_keyboard() -> None:
    client, _ = new_client(signed_in(), PROXY, True)

    with pytest.raises(ChallengeRequired, match="nord_01"):
        client.challenge_code_handler("nord_01", "email")
    with pytest.raises(ChallengeRequired, match="nord_01"):
        client.change_password_handler("nord_01")


@pytest.mark.parametrize("proxy_url", ["", "127.0.0.1:8080", "socks5://127.0.0.1:1080"])
def test_21_without_a_proxy_there_is_no_client(proxy_url: str) -> None:
    with pytest.raises(NeedsPerson) as raised:
        new_client(signed_in(), proxy_url, True)

    assert raised.value.reason is ReasonCode.PROXY_MISSING


def test_21b_a_client_that_lost_its_proxy_sends_nothing_directly() -> None:
    client, _ = new_client(signed_in(), PROXY, True)
    client.set_proxy(None)

    with pytest.raises(ClientConnectionError, match="no proxy"):
        client.private_request("accounts/current_user/")


def test_a_device_without_a_session_is_kept_and_taken_up_again() -> None:
    first, _ = new_client(signed_in().model_copy(update={"sessions": ()}), PROXY, True)
    kept = json.loads(material_of(first).settings.get_secret_value())

    second, _ = new_client(signed_in().model_copy(update={"sessions": (material(**kept),)}), PROXY, True)

    assert second.uuid == first.uuid
    assert second.android_device_id == first.android_device_id
    assert "cookies" not in kept
