"""One publish request at most, whatever page and browser repeat by themselves."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.async_api import Page
from tests.instagram.browser.shared import SharedChromium
from tests.instagram.conftest import Stage

from igfleet.contracts.posts import CommitKind
from igfleet.instagram.adapters.browser.had import Had
from igfleet.instagram.adapters.browser.records import Records
from igfleet.instagram.adapters.browser.valve import Passage, Valve
from igfleet.instagram.adapters.playwright_client import PlaywrightPublisher
from igfleet.instagram.gateway import Reel

pytestmark = pytest.mark.anyio
CONFIGURE = "/api/v1/media/configure_to_clips/"
ASK = f"fetch('{CONFIGURE}', {{method: 'POST', body: 'upload_id=1'}}).then(got => got.status, () => 'failed')"


class WideValve(Valve):
    """One that lets everything through at all times."""

    def narrow(self, host: str) -> Passage:
        records = Records()
        records.has_data = True
        return Passage(host, records)


@pytest.fixture
async def had(chromium: SharedChromium) -> AsyncIterator[list[Had]]:
    """The browsers that a test has had."""
    seen: list[Had] = []
    chromium.on_had = seen.append
    yield seen
    chromium.on_had = lambda _: None


async def signed_in(stage: Stage, chromium: SharedChromium) -> PlaywrightPublisher:
    publisher = PlaywrightPublisher(stage.opening(), chromium.have)
    stage.opened.append(publisher)
    await publisher.sign_in()
    return publisher


def page_of(had: list[Had]) -> Page:
    return had[-1].context.pages[0]


async def test_a_page_may_not_publish_by_itself(shared_stage: Stage, chromium: SharedChromium, had: list[Had]) -> None:
    await signed_in(shared_stage, chromium)

    assert await page_of(had).evaluate(ASK) == "failed"
    assert shared_stage.asked_for(CONFIGURE) == 0


async def test_a_page_that_asks_again_is_held_back(
    shared_stage: Stage, chromium: SharedChromium, had: list[Had], reel: Reel
) -> None:
    publisher = await signed_in(shared_stage, chromium)
    shared_stage.fault("refuse", CONFIGURE, "feedback_required")

    await publisher.commit(await publisher.prepare(reel, lambda *_: None), timedelta(seconds=20))
    again = await page_of(had).evaluate(ASK)

    assert again == "failed"
    assert shared_stage.asked_for(CONFIGURE) == 1


async def test_without_the_valve_the_browser_sends_it_twice(
    shared_stage: Stage, chromium: SharedChromium, reel: Reel
) -> None:
    """The reason why there is a valve: the turnstile above the network does not see the second one."""
    publisher = await signed_in(shared_stage, replace(chromium, valve=WideValve))
    shared_stage.fault("drop_after", CONFIGURE, count=2)

    outcome = await publisher.commit(await publisher.prepare(reel, lambda *_: None), timedelta(seconds=20))

    assert outcome.kind is CommitKind.UNKNOWN
    assert shared_stage.asked_for(CONFIGURE) == 2


async def test_in_doubt_the_browser_is_gone_before_the_answer_is_given(
    shared_stage: Stage, chromium: SharedChromium, had: list[Had], reel: Reel
) -> None:
    publisher = await signed_in(shared_stage, chromium)
    prepared = await publisher.prepare(reel, lambda *_: None)
    shared_stage.fault("hang_after", CONFIGURE)
    page = page_of(had)

    outcome = await publisher.commit(prepared, timedelta(seconds=3))

    assert outcome.kind is CommitKind.UNKNOWN
    assert page.is_closed()
    assert len((await publisher.recent_media()).media) == 1


async def test_a_page_is_good_for_one_click(shared_stage: Stage, chromium: SharedChromium, reel: Reel) -> None:
    publisher = await signed_in(shared_stage, chromium)
    prepared = await publisher.prepare(reel, lambda *_: None)

    first = await publisher.commit(prepared, timedelta(seconds=20))
    second = await publisher.commit(prepared, timedelta(seconds=20))

    assert (first.kind, second.kind) == (CommitKind.PUBLISHED, CommitKind.NOT_SENT)
    assert len(shared_stage.sandbox.world.ledger.media) == 1


async def test_an_upload_that_is_refused_has_published_nothing(
    shared_stage: Stage, chromium: SharedChromium, reel: Reel
) -> None:
    publisher = await signed_in(shared_stage, chromium)
    shared_stage.fault("refuse", "rupload_igvideo", "server_500")

    outcome = await publisher.commit(await publisher.prepare(reel, lambda *_: None), timedelta(seconds=20))

    assert outcome.kind is CommitKind.NOT_SENT
    assert shared_stage.asked_for(CONFIGURE) == 0


async def test_the_valve_is_nobody_elses(shared_stage: Stage) -> None:
    import httpx

    valve = Valve(shared_stage.sandbox.proxy_url)
    address = await valve.open()
    try:
        async with httpx.AsyncClient(proxy=address["server"], verify=False) as stranger:
            with pytest.raises(httpx.ProxyError):
                await stranger.get("https://www.instagram.com/")
    finally:
        await valve.close()
