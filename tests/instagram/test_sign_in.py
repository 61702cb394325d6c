import json

import pytest
from tests.instagram.accounts import material
from tests.instagram.conftest import TOTP_SECRET, Stage

from igfleet.errors import BadPassword, NeedsPerson, RateLimited, RunError
from igfleet.instagram.gateway import SignIn
from igfleet.reasons import ReasonCode

pytestmark = pytest.mark.anyio
SEND_LOGIN = "send_login_request"


def settings_of(stage: Stage, at: int = -1) -> dict[str, object]:
    settings: dict[str, object] = json.loads(stage.kept[at].settings.get_secret_value())
    return settings


async def test_a_password_gives_a_session_that_is_kept(stage: Stage) -> None:
    how = await stage.open().sign_in()

    assert how is SignIn.SIGNED_IN
    assert len(stage.kept) == 1
    assert settings_of(stage)["authorization_data"]
    assert stage.asked_for(SEND_LOGIN) == 1


async def test_a_new_device_is_at_home_where_its_account_is(stage: Stage) -> None:
    await stage.open().sign_in()

    assert settings_of(stage)["locale"] == "de_DE"
    assert settings_of(stage)["timezone_offset"] in (3600, 7200)


async def test_a_stored_session_is_restored_with_one_call(stage: Stage) -> None:
    await stage.open().sign_in()
    stage.sandbox.world.journal.clear()

    how = await stage.open(stage.account(sessions=(stage.kept[0],))).sign_in()

    assert how is SignIn.RESTORED
    assert stage.paths() == ["GET /api/v1/accounts/current_user/"]


async def test_an_ended_session_is_mended_by_one_sign_in_of_the_same_device(stage: Stage) -> None:
    await stage.open().sign_in()
    nord = stage.sandbox.world.accounts["nord_01"]
    nord.sessions.clear()

    how = await stage.open(stage.account(sessions=(stage.kept[0],))).sign_in()

    assert how is SignIn.SIGNED_IN
    assert stage.asked_for(SEND_LOGIN) == 2
    assert len(nord.devices) == 1
    assert settings_of(stage)["uuids"] == settings_of(stage, 0)["uuids"]


async def test_an_ended_session_without_a_password_needs_a_person(stage: Stage) -> None:
    account = stage.account(password=None, sessions=(material(authorization_data={"ds_user_id": "1"}),))

    with pytest.raises(NeedsPerson) as raised:
        await stage.open(account).sign_in()

    assert raised.value.reason is ReasonCode.CREDENTIALS_MISSING


async def test_the_totp_code_is_asked_for_once_and_only_when_wanted(stage: Stage) -> None:
    from instagrapi import Client

    stage.sandbox.world.add_account("nord_01", "correct horse 7", TOTP_SECRET)
    stage.codes = [Client().totp_generate_code(TOTP_SECRET)]

    how = await stage.open(stage.account(has_totp=True)).sign_in()

    assert how is SignIn.SIGNED_IN
    assert stage.asked == 1
    assert stage.asked_for(SEND_LOGIN) == 1


async def test_a_wrong_second_factor_needs_a_person_after_one_try(stage: Stage) -> None:
    stage.sandbox.world.add_account("nord_01", "correct horse 7", TOTP_SECRET)
    stage.codes = ["000000"]

    with pytest.raises(NeedsPerson) as raised:
        await stage.open(stage.account(has_totp=True)).sign_in()

    assert raised.value.reason is ReasonCode.TWO_FACTOR_REQUIRED
    assert stage.asked == 1
    assert stage.asked_for(SEND_LOGIN) == 1


async def test_a_wrong_password_is_tried_once_and_keeps_the_device(stage: Stage) -> None:
    wrong = stage.account(password="wrong horse 8")

    with pytest.raises(BadPassword):
        await stage.open(wrong).sign_in()
    with pytest.raises(BadPassword):
        await stage.open(wrong.model_copy(update={"sessions": (stage.kept[0],)})).sign_in()

    assert settings_of(stage)["uuids"] == settings_of(stage, 0)["uuids"]
    assert "authorization_data" not in settings_of(stage)


async def test_an_unknown_user_name_is_not_taken_for_a_blocked_proxy(stage: Stage) -> None:
    with pytest.raises(BadPassword, match="user name"):
        await stage.open(stage.account(username="nord_99")).sign_in()


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("challenge_native", ReasonCode.CHALLENGE_REQUIRED),
        ("checkpoint_required", ReasonCode.CHECKPOINT_REQUIRED),
        ("consent_required", ReasonCode.CONSENT_REQUIRED),
        ("suspended", ReasonCode.ACCOUNT_SUSPENDED),
        ("account_disabled", ReasonCode.ACCOUNT_DISABLED),
    ],
)
async def test_a_stopped_account_is_left_in_peace(stage: Stage, state: str, reason: ReasonCode) -> None:
    await stage.open().sign_in()
    stage.sandbox.world.add_account("nord_01", "correct horse 7", state=state)
    stage.sandbox.world.journal.clear()

    with pytest.raises(RunError) as raised:
        await stage.open(stage.account(sessions=(stage.kept[0],))).sign_in()

    assert raised.value.reason is reason
    assert len(stage.paths()) == 1


async def test_a_session_is_kept_although_what_follows_the_sign_in_fails(stage: Stage) -> None:
    stage.fault("refuse", "feed/reels_tray", "please_wait")

    with pytest.raises(RateLimited):
        await stage.open().sign_in()
    how = await stage.open(stage.account(sessions=(stage.kept[-1],))).sign_in()

    assert how is SignIn.RESTORED
    assert stage.asked_for(SEND_LOGIN) == 1


async def test_a_restored_session_is_stored_again_only_when_it_changed(stage: Stage) -> None:
    await stage.open().sign_in()

    again = stage.account(sessions=(stage.kept[0],))
    await stage.open(again).sign_in()
    await stage.open(stage.account(sessions=(stage.kept[-1],))).sign_in()

    assert len(stage.kept) == 1
