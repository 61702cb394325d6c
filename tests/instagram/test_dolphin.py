"""A browser profile of Dolphin Anty: attached to by the adapter; the sandbox's stand-in starts a real Chromium."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from playwright.async_api import async_playwright
from tests.instagram.attached import PROFILE, WAY, Attached
from tests.instagram.conftest import staged

from igfleet.contracts.leases import SessionKind
from igfleet.errors import NeedsPerson, RetryLater
from igfleet.instagram.adapters.browser.dolphin_api import DolphinApi
from igfleet.instagram.gateway import SignIn
from igfleet.reasons import ReasonCode

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]
LOGIN = "login/ajax/"


@pytest.fixture
async def attached(tmp_path: Path) -> AsyncIterator[Attached]:
    async with staged(tmp_path) as stage:
        yield Attached(stage)


async def test_the_account_signs_in_in_its_profile_and_the_profile_is_stopped(attached: Attached) -> None:
    publisher = attached.open()

    how = await publisher.sign_in()
    running = attached.dolphin.running
    await publisher.close()

    assert how is SignIn.SIGNED_IN
    assert running == [PROFILE]
    assert attached.dolphin.running == []
    assert attached.processes() == []
    assert [(one.kind, one.is_signed_in) for one in attached.stage.kept] == [(SessionKind.WEB, True)]
    assert attached.dolphin.calls == ["login-with-token", "start", "stop", "export-cookies"]
    assert attached.stage.sandbox.world.ledger.leaks == {}
    assert {entry.proxy for entry in attached.stage.sandbox.world.journal} == {WAY}


async def test_the_session_stays_in_the_profile_and_is_found_there_again(attached: Attached) -> None:
    first = attached.open()
    await first.sign_in()
    await first.close()

    second = attached.open()
    how = await second.sign_in()
    await second.close()

    assert how is SignIn.RESTORED
    assert attached.stage.asked_for(LOGIN) == 1


async def test_what_the_cookies_became_after_the_sign_in_is_had_from_dolphin_and_kept(attached: Attached) -> None:
    publisher = attached.open()
    await publisher.sign_in()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.connect_over_cdp(attached.endpoint())
        devtools = await browser.new_browser_cdp_session()
        [run] = (await devtools.send("Target.getBrowserContexts"))["browserContextIds"]
        later = {"name": "rur", "value": "later", "domain": ".instagram.com", "path": "/"}
        await devtools.send("Storage.setCookies", {"cookies": [later], "browserContextId": run})
        elsewhere = {"name": "theme", "value": "dark", "domain": "example.com", "path": "/"}
        await devtools.send("Storage.setCookies", {"cookies": [elsewhere]})
        await browser.close()

    await publisher.close()

    kept = [json.loads(one.settings.get_secret_value())["cookies"] for one in attached.stage.kept]
    values = [{cookie["name"]: cookie["value"] for cookie in cookies} for cookies in kept]
    assert [one.get("rur") == "later" for one in values] == [False, True]
    assert values[1]["sessionid"] == values[0]["sessionid"]
    assert "theme" not in values[1]


async def test_a_profile_that_a_dead_worker_left_running_is_stopped_and_started_again(attached: Attached) -> None:
    async with DolphinApi(attached.browser) as api:
        await api.sign_in()
        await api.start(PROFILE, headless=True)
    left = attached.processes()
    publisher = attached.open()

    how = await publisher.sign_in()

    assert how is SignIn.SIGNED_IN
    assert attached.dolphin.calls[2:6] == ["login-with-token", "start", "stop", "start"]
    assert set(left).isdisjoint(attached.processes())


async def test_a_failure_stops_the_profile_too(attached: Attached) -> None:
    attached.stage.fault("refuse", LOGIN, "bad_password", count=3)
    publisher = attached.open()

    with pytest.raises(NeedsPerson):
        await publisher.sign_in()
    await publisher.close()

    assert attached.dolphin.running == []
    assert attached.processes() == []


async def test_the_free_plan_needs_a_person(attached: Attached) -> None:
    attached.dolphin.is_free = True

    with pytest.raises(NeedsPerson, match="Automation is not possible on the Free plan") as raised:
        await attached.open().sign_in()

    assert raised.value.reason is ReasonCode.DOLPHIN_REFUSED
    assert attached.stage.paths() == []


async def test_a_wrong_token_needs_a_person_and_is_not_told(attached: Attached) -> None:
    with pytest.raises(NeedsPerson, match="refuses DOLPHIN_API_TOKEN") as raised:
        await attached.open(dolphin_token="canary-dolphin-token").sign_in()

    assert raised.value.reason is ReasonCode.DOLPHIN_REFUSED
    assert "canary" not in str(raised.value)
    assert b"canary" not in b"".join(attached.stage.evidence.values())
    assert attached.dolphin.calls == ["login-with-token"]


async def test_a_dolphin_that_does_not_run_is_asked_again_later(attached: Attached) -> None:
    with pytest.raises(RetryLater) as raised:
        await attached.open(dolphin_host="http://127.0.0.1:9").sign_in()

    assert raised.value.reason is ReasonCode.DOLPHIN_TROUBLE


@pytest.mark.parametrize("missing", ["dolphin_host", "dolphin_token"])
async def test_without_its_settings_a_person_is_told_which(attached: Attached, missing: str) -> None:
    with pytest.raises(NeedsPerson, match="DOLPHIN_API_HOST and DOLPHIN_API_TOKEN"):
        await attached.open(**{missing: None}).sign_in()


@pytest.mark.parametrize(
    ("host", "is_simulated"), [("http://10.0.0.9:3001", True), ("http://93.184.216.34:3001", False)]
)
async def test_only_this_machine_is_spoken_to_and_private_networks_when_live(
    attached: Attached, host: str, is_simulated: bool
) -> None:
    with pytest.raises(NeedsPerson) as raised:
        await attached.open(dolphin_host=host, only_simulated=is_simulated).sign_in()

    assert raised.value.reason is ReasonCode.EGRESS_REFUSED


async def test_a_host_that_is_another_the_second_time_is_asked_for_once_and_pinned(attached: Attached) -> None:
    answers = [["127.0.0.1"], ["93.184.216.34"]]

    async def names(host: str) -> list[str]:
        assert host == "dolphin.example"
        return answers.pop(0)

    port = httpx.URL(str(attached.browser.dolphin_host)).port
    moving = replace(attached.browser, dolphin_host=f"http://dolphin.example:{port}")

    async with DolphinApi(moving, names) as api:
        await api.sign_in()
        endpoint = await api.start(PROFILE, headless=True)
        await api.stop(PROFILE)

    assert endpoint.startswith("ws://127.0.0.1:")
    assert attached.dolphin.calls == ["login-with-token", "start", "stop"]
    assert len(answers) == 1


async def test_a_host_with_one_address_elsewhere_is_not_asked(attached: Attached) -> None:
    async def names(_host: str) -> list[str]:
        return ["127.0.0.1", "93.184.216.34"]

    async with DolphinApi(attached.browser, names) as api:
        with pytest.raises(NeedsPerson):
            await api.sign_in()

    assert attached.dolphin.calls == []


async def test_a_simulated_task_uses_no_real_dolphin(attached: Attached) -> None:
    attached.dolphin.is_simulated = False

    with pytest.raises(NeedsPerson, match="real Dolphin Anty") as raised:
        await attached.open().sign_in()

    assert raised.value.reason is ReasonCode.EGRESS_REFUSED
    assert "start" not in attached.dolphin.calls


async def test_an_account_without_a_profile_needs_one(attached: Attached) -> None:
    with pytest.raises(NeedsPerson, match="dolphin_profile_id") as raised:
        attached.open(attached.stage.account())

    assert raised.value.reason is ReasonCode.DOLPHIN_REFUSED


@pytest.mark.parametrize("profile", ["../auth", "a/b", "1?x=2", "%2e%2e"])
async def test_a_profile_id_is_no_path(attached: Attached, profile: str) -> None:
    with pytest.raises(NeedsPerson, match="profile id"):
        await attached.open(attached.stage.account(dolphin_profile_id=profile)).sign_in()

    assert attached.dolphin.calls == ["login-with-token"]


async def test_a_session_that_instagram_ended_is_noted_and_not_had_from_the_profile_again(attached: Attached) -> None:
    stage = attached.stage
    first = attached.open()
    await first.sign_in()
    await first.close()
    stored, count = stage.kept[-1].model_copy(update={"version": 7}), len(stage.kept)
    stage.sandbox.world.accounts["nord_01"].sessions.clear()

    second = attached.open(stage.account(dolphin_profile_id=PROFILE, password=None, sessions=(stored,)))
    with pytest.raises(NeedsPerson):
        await second.sign_in()
    await second.close()

    assert stage.refused == [7]
    assert not any(one.is_signed_in for one in stage.kept[count:])
