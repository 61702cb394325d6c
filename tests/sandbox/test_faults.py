"""Each scripted fault meets the real client library as Instagram's own would."""

from collections.abc import Callable
from pathlib import Path

import anyio.to_thread
import pytest
import requests
from instagrapi import Client, exceptions

from igfleet.sandbox.client import SandboxControl
from igfleet.sandbox.faults import Act, Fault
from igfleet.sandbox.sandbox import Sandbox

pytestmark = pytest.mark.anyio

MET: dict[str, type[Exception]] = {
    "throttled_429": exceptions.ClientThrottledError,
    "please_wait": exceptions.PleaseWaitFewMinutes,
    "rate_limit_error": exceptions.RateLimitError,
    "feedback_required": exceptions.FeedbackRequired,
    "sentry_block": exceptions.SentryBlock,
    "login_required": exceptions.LoginRequired,
    "challenge_native": exceptions.ChallengeRequired,
    "challenge_platform": exceptions.ChallengeRequired,
    "suspended": exceptions.AccountSuspended,
    "checkpoint_required": exceptions.UnknownError,
    "consent_required": exceptions.UnknownError,
    "account_disabled": exceptions.UnknownError,
    "ip_block": exceptions.UnknownError,
    "bad_password": exceptions.BadPassword,
    "invalid_user": exceptions.ProxyAddressIsBlocked,
    "two_factor_required": exceptions.TwoFactorRequired,
    "needs_upgrade": exceptions.UnknownError,
    "media_unavailable": exceptions.MediaUnavailable,
    "not_found": exceptions.ClientNotFoundError,
    "masked_challenge": KeyError,
    "bad_request": exceptions.ClientBadRequestError,
    "other_message": exceptions.UnknownError,
    "video_too_long": exceptions.VideoTooLongException,
    "unauthorized_401": exceptions.ClientUnauthorizedError,
    "forbidden_403": exceptions.ClientForbiddenError,
    "server_500": exceptions.ClientError,
    "bad_gateway_502": exceptions.ClientError,
    "unavailable_503": exceptions.ClientError,
    "html_200": exceptions.ClientJSONDecodeError,
    "bad_json": exceptions.ClientJSONDecodeError,
}


@pytest.fixture
async def signed_in(sandbox: Sandbox, client_of: Callable[..., Client]) -> Client:
    sandbox.world.add_account("nord_01", "correct horse")
    client = client_of(private_transport="requests", session_retry_total=0)
    await anyio.to_thread.run_sync(lambda: client.login("nord_01", "correct horse"))
    return client


@pytest.mark.parametrize(("refusal", "raised"), MET.items())
async def test_a_refusal_is_told_apart(
    sandbox: Sandbox, signed_in: Client, refusal: str, raised: type[Exception]
) -> None:
    sandbox.world.faults.add(Fault(act=Act.REFUSE, refusal=refusal, account="nord_01", path="current_user", count=9))

    with pytest.raises(raised):
        await anyio.to_thread.run_sync(signed_in.account_info)


@pytest.mark.parametrize("act", [Act.DROP_AFTER, Act.CUT_AFTER])
async def test_a_lost_answer_is_recorded_as_unacknowledged(
    sandbox: Sandbox, signed_in: Client, clip: Path, cover: Path, act: Act
) -> None:
    sandbox.world.faults.add(Fault(act=act, path="configure_to_clips", count=9))

    with pytest.raises((exceptions.ClientError, requests.RequestException)):
        await anyio.to_thread.run_sync(lambda: signed_in.clip_upload(clip, "once", cover, configure_timeout=0))

    assert sandbox.world.ledger.media
    assert not any(medium.acknowledged for medium in sandbox.world.ledger.media)


async def test_the_library_itself_publishes_twice_when_left_alone(
    sandbox: Sandbox, client_of: Callable[..., Client], clip: Path, cover: Path
) -> None:
    """Why igfleet has a commit of its own: the stock transport re-sends, and the ledger sees it."""
    sandbox.world.add_account("nord_02", "correct horse")
    client = client_of()
    await anyio.to_thread.run_sync(lambda: client.login("nord_02", "correct horse"))
    sandbox.world.faults.add(Fault(act=Act.DROP_AFTER, path="configure_to_clips"))

    await anyio.to_thread.run_sync(lambda: client.clip_upload(clip, "once", cover, configure_timeout=0))

    assert len(sandbox.world.ledger.media) == 2
    assert {found["by"] for found in sandbox.world.ledger.duplicates()} == {"sha256", "upload_id"}


async def test_dropped_before_means_nothing_was_done(
    sandbox: Sandbox, signed_in: Client, clip: Path, cover: Path
) -> None:
    sandbox.world.faults.add(Fault(act=Act.DROP_BEFORE, path="configure_to_clips", count=9))

    with pytest.raises((exceptions.ClientError, requests.RequestException)):
        await anyio.to_thread.run_sync(lambda: signed_in.clip_upload(clip, "never", cover, configure_timeout=0))

    assert sandbox.world.ledger.media == []


async def test_other_hosts_are_refused_and_recorded(sandbox: Sandbox) -> None:
    def ask() -> None:
        requests.get("https://example.test/", proxies={"https": sandbox.proxy_url}, timeout=5)

    with pytest.raises(requests.exceptions.ProxyError):
        await anyio.to_thread.run_sync(ask)

    assert dict(sandbox.world.ledger.leaks) == {"example.test:443": 1}


async def test_a_registered_proxy_wants_its_password(sandbox: Sandbox, client_of: Callable[..., Client]) -> None:
    with SandboxControl(sandbox.control_url) as control:
        await anyio.to_thread.run_sync(lambda: control.post("proxies", username="p01", password="right"))
    sandbox.world.add_account("nord_01", "correct horse")
    client = client_of(private_transport="requests")
    client.set_proxy(sandbox.proxy_url.replace("http://", "http://p01:wrong@"))

    with pytest.raises((exceptions.ClientError, requests.RequestException)):
        await anyio.to_thread.run_sync(lambda: client.login("nord_01", "correct horse"))

    assert [entry.path for entry in sandbox.world.journal] == []


async def test_the_control_api_sets_the_stage(sandbox: Sandbox) -> None:
    def play() -> tuple[object, object, object]:
        with SandboxControl(sandbox.control_url) as control:
            control.post("accounts", accounts=[{"username": "nord_07", "password": "correct horse"}])
            fault = control.post("faults", act="refuse", refusal="please_wait", count=2)
            return control.get("status")["accounts"], fault["count"], control.get("ledger")["media"]

    assert await anyio.to_thread.run_sync(play) == (1, 2, [])


async def test_a_restart_keeps_accounts_and_media(tmp_path: Path) -> None:
    async with Sandbox(tmp_path) as first:
        first.world.add_account("nord_01", "correct horse")
    async with Sandbox(tmp_path) as second:
        assert set(second.world.accounts) == {"nord_01"}
