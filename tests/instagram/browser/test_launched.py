"""Browsers that are really launched: what they trust, what they leave behind, and what their death means."""

import stat
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from tests.instagram.conftest import Stage

from igfleet.contracts.posts import CommitKind
from igfleet.errors import NeedsPerson, RetryLater
from igfleet.instagram.adapters.playwright_client import PlaywrightPublisher
from igfleet.instagram.gateway import Browser, Opening, Reel, SignIn
from igfleet.reasons import ReasonCode
from igfleet.sandbox.ca import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]
WINDOW = timedelta(seconds=20)
CONFIGURE = "configure_to_clips"


def opened(stage: Stage, opening: Opening | None = None) -> PlaywrightPublisher:
    publisher = PlaywrightPublisher(opening or stage.opening())
    stage.opened.append(publisher)
    return publisher


def browsers(stage: Stage) -> list[psutil.Process]:
    profile = str(stage.folder / "browser-")
    return [one for one in psutil.Process().children(recursive=True) if profile in " ".join(_words(one))]


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def kill(stage: Stage) -> None:
    for process in browsers(stage):
        process.kill()


def unseen(_sent: int, _size: int) -> None:
    pass


async def test_the_sandbox_is_trusted_by_its_authority_and_the_profile_is_nobody_elses(stage: Stage) -> None:
    publisher = opened(stage)

    how = await publisher.sign_in()
    running = browsers(stage)
    [home] = stage.folder.glob("browser-*")
    mode, has_profile = stat.S_IMODE(home.stat().st_mode), any((home / "profile").iterdir())
    await publisher.close()

    assert how is SignIn.SIGNED_IN
    assert (mode, has_profile) == (0o700, True)
    assert running != []
    assert browsers(stage) == []
    assert list(stage.folder.glob("browser-*")) == []
    assert stage.sandbox.world.ledger.leaks == {}


async def test_the_session_is_not_left_in_the_profile(stage: Stage) -> None:
    await (publisher := opened(stage)).sign_in()
    await publisher.close()

    again = opened(stage)
    how = await again.sign_in()

    assert how is SignIn.SIGNED_IN
    assert len(stage.kept) == 2


@pytest.mark.parametrize("trusted", ["another", "none"])
async def test_an_authority_that_nobody_gave_is_not_trusted(stage: Stage, trusted: str, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other").file if trusted == "another" else None

    with pytest.raises(NeedsPerson) as raised:
        await opened(stage, replace(stage.opening(), ca_file=other)).sign_in()

    assert raised.value.reason is ReasonCode.PROXY_INTERCEPTS
    assert stage.paths() == []


@pytest.mark.parametrize(
    "browser", [Browser(), Browser(headless=False, executable=Path("/opt/chromium-headless-shell"))]
)
async def test_without_a_fitting_browser_a_person_is_told(stage: Stage, browser: Browser) -> None:
    with pytest.raises(NeedsPerson) as raised:
        await opened(stage, replace(stage.opening(), browser=browser)).sign_in()

    assert raised.value.reason is ReasonCode.TOOL_MISSING


async def test_without_a_proxy_there_is_no_browser(stage: Stage) -> None:
    with pytest.raises(NeedsPerson) as raised:
        PlaywrightPublisher(replace(stage.opening(), proxy_url=""))

    assert raised.value.reason is ReasonCode.PROXY_MISSING


type Step = Callable[[PlaywrightPublisher, Reel], Awaitable[object]]
STEPS: dict[str, Step] = {
    "reading": lambda publisher, _: publisher.recent_media(),
    "filling in": lambda publisher, reel: publisher.prepare(reel, unseen),
    "signing in": lambda publisher, _: publisher.sign_in(),
}


@pytest.mark.parametrize("step", STEPS)
async def test_f25_a_browser_that_crashes_before_the_click_is_tried_again(stage: Stage, reel: Reel, step: str) -> None:
    publisher = opened(stage)
    await publisher.sign_in()
    path = {"reading": "feed/user", "filling in": "GET /$", "signing in": "GET /$"}[step]
    stage.fault("delay", path, delay_s=30)
    watching = _kill_when(stage, lambda: stage.sandbox.world.faults.waiting == [])

    with pytest.raises(RetryLater) as raised:
        await STEPS[step](publisher, reel)
    await watching

    assert raised.value.reason is ReasonCode.BROWSER_CRASHED
    assert stage.asked_for(CONFIGURE) == 0
    assert (await opened(stage, stage.opening(stage.account(sessions=(stage.kept[-1],)))).sign_in()) is SignIn.RESTORED


async def test_f25_a_browser_that_crashed_before_the_commit_has_sent_nothing(stage: Stage, reel: Reel) -> None:
    publisher = opened(stage)
    await publisher.sign_in()
    prepared = await publisher.prepare(reel, unseen)
    kill(stage)

    outcome = await publisher.commit(prepared, WINDOW)

    assert outcome.kind is CommitKind.NOT_SENT
    assert stage.asked_for(CONFIGURE) == 0


@pytest.mark.parametrize("path", ["rupload_igvideo", CONFIGURE], ids=["uploading", "publishing"])
async def test_f25_a_browser_that_crashes_after_the_click_leaves_a_doubt(stage: Stage, reel: Reel, path: str) -> None:
    publisher = opened(stage)
    await publisher.sign_in()
    prepared = await publisher.prepare(reel, unseen)
    stage.fault("hang_after", path)
    watching = _kill_when(stage, lambda: stage.sandbox.world.faults.waiting == [])

    outcome = await publisher.commit(prepared, WINDOW)
    await watching

    assert outcome.kind is CommitKind.UNKNOWN
    assert stage.asked_for(CONFIGURE) == len(stage.sandbox.world.ledger.media)
    assert len((await publisher.recent_media()).media) == len(stage.sandbox.world.ledger.media)


def _kill_when(stage: Stage, is_so: Callable[[], bool]) -> "Awaitable[None]":
    """Kills the browser as soon as it is so."""
    import asyncio

    async def watch() -> None:
        async with asyncio.timeout(60):
            while not is_so():  # noqa: ASYNC110  # any condition
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)
        kill(stage)

    return asyncio.create_task(watch())
