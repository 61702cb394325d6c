"""Evidence of a failure: there, readable, and without secrets."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from tests.instagram.browser.shared import SharedChromium
from tests.instagram.conftest import PASSWORD, TOTP_SECRET, Stage

from igfleet.errors import NeedsPerson, RetryLater, RunError
from igfleet.instagram.adapters.browser.chronicle import Chronicle
from igfleet.instagram.adapters.browser.evidence import Evidence
from igfleet.instagram.adapters.browser.site import Patience
from igfleet.instagram.adapters.playwright_client import PlaywrightPublisher
from igfleet.instagram.gateway import Reel
from igfleet.log import redactor
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
    async def refuse(_path: Path, _name: str) -> None:
        raise NeedsPerson("the library is full", ReasonCode.LIBRARY_FULL)

    opening = replace(shared_stage.opening(shared_stage.account(password=None)), keep_evidence=refuse)
    publisher = PlaywrightPublisher(opening, chromium.have)
    shared_stage.opened.append(publisher)

    with pytest.raises(RunError) as raised:
        await publisher.sign_in()
    await publisher.close()

    assert raised.value.reason is ReasonCode.CREDENTIALS_MISSING


_PAGE = """
<style>input, textarea {{ font: 20px sans-serif; width: 400px; display: block }}</style>
<label>Name <input name="username" value="{name}"></label>
<input type="password" value="{secret}"><input type="text" name="password" value="{secret}">
<input type="text" name="shown" value="{secret}"><input name="verificationCode" value="{code}">
<textarea>{secret}</textarea><p>We do not know {secret} with {code}.</p>
<iframe srcdoc="<input name='shown' value='{secret}'><p>{secret}</p>"></iframe>
"""


async def _pictured(chromium: SharedChromium, folder: Path, **given: str) -> tuple[bytes, bytes, str]:
    """The page as anybody would take a picture of it; and as evidence has it, with its text."""
    kept: dict[str, bytes] = {}

    async def keep(path: Path, name: str) -> None:
        kept[name] = path.read_bytes()

    folder.mkdir()
    evidence = Evidence(folder, keep, Chronicle())
    page = await chromium.browser.new_page()
    try:
        await page.set_content(_PAGE.format(**given), wait_until="load")
        plain = await page.screenshot()
        await evidence.take(page, "it failed")
        await evidence.hand_over()
    finally:
        await page.close()
    return _pixels(plain), _pixels(kept["1-page.png"]), kept["1-trace.txt"].decode()


def _pixels(picture: bytes) -> bytes:
    with Image.open(BytesIO(picture)) as opened:
        return opened.convert("RGB").tobytes()


async def test_pictures_of_pages_that_differ_in_their_secrets_are_the_same(
    chromium: SharedChromium, tmp_path: Path
) -> None:
    one, other = {"secret": "canary-WWWW", "code": "888888"}, {"secret": "canary-iiii", "code": "111111"}
    redactor.learn(*one.values(), *other.values())

    first = await _pictured(chromium, tmp_path / "1", name="nord_01", **one)
    second = await _pictured(chromium, tmp_path / "2", name="nord_01", **other)
    third = await _pictured(chromium, tmp_path / "3", name="nord_02", **other)

    assert first[0] != second[0], "without the cover they would be seen"
    assert first[1] == second[1]
    assert second[1] != third[1], "what is no secret is seen"
    assert "nord_01" in first[2]
    assert not [value for value in (*one.values(), *other.values()) for seen in (first, second) if value in seen[2]]
