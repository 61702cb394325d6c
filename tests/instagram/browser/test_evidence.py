"""Evidence of a failure: there, readable, and without secrets."""

import pytest
from tests.instagram.browser.shared import SharedChromium
from tests.instagram.conftest import PASSWORD, TOTP_SECRET, Stage

from igfleet.errors import NeedsPerson, RetryLater, RunError
from igfleet.instagram.adapters.browser.site import Patience
from igfleet.instagram.adapters.playwright_client import PlaywrightPublisher
from igfleet.instagram.gateway import Reel
from igfleet.reasons import ReasonCode

pytestmark = pytest.mark.anyio


def opened(stage: Stage, chromium: SharedChromium, **account: object) -> PlaywrightPublisher:
    publisher = PlaywrightPublisher(stage.opening(stage.account(**account)), chromium.have, Patience(step_s=2))
    stage.opened.append(publisher)
    return publisher


async def test_a_refused_sign_in_leaves_a_picture_and_a_text_without_secrets(
    shared_stage: Stage, chromium: SharedChromium
) -> None:
    shared_stage.sandbox.world.add_account("nord_01", PASSWORD, TOTP_SECRET)
    shared_stage.codes = ["735912"]
    publisher = opened(shared_stage, chromium, has_totp=True)

    with pytest.raises(NeedsPerson):
        await publisher.sign_in()
    await publisher.close()

    text = shared_stage.evidence["1-trace.txt"].decode()
    assert shared_stage.evidence["1-page.png"].startswith(b"\x89PNG")
    assert "the second factor was refused" in text
    assert "400 POST www.instagram.com/api/v1/web/accounts/login/ajax/two_factor/" in text
    assert not [secret for secret in (PASSWORD, "735912", "sessionid", "csrftoken") if secret in text]


async def test_a_page_that_is_not_as_expected_is_shown(
    shared_stage: Stage, chromium: SharedChromium, reel: Reel
) -> None:
    publisher = opened(shared_stage, chromium)
    await publisher.sign_in()
    shared_stage.fault("refuse", "site/create.js", "not_found", count=9)

    with pytest.raises(RetryLater) as raised:
        await publisher.prepare(reel, lambda *_: None)
    await publisher.close()

    assert raised.value.reason is ReasonCode.PAGE_UNEXPECTED
    assert "at the step: filling in the post" in shared_stage.evidence["1-trace.txt"].decode()


async def test_what_goes_well_leaves_none(shared_stage: Stage, chromium: SharedChromium) -> None:
    publisher = opened(shared_stage, chromium)
    await publisher.sign_in()
    await publisher.recent_media()
    await publisher.close()

    assert shared_stage.evidence == {}


async def test_evidence_that_cannot_be_kept_hides_no_failure(shared_stage: Stage, chromium: SharedChromium) -> None:
    from dataclasses import replace
    from pathlib import Path

    async def refuse(_path: Path, _name: str) -> None:
        raise NeedsPerson("the library is full", ReasonCode.LIBRARY_FULL)

    opening = replace(shared_stage.opening(shared_stage.account(password=None)), keep_evidence=refuse)
    publisher = PlaywrightPublisher(opening, chromium.have)
    shared_stage.opened.append(publisher)

    with pytest.raises(RunError) as raised:
        await publisher.sign_in()
    await publisher.close()

    assert raised.value.reason is ReasonCode.CREDENTIALS_MISSING
