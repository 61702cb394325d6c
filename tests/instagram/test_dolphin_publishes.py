"""Publishing in a profile of Dolphin Anty: the browser never sends the publish request, the worker does, once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256

import pytest
from playwright.async_api import BrowserContext, async_playwright
from tests.instagram.attached import PROFILE, WAY, Attached
from tests.instagram.conftest import staged

from igfleet.contracts.posts import CommitKind, PostOutcome
from igfleet.errors import RetryLater
from igfleet.instagram.adapters.browser.dolphin_api import DolphinApi
from igfleet.instagram.adapters.browser.valve import Valve
from igfleet.instagram.gateway import Publisher, Reel, SignIn
from igfleet.reasons import ReasonCode
from igfleet.sandbox.exits import ExitMode

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]
WINDOW = timedelta(seconds=20)
CONFIGURE = "/api/v1/media/configure_to_clips/"
ASK = f"fetch('{CONFIGURE}', {{method: 'POST', body: 'upload_id=1'}}).then(got => got.status, () => 'failed')"


@pytest.fixture(scope="module")
async def attached(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Attached]:
    """One sandbox for all; each test looks at what it added."""
    async with staged(tmp_path_factory.mktemp("attached")) as stage:
        yield Attached(stage)


@pytest.fixture
async def publisher(attached: Attached) -> AsyncIterator[Publisher]:
    """In the profile, which has kept the session of the test before."""
    attached.begin()
    publisher = attached.open()
    await publisher.sign_in()
    yield publisher
    attached.begin()
    await publisher.close()


async def published(publisher: Publisher, reel: Reel, window: timedelta = WINDOW) -> PostOutcome:
    return await publisher.commit(await publisher.prepare(reel, lambda *_: None), window)


async def test_a_reel_goes_live_once_and_by_the_account_s_own_proxy(
    attached: Attached, publisher: Publisher, reel: Reel
) -> None:
    outcome = await published(publisher, reel)

    world = attached.stage.sandbox.world
    (medium,) = attached.media
    assert (outcome.kind, outcome.evidence["sent_by_worker"]) == (CommitKind.PUBLISHED, True)
    assert outcome.media is not None
    assert outcome.media.pk == str(medium.pk)
    assert (medium.sha256, medium.caption) == (sha256(reel.video.read_bytes()).hexdigest(), reel.caption)
    assert medium.device.startswith("browser")
    assert {entry.proxy for entry in world.journal} == {WAY}
    assert (attached.stage.asked_for(CONFIGURE), world.ledger.leaks, world.ledger.overlaps) == (1, {}, [])


async def test_a_second_reel_follows_in_the_same_browser(attached: Attached, publisher: Publisher, reel: Reel) -> None:
    kinds = [(await published(publisher, reel)).kind for _ in range(2)]

    assert kinds == [CommitKind.PUBLISHED, CommitKind.PUBLISHED]
    assert attached.stage.asked_for(CONFIGURE) == len(attached.media) == 2
    assert attached.dolphin.calls[-1] == "start"


async def test_a_lost_answer_is_unknown_and_the_reel_is_there_once(
    attached: Attached, publisher: Publisher, reel: Reel
) -> None:
    attached.stage.fault("drop_after", CONFIGURE, count=3)

    outcome = await published(publisher, reel)
    listing = await publisher.recent_media()

    assert outcome.kind is CommitKind.UNKNOWN
    assert attached.stage.asked_for(CONFIGURE) == len(attached.media) == 1
    assert listing.media[0].pk == str(attached.media[0].pk)


async def test_a_silent_server_is_left_when_the_window_is_over_and_the_profile_is_stopped(
    attached: Attached, publisher: Publisher, reel: Reel
) -> None:
    prepared = await publisher.prepare(reel, lambda *_: None)
    attached.stage.fault("hang_after", CONFIGURE)

    outcome = await publisher.commit(prepared, timedelta(seconds=5))

    assert (outcome.kind, outcome.evidence["is_late"]) == (CommitKind.UNKNOWN, True)
    assert attached.stage.asked_for(CONFIGURE) == 1
    assert (attached.dolphin.running, attached.processes()) == ([], [])


async def test_a_connection_that_cannot_be_made_has_sent_nothing(
    attached: Attached, publisher: Publisher, reel: Reel
) -> None:
    prepared = await publisher.prepare(reel, lambda *_: None)
    attached.account_proxy(ExitMode.REFUSE)

    outcome = await publisher.commit(prepared, WINDOW)

    assert (outcome.kind, outcome.reason) == (CommitKind.NOT_SENT, ReasonCode.PROXY_UNREACHABLE)
    assert attached.stage.asked_for(CONFIGURE) == 0


async def test_a_refusal_is_one_and_the_page_does_not_ask_again(
    attached: Attached, publisher: Publisher, reel: Reel
) -> None:
    attached.stage.fault("refuse", CONFIGURE, "feedback_required")

    outcome = await published(publisher, reel)

    assert (outcome.kind, outcome.reason) == (CommitKind.REFUSED, ReasonCode.ACTION_BLOCKED)
    assert attached.stage.asked_for(CONFIGURE) == 1


async def test_a_browser_that_lost_its_way_is_ended_and_has_published_nothing(
    attached: Attached, publisher: Publisher, reel: Reel
) -> None:
    """A crash of its network process makes it forget the run's way out."""
    prepared = await publisher.prepare(reel, lambda *_: None)
    attached.crash_the_network()

    outcome = await publisher.commit(prepared, WINDOW)
    await _sign_in(publisher)

    assert outcome.kind in (CommitKind.UNKNOWN, CommitKind.NOT_SENT)
    assert (attached.stage.asked_for(CONFIGURE), attached.media) == (0, [])


async def test_a_browser_that_lost_its_way_is_read_with_no_longer(attached: Attached, publisher: Publisher) -> None:
    attached.crash_the_network()

    kept = list(attached.stage.kept)

    how = await _sign_in(publisher)
    await publisher.close()

    assert how is SignIn.RESTORED
    assert attached.stage.asked_for("login/ajax/") == 0
    assert all(one.is_signed_in for one in attached.stage.kept[len(kept) :])


async def _sign_in(publisher: Publisher) -> SignIn:
    """As a run does it: what may be repeated is repeated."""
    async with asyncio.timeout(90):
        while True:
            with suppress(RetryLater):
                return await publisher.sign_in()


async def test_what_nobody_holds_back_any_more_comes_no_further_than_the_valve(attached: Attached) -> None:
    """The reason for both guards: a paused request is sent by the browser when who paused it lets go, or is gone."""
    attached.begin()
    async with DolphinApi(attached.browser) as api, async_playwright() as driver:
        valve = Valve(attached.proxy_url)
        await api.sign_in()
        browser = await driver.chromium.connect_over_cdp(await api.start(PROFILE, headless=True))
        apart = await browser.new_context(proxy=await valve.open(), service_workers="block")

        by_the_profile = await _let_go(browser.contexts[0])
        reached = attached.stage.asked_for(CONFIGURE)
        by_the_valve = await _let_go(apart, valve)

        await browser.close()
        await api.stop(PROFILE)
    assert (by_the_profile == "failed", reached) == (False, 1)
    assert (by_the_valve, attached.stage.asked_for(CONFIGURE)) == ("failed", 1)


async def _let_go(context: BrowserContext, valve: Valve | None = None) -> object:
    """Have a page publish, pause it, let go of it; what the page was answered."""
    page = await context.new_page()
    await page.goto("https://www.instagram.com/accounts/login/")
    devtools = await context.new_cdp_session(page)
    paused = asyncio.Event()
    devtools.on("Fetch.requestPaused", lambda _: paused.set())
    await devtools.send("Fetch.enable", {"patterns": [{"urlPattern": f"*{CONFIGURE}"}]})
    asking = asyncio.create_task(page.evaluate(ASK))
    async with asyncio.timeout(60):
        await paused.wait()
        if valve is not None:
            valve.shut("www.instagram.com")
        await devtools.detach()
        if valve is not None:
            await valve.close()
        return await asking
