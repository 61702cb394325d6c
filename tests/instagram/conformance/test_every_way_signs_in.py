"""Signing in: the same promises by every method."""

import pytest
from tests.instagram.conformance.conftest import Way
from tests.instagram.conftest import PASSWORD, TOTP_SECRET, Stage

from igfleet.contracts.leases import SessionMaterial
from igfleet.contracts.tasks import Action
from igfleet.errors import BadPassword, NeedsPerson, NetworkTrouble, RateLimited, RunError
from igfleet.instagram.gateway import SignIn
from igfleet.reasons import ReasonCode
from igfleet.sandbox.exits import ExitMode
from igfleet.sandbox.people import AccountState
from igfleet.totp import code_at

pytestmark = pytest.mark.anyio


async def a_session(way: Way) -> SessionMaterial:
    """What a first sign-in stores."""
    await (await way.signed_in()).close()
    return way.stage.kept[-1]


async def test_a_password_gives_a_session_that_is_kept(way: Way, stage: Stage) -> None:
    publisher = way.open()

    how = await publisher.sign_in()

    assert how is publisher.signed_in_by is SignIn.SIGNED_IN
    assert [material.kind for material in stage.kept] == [way.session_kind]
    assert stage.spent == [Action.LOGIN]
    assert way.sign_ins == 1


async def test_a_stored_session_is_restored_without_a_sign_in(way: Way, stage: Stage) -> None:
    material = await a_session(way)

    how = await way.open(stage.account(password=None, sessions=(material,))).sign_in()

    assert how is SignIn.RESTORED
    assert way.sign_ins == len(stage.spent) == len(stage.kept) == 1


async def test_an_ended_session_is_mended_by_one_sign_in_of_the_same_device(way: Way, stage: Stage) -> None:
    material = await a_session(way)
    stage.sandbox.world.accounts["nord_01"].sessions.clear()

    how = await way.open(stage.account(sessions=(material,))).sign_in()

    assert how is SignIn.SIGNED_IN
    assert way.sign_ins == 2
    assert len(stage.sandbox.world.accounts["nord_01"].devices) == 1


async def three_sessions(way: Way, *living: int) -> tuple[SessionMaterial, ...]:
    """Stored one after the other, the newest first; only those of the named versions still hold."""
    sessions = way.stage.sandbox.world.accounts["nord_01"].sessions
    kept, ids = [], {}
    for version in (1, 2, 3):
        kept.append((await a_session(way)).model_copy(update={"version": version}))
        ids[version] = next(key for key in sessions if key not in ids.values())
    for version, key in ids.items():
        if version not in living:
            del sessions[key]
    way.stage.sandbox.world.journal.clear()
    way.stage.spent.clear()
    return tuple(reversed(kept))


async def test_an_older_session_is_tried_before_the_password(way: Way, stage: Stage) -> None:
    sessions = await three_sessions(way, 1)

    how = await way.open(stage.account(sessions=sessions)).sign_in()

    assert how is SignIn.RESTORED
    assert way.sign_ins == len(stage.spent) == 0
    assert stage.refused == [3, 2]
    assert stage.kept[-1].version == 0  # it is stored anew, as the newest
    assert len(stage.kept) == 4


async def test_a_session_once_refused_is_not_tried_again(way: Way, stage: Stage) -> None:
    newest, older, oldest = await three_sessions(way, 3)

    sessions = (newest.model_copy(update={"is_refused": True}), older, oldest)
    how = await way.open(stage.account(sessions=sessions)).sign_in()

    assert how is SignIn.SIGNED_IN
    assert stage.refused == [2, 1]
    assert way.sign_ins == 1


async def test_without_password_and_session_a_person_is_needed(way: Way, stage: Stage) -> None:
    with pytest.raises(NeedsPerson) as raised:
        await way.open(stage.account(password=None)).sign_in()

    assert raised.value.reason is ReasonCode.CREDENTIALS_MISSING
    assert way.sign_ins == 0


async def test_the_totp_code_is_asked_for_once_and_only_when_wanted(way: Way, stage: Stage) -> None:
    stage.sandbox.world.add_account("nord_01", PASSWORD, TOTP_SECRET)
    stage.codes = [code_at(TOTP_SECRET)]

    how = await way.open(stage.account(has_totp=True)).sign_in()

    assert how is SignIn.SIGNED_IN
    assert stage.asked == way.sign_ins == 1


async def test_a_wrong_second_factor_needs_a_person(way: Way, stage: Stage) -> None:
    stage.sandbox.world.add_account("nord_01", PASSWORD, TOTP_SECRET)
    stage.codes = ["000000"]

    with pytest.raises(NeedsPerson) as raised:
        await way.open(stage.account(has_totp=True)).sign_in()

    assert raised.value.reason is ReasonCode.TWO_FACTOR_REQUIRED


@pytest.mark.parametrize(
    ("given", "says"), [({"password": "wrong horse 8"}, "refuses the password"), ({"username": "nord_99"}, "user name")]
)
async def test_wrong_credentials_are_tried_once(way: Way, stage: Stage, given: dict[str, str], says: str) -> None:
    with pytest.raises(BadPassword, match=says):
        await way.open(stage.account(**given)).sign_in()

    assert stage.spent == [Action.LOGIN]


STOPPED = {
    AccountState.CHALLENGE: ReasonCode.CHALLENGE_REQUIRED,
    AccountState.CHECKPOINT: ReasonCode.CHECKPOINT_REQUIRED,
    AccountState.CONSENT: ReasonCode.CONSENT_REQUIRED,
    AccountState.SUSPENDED: ReasonCode.ACCOUNT_SUSPENDED,
    AccountState.DISABLED: ReasonCode.ACCOUNT_DISABLED,
}


@pytest.mark.parametrize("state", STOPPED)
async def test_a_stopped_account_is_told_by_its_sign_in(way: Way, stage: Stage, state: AccountState) -> None:
    stage.sandbox.world.add_account("nord_01", PASSWORD, state=state)

    with pytest.raises(RunError) as raised:
        await way.open().sign_in()

    assert raised.value.reason is STOPPED[state]


@pytest.mark.parametrize("state", STOPPED)
async def test_a_stopped_account_with_a_session_is_left_in_peace(way: Way, stage: Stage, state: AccountState) -> None:
    material = await a_session(way)
    stage.sandbox.world.add_account("nord_01", PASSWORD, state=state)

    with pytest.raises(RunError) as raised:
        await way.open(stage.account(sessions=(material,))).sign_in()

    assert raised.value.reason is STOPPED[state]
    assert way.sign_ins == 1


async def test_a_sign_in_that_comes_too_often_waits(way: Way, stage: Stage) -> None:
    stage.fault("refuse", "send_login_request|login/ajax", "please_wait")

    with pytest.raises(RateLimited):
        await way.open().sign_in()

    assert way.sign_ins == 1


async def test_a_broken_connection_is_no_word_about_the_account(way: Way, stage: Stage) -> None:
    stage.fault("drop_before", "send_login_request|login/ajax", count=3)

    with pytest.raises(NetworkTrouble):
        await way.open().sign_in()


@pytest.mark.parametrize(
    ("given", "reason"),
    [("wrong", ReasonCode.PROXY_AUTH_FAILED), ("right", ReasonCode.PROXY_UNREACHABLE)],
    ids=["a refused password", "a refused connection"],
)
async def test_a_proxy_that_refuses_is_blamed_itself(way: Way, stage: Stage, given: str, reason: ReasonCode) -> None:
    stage.sandbox.proxy.exits.register("via_1", "right", ExitMode.REFUSE)
    address = stage.sandbox.proxy_url.replace("://", f"://via_1:{given}@")

    with pytest.raises(RunError) as raised:
        await way.open(proxy_url=address).sign_in()

    assert raised.value.reason is reason
    assert stage.paths() == []
