"""How much a browser has to fetch."""

import gzip

import httpx
import pytest
from tests.authorities import PUBLIC
from tests.dashboard.conftest import Browser, Visitor
from tests.dashboard.stage import half_done
from tests.serving import Served

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]
COLD_BYTES, WARM_BYTES = 130 * 1024, 15 * 1024


@pytest.fixture
def ui(ui_without_proxies: Served) -> Served:
    return ui_without_proxies


async def test_a_page_is_light_and_lighter_the_second_time(browser: Browser, ui: Served) -> None:
    await half_done(ui)
    page, fetched = browser.page, []
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Network.enable")
    await devtools.send("Network.clearBrowserCache")
    devtools.on("Network.loadingFinished", lambda event: fetched.append(event["encodedDataLength"]))

    weights = []
    for _ in range(2):
        fetched.clear()
        await page.goto("/tasks/1")
        await page.wait_for_timeout(1000)
        weights.append(sum(fetched))

    cold, warm = weights
    assert 50 * 1024 < cold <= COLD_BYTES
    assert 0 < warm <= WARM_BYTES


async def test_who_takes_no_gzip_gets_the_same_page(visitor: Visitor, ui: Served) -> None:
    packed = await visitor.client.get("/accounts/import", headers={"accept-encoding": "gzip"})
    plain = await visitor.client.get("/accounts/import", headers={"accept-encoding": "identity"})

    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.headers["vary"] == "Accept-Encoding"
    assert packed.text.partition("<body")[0] == plain.text.partition("<body")[0]


async def test_static_files_are_packed_once(visitor: Visitor, ui: Served) -> None:
    page = await visitor.read("/")
    address = page.partition('rel="stylesheet" href="')[2].partition('"')[0]

    async with httpx.AsyncClient(base_url=ui.address, trust_env=False, verify=PUBLIC) as client:
        async with client.stream("GET", address, headers={"accept-encoding": "gzip"}) as answer:
            raw = b"".join([part async for part in answer.aiter_raw()])
        plain = await client.get(address, headers={"accept-encoding": "identity"})

    assert len(raw) < len(plain.content) / 5
    assert gzip.decompress(raw) == plain.content
    assert "immutable" in answer.headers["cache-control"]


async def test_a_stream_of_hints_leaves_at_once(visitor: Visitor, ui: Served) -> None:
    async with visitor.client.stream("GET", "/events?topic=task", headers={"accept-encoding": "gzip"}) as answer:
        assert "content-encoding" not in answer.headers
        assert "igfleet" in await anext(answer.aiter_text())
