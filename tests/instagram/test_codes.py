"""Codes at the sign-in and in answer to calls: asked for once, handed in by the same dialogue, now or later."""

import pytest
from pydantic import SecretStr
from tests.instagram.conftest import PASSWORD, TOTP_SECRET, Stage

from igfleet.contracts.challenges import ChallengeKind, LeasedChallenge
from igfleet.contracts.leases import LeasedAccount
from igfleet.errors import ChallengeRequired, NeedsPerson, RateLimited
from igfleet.instagram.gateway import SignIn
from igfleet.sandbox.people import SimAccount
from igfleet.totp import code_at

pytestmark = pytest.mark.anyio
SEND_LOGIN = "send_login_request"
CHALLENGE = "/challenge/"


def nord(stage: Stage, **more: object) -> SimAccount:
    given = {"email": "nord@example.com", "phone": "+49 170 0000009"}
    return stage.sandbox.world.add_account("nord_01", PASSWORD, **(given | more))  # type: ignore[arg-type]


def sent(stage: Stage) -> list[tuple[str, str]]:
    """By which way and where to codes went."""
    return [(letter.by, letter.to) for letter in stage.sandbox.world.letters.sent]


def a_later_run(stage: Stage, code: str | None) -> LeasedAccount:
    """The account as a later run gets it: the kept device, the dialogue, and what somebody entered."""
    wanted = stage.wanted[-1]
    challenge = LeasedChallenge(
        id=7,
        kind=wanted.kind,
        resume=SecretStr(wanted.resume),
        code=SecretStr(code) if code else None,
    )
    return stage.account(sessions=(stage.kept[-1],), challenge=challenge)


async def test_a_mailed_code_ends_the_sign_in_that_asked_for_it(stage: Stage) -> None:
    account = nord(stage, state="mailed_code")
    stage.answers = ["sent"]

    how = await stage.open().sign_in()

    assert how is SignIn.SIGNED_IN
    assert stage.asked_for(SEND_LOGIN) == 1
    assert sent(stage) == [("mail", "nord@example.com")]
    assert [wanted.kind for wanted in stage.wanted] == [ChallengeKind.EMAIL_CODE]
    assert len(account.sessions) == 1


async def test_a_mailed_code_is_handed_in_by_a_later_run_without_a_second_sign_in(stage: Stage) -> None:
    account = nord(stage, state="mailed_code")

    with pytest.raises(ChallengeRequired):
        await stage.open().sign_in()
    stage.answers = ["sent"]
    how = await stage.open(a_later_run(stage, "whatever was entered")).sign_in()

    assert how is SignIn.SIGNED_IN
    assert stage.asked_for(SEND_LOGIN) == 1
    assert len(sent(stage)) == 1
    assert len(account.devices) == 1
    assert len(stage.spent) == 1


async def test_a_wrong_code_may_be_corrected(stage: Stage) -> None:
    nord(stage, state="mailed_code")
    stage.answers = ["000000", "sent"]

    how = await stage.open().sign_in()

    assert how is SignIn.SIGNED_IN
    assert stage.asked_for(SEND_LOGIN) == 1


async def test_a_second_factor_by_sms_is_sent_once_and_handed_in_later(stage: Stage) -> None:
    nord(stage, sms_two_factor=True)

    with pytest.raises(ChallengeRequired):
        await stage.open().sign_in()
    wanted = stage.wanted[-1]
    stage.answers = ["sent"]
    how = await stage.open(a_later_run(stage, "entered")).sign_in()

    assert (wanted.kind, wanted.destination) == (ChallengeKind.SMS_CODE, "+** *** ***09")
    assert how is SignIn.SIGNED_IN
    assert sent(stage) == [("sms", "+49 170 0000009")]
    assert stage.asked_for(SEND_LOGIN) == 1


async def test_a_second_factor_without_a_stored_secret_is_asked_of_a_person(stage: Stage) -> None:
    stage.sandbox.world.add_account("nord_01", PASSWORD, TOTP_SECRET)
    stage.answers = [code_at(TOTP_SECRET)]

    how = await stage.open().sign_in()

    assert how is SignIn.SIGNED_IN
    assert [wanted.kind for wanted in stage.wanted] == [ChallengeKind.TOTP_CODE]
    assert sent(stage) == []


@pytest.mark.parametrize("secret", [None, TOTP_SECRET])
async def test_the_older_sign_in_takes_its_second_factor_later_too(stage: Stage, secret: str | None) -> None:
    nord(stage, totp_secret=secret, sms_two_factor=secret is None)
    stage.fault("refuse", SEND_LOGIN, "login_detour")

    with pytest.raises(ChallengeRequired):
        await stage.open().sign_in()
    stage.answers = [code_at(secret) if secret else "sent"]
    how = await stage.open(a_later_run(stage, "entered")).sign_in()

    assert how is SignIn.SIGNED_IN
    assert stage.asked_for("/accounts/login/") == 1
    assert stage.asked_for("/accounts/two_factor_login/") == 1


@pytest.mark.parametrize(("state", "by"), [("challenge_email", "mail"), ("challenge_sms", "sms")])
async def test_a_challenge_in_answer_to_a_call_is_settled_and_the_call_made_once_more(
    stage: Stage, state: str, by: str
) -> None:
    publisher = await stage.signed_in()
    nord(stage, state=state)
    stage.answers = ["sent"]
    stage.sandbox.world.journal.clear()

    await publisher.recent_media()

    assert [way for way, _ in sent(stage)] == [by]
    assert stage.asked_for(CHALLENGE) == 3
    assert stage.asked_for("feed/user") == 2
    assert stage.asked_for(SEND_LOGIN) == 0


async def test_a_challenge_is_settled_by_a_later_run_with_the_session_that_met_it(stage: Stage) -> None:
    account = nord(stage)
    await stage.open().sign_in()
    nord(stage, state="challenge_email")

    with pytest.raises(ChallengeRequired):
        await stage.open(stage.account(sessions=(stage.kept[-1],))).sign_in()
    asked = stage.wanted[-1]
    stage.answers = ["sent"]
    how = await stage.open(a_later_run(stage, "entered")).sign_in()

    assert asked.destination == "n***d@e***.com"
    assert how is SignIn.RESTORED
    assert len(sent(stage)) == 1
    assert stage.asked_for(SEND_LOGIN) == 1
    assert len(account.sessions) == 1


async def test_a_challenge_that_interrupts_the_sign_in_ends_in_a_session(stage: Stage) -> None:
    nord(stage, state="challenge_email")
    stage.answers = ["sent"]

    how = await stage.open().sign_in()

    assert how is SignIn.SIGNED_IN
    assert stage.asked_for("/accounts/login/") == 1
    assert len(sent(stage)) == 1


async def test_a_challenge_that_only_the_app_can_settle_costs_no_further_request(stage: Stage) -> None:
    publisher = await stage.signed_in()
    nord(stage, state="challenge_native")
    stage.sandbox.world.journal.clear()

    with pytest.raises(ChallengeRequired):
        await publisher.recent_media()

    assert len(stage.paths()) == 1
    assert stage.wanted == []


async def test_a_step_that_igfleet_does_not_know_is_left_to_a_person(stage: Stage) -> None:
    publisher = await stage.signed_in()
    nord(stage, state="challenge_email")
    stage.fault("refuse", "GET .*/challenge/", "other_message")

    with pytest.raises(NeedsPerson):
        await publisher.recent_media()

    assert sent(stage) == []


async def test_a_code_that_was_right_counts_although_what_follows_fails(stage: Stage) -> None:
    nord(stage, state="mailed_code")
    stage.answers = ["sent"]
    stage.fault("refuse", "feed/reels_tray", "please_wait")

    with pytest.raises(RateLimited):
        await stage.open().sign_in()
    how = await stage.open(stage.account(sessions=(stage.kept[-1],))).sign_in()

    assert how is SignIn.RESTORED
    assert stage.asked_for(SEND_LOGIN) == 1


async def test_without_a_code_an_earlier_dialogue_is_forgotten(stage: Stage) -> None:
    nord(stage, state="mailed_code")
    with pytest.raises(ChallengeRequired):
        await stage.open().sign_in()
    stage.sandbox.world.settled(stage.sandbox.world.accounts["nord_01"])

    how = await stage.open(a_later_run(stage, None)).sign_in()

    assert how is SignIn.SIGNED_IN
    assert stage.asked_for(SEND_LOGIN) == 2
