"""Every refusal, met while reading, signing in and uploading, becomes the error whose next step is right."""

import pytest
import requests
from instagrapi import exceptions as library
from pydantic import BaseModel, ValidationError
from tests.instagram.conftest import Stage

from igfleet import errors
from igfleet.errors import RunError
from igfleet.instagram.adapters.refusal import Phase
from igfleet.instagram.adapters.translate import translated
from igfleet.reasons import ReasonCode as R
from igfleet.sandbox.refusals import REFUSALS

pytestmark = pytest.mark.anyio

READING: dict[str, tuple[type[RunError], R]] = {
    "throttled_429": (errors.RateLimited, R.RATE_LIMITED),
    "please_wait": (errors.RateLimited, R.RATE_LIMITED),
    "rate_limit_error": (errors.RateLimited, R.RATE_LIMITED),
    "feedback_required": (errors.RetryLater, R.ACTION_BLOCKED),
    "sentry_block": (errors.RetryLater, R.ACTION_BLOCKED),
    "login_detour": (errors.NeedsPerson, R.UNEXPECTED_ERROR),
    "login_required": (errors.SessionOver, R.SESSION_OVER),
    "challenge_native": (errors.ChallengeRequired, R.CHALLENGE_REQUIRED),
    "challenge_platform": (errors.ChallengeRequired, R.CHALLENGE_REQUIRED),
    "suspended": (errors.AccountDisabled, R.ACCOUNT_SUSPENDED),
    "checkpoint_required": (errors.NeedsPerson, R.CHECKPOINT_REQUIRED),
    "consent_required": (errors.NeedsPerson, R.CONSENT_REQUIRED),
    "account_disabled": (errors.AccountDisabled, R.ACCOUNT_DISABLED),
    "ip_block": (errors.NeedsPerson, R.PROXY_BLOCKED),
    "bad_password": (errors.BadPassword, R.BAD_PASSWORD),
    "invalid_user": (errors.BadPassword, R.BAD_PASSWORD),
    "two_factor_required": (errors.NeedsPerson, R.TWO_FACTOR_REQUIRED),
    "needs_upgrade": (errors.NeedsPerson, R.CLIENT_OUTDATED),
    "media_unavailable": (errors.GiveUp, R.MEDIA_MISSING),
    "not_found": (errors.NeedsPerson, R.CLIENT_OUTDATED),
    "masked_challenge": (errors.ChallengeRequired, R.CHALLENGE_REQUIRED),
    "bad_request": (errors.NeedsPerson, R.UNEXPECTED_ERROR),
    "other_message": (errors.NeedsPerson, R.UNEXPECTED_ERROR),
    "video_too_long": (errors.MediaRefused, R.MEDIA_REFUSED),
    "unauthorized_401": (errors.SessionOver, R.SESSION_OVER),
    "forbidden_403": (errors.NeedsPerson, R.UNEXPECTED_ERROR),
    "timeout_408": (errors.NetworkTrouble, R.NETWORK_TROUBLE),
    "server_500": (errors.RetryLater, R.SERVER_TROUBLE),
    "bad_gateway_502": (errors.RetryLater, R.SERVER_TROUBLE),
    "unavailable_503": (errors.RetryLater, R.SERVER_TROUBLE),
    "html_200": (errors.RetryLater, R.SERVER_TROUBLE),
    "empty_200": (errors.RetryLater, R.SERVER_TROUBLE),
    "bad_json": (errors.RetryLater, R.SERVER_TROUBLE),
    "media_needs_reupload": (errors.NeedsPerson, R.UNEXPECTED_ERROR),
    "transcode_pending": (errors.RetryLater, R.SERVER_TROUBLE),
}


def test_the_table_knows_every_refusal_of_the_sandbox() -> None:
    assert set(READING) == set(REFUSALS)


async def test_each_refusal_of_a_read_has_its_class_and_costs_one_request(stage: Stage) -> None:
    publisher = await stage.signed_in()
    got: dict[str, tuple[type[RunError], R]] = {}

    for refusal in READING:
        stage.sandbox.world.journal.clear()
        stage.fault("refuse", "feed/user", refusal)
        with pytest.raises(RunError) as raised:
            await publisher.recent_media()
        got[refusal] = (type(raised.value), raised.value.reason)
        assert len(stage.paths()) == 1, refusal

    assert got == READING


async def test_a_wait_that_is_named_is_kept(stage: Stage) -> None:
    publisher = await stage.signed_in()
    stage.fault("refuse", "feed/user", "throttled_429")

    with pytest.raises(errors.RateLimited) as raised:
        await publisher.recent_media()

    assert raised.value.after is not None
    assert raised.value.after.total_seconds() == 60


class _Model(BaseModel):
    number: int


def _invalid() -> ValidationError:
    try:
        _Model.model_validate({"number": "x"})
    except ValidationError as error:
        return error
    raise AssertionError


@pytest.mark.parametrize(
    ("error", "phase", "kind", "reason"),
    [
        (requests.exceptions.ReadTimeout("slow"), Phase.READ, errors.NetworkTrouble, R.NETWORK_TROUBLE),
        (requests.exceptions.ConnectTimeout("slow"), Phase.READ, errors.ProxyTrouble, R.PROXY_UNREACHABLE),
        (requests.exceptions.SSLError("bad"), Phase.UPLOAD, errors.NetworkTrouble, R.NETWORK_TROUBLE),
        (requests.exceptions.RetryError("429"), Phase.READ, errors.NetworkTrouble, R.NETWORK_TROUBLE),
        (requests.exceptions.ProxyError("gone"), Phase.LOGIN, errors.ProxyTrouble, R.PROXY_UNREACHABLE),
        (
            library.ClientConnectionError("ProxyError … Tunnel connection failed: 407 Proxy Authentication Required"),
            Phase.LOGIN, errors.NeedsPerson, R.PROXY_AUTH_FAILED,
        ),
        (library.ClientConnectionError("SSLError bad"), Phase.LOGIN, errors.NetworkTrouble, R.NETWORK_TROUBLE),
        (KeyError("challenge"), Phase.READ, errors.ChallengeRequired, R.CHALLENGE_REQUIRED),
        (KeyError("user"), Phase.READ, errors.NeedsPerson, R.UNEXPECTED_ERROR),
        (TypeError("int() of None"), Phase.LOGIN, errors.NeedsPerson, R.UNEXPECTED_ERROR),
        (EOFError(), Phase.LOGIN, errors.NeedsPerson, R.UNEXPECTED_ERROR),
        (AssertionError("step"), Phase.LOGIN, errors.ChallengeRequired, R.CHALLENGE_REQUIRED),
        (AssertionError("Path must been Path"), Phase.UPLOAD, errors.MediaRefused, R.MEDIA_REFUSED),
        (ValueError("Invalid file format"), Phase.UPLOAD, errors.MediaRefused, R.MEDIA_REFUSED),
        (_invalid(), Phase.READ, errors.NeedsPerson, R.UNEXPECTED_ERROR),
        (library.ReloginAttemptExceeded(), Phase.LOGIN, errors.ChallengeRequired, R.CHALLENGE_REQUIRED),
        (library.BadCredentials(), Phase.LOGIN, errors.NeedsPerson, R.CREDENTIALS_MISSING),
        (
            library.ClientError("CAA login did not return a session", caa_actions=["CAA_X:1"]),
            Phase.LOGIN, errors.NeedsPerson, R.CLIENT_OUTDATED,
        ),
        (
            library.UnknownError(message="Please check the security code and try again."),
            Phase.LOGIN, errors.NeedsPerson, R.TWO_FACTOR_REQUIRED,
        ),
        (library.UnknownError(message="something new"), Phase.LOGIN, errors.NeedsPerson, R.UNEXPECTED_ERROR),
        (library.SelectContactPointRecoveryForm(), Phase.READ, errors.ChallengeRequired, R.CHALLENGE_REQUIRED),
        (library.CaptchaChallengeRequired(), Phase.LOGIN, errors.ChallengeRequired, R.CHALLENGE_REQUIRED),
        (library.LocationNotFound(), Phase.UPLOAD, errors.GiveUp, R.LOCATION_NOT_FOUND),
        (library.UserNotFound(), Phase.UPLOAD, errors.GiveUp, R.MENTION_NOT_FOUND),
    ],
    ids=lambda value: f"{type(value).__name__}" if isinstance(value, Exception) else str(value),
)  # fmt: skip
def test_each_exception_in_its_phase_has_its_class(
    error: Exception, phase: Phase, kind: type[RunError], reason: R
) -> None:
    with pytest.raises(RunError) as raised, translated("nord_01", phase):
        raise error

    assert (type(raised.value), raised.value.reason) == (kind, reason)
    assert raised.value.__cause__ is error
    assert str(raised.value).startswith("nord_01: ")


def test_our_own_errors_and_interrupts_pass_as_they_are() -> None:
    own = errors.Cancelled("stop")

    with pytest.raises(errors.Cancelled) as raised, translated("nord_01", Phase.READ):
        raise own
    with pytest.raises(KeyboardInterrupt), translated("nord_01", Phase.READ):
        raise KeyboardInterrupt

    assert raised.value is own
