"""Codes from a mailbox or a person: asked for once, handed in by the dialogue that asked, now or in a later run."""

import pytest
from pydantic import SecretStr
from tests.instagram.conformance.conftest import Way
from tests.instagram.conftest import PASSWORD, TOTP_SECRET, Stage

from igfleet.contracts.challenges import ChallengeKind, LeasedChallenge
from igfleet.contracts.leases import LeasedAccount
from igfleet.errors import ChallengeRequired
from igfleet.instagram.gateway import SignIn
from igfleet.reasons import ReasonCode
from igfleet.sandbox.people import SimAccount
from igfleet.totp import code_at

pytestmark = pytest.mark.anyio


def nord(stage: Stage, **more: object) -> SimAccount:
    given = {"email": "nord@example.com", "phone": "+49 170 0000009"}
    return stage.sandbox.world.add_account("nord_01", PASSWORD, **(given | more))  # type: ignore[arg-type]


def sent(stage: Stage) -> list[tuple[str, str]]:
    """By which way and where to codes went."""
    return [(letter.by, letter.to) for letter in stage.sandbox.world.letters.sent]


def a_later_run(stage: Stage) -> LeasedAccount:
    """The account as a later run gets it, after somebody has entered a code."""
    wanted = stage.wanted[-1]
    challenge = LeasedChallenge(id=7, kind=wanted.kind, resume=SecretStr(wanted.resume), code=SecretStr("entered"))
    stage.answers = ["sent"]
    return stage.account(sessions=(stage.kept[-1],), challenge=challenge)


async def test_a_mailed_code_ends_the_sign_in_that_asked_for_it(way: Way, stage: Stage) -> None:
    account = nord(stage, state="mailed_code")
    stage.answers = ["000000", "sent"]

    how = await way.open().sign_in()

    assert how is SignIn.SIGNED_IN
    assert sent(stage) == [("mail", "nord@example.com")]
    assert [wanted.kind for wanted in stage.wanted] == [ChallengeKind.EMAIL_CODE]
    assert way.sign_ins == len(account.sessions) == 1


async def test_a_mailed_code_is_handed_in_by_a_later_run_without_a_second_sign_in(way: Way, stage: Stage) -> None:
    account = nord(stage, state="mailed_code")

    with pytest.raises(ChallengeRequired) as raised:
        await way.open().sign_in()
    how = await way.open(a_later_run(stage)).sign_in()

    assert (raised.value.reason, how) == (ReasonCode.CODE_REQUIRED, SignIn.SIGNED_IN)
    assert way.sign_ins == len(sent(stage)) == len(account.devices) == len(stage.spent) == 1


async def test_a_second_factor_by_sms_is_sent_once_and_handed_in_later(way: Way, stage: Stage) -> None:
    nord(stage, sms_two_factor=True)

    with pytest.raises(ChallengeRequired):
        await way.open().sign_in()
    wanted = stage.wanted[-1]
    how = await way.open(a_later_run(stage)).sign_in()

    assert (wanted.kind, wanted.destination) == (ChallengeKind.SMS_CODE, "+** *** ***09")
    assert how is SignIn.SIGNED_IN
    assert sent(stage) == [("sms", "+49 170 0000009")]
    assert way.sign_ins == 1


async def test_a_second_factor_without_a_stored_secret_is_asked_of_a_person(way: Way, stage: Stage) -> None:
    stage.sandbox.world.add_account("nord_01", PASSWORD, TOTP_SECRET)
    stage.answers = [code_at(TOTP_SECRET)]

    how = await way.open().sign_in()

    assert how is SignIn.SIGNED_IN
    assert [wanted.kind for wanted in stage.wanted] == [ChallengeKind.TOTP_CODE]


@pytest.mark.parametrize(
    ("state", "kind", "masked"),
    [
        ("challenge_email", ChallengeKind.EMAIL_CODE, "n***d@e***.com"),
        ("challenge_sms", ChallengeKind.SMS_CODE, "+** *** ***09"),
    ],
)
async def test_a_challenge_is_settled_by_a_later_run_with_the_session_that_met_it(
    way: Way, stage: Stage, state: str, kind: ChallengeKind, masked: str
) -> None:
    nord(stage)
    await (await way.signed_in()).close()
    nord(stage, state=state)

    with pytest.raises(ChallengeRequired):
        await way.open(stage.account(sessions=(stage.kept[-1],))).sign_in()
    wanted = stage.wanted[-1]
    how = await way.open(a_later_run(stage)).sign_in()

    assert (wanted.kind, wanted.destination) == (kind, masked)
    assert how is SignIn.RESTORED
    assert way.sign_ins == len(sent(stage)) == 1
