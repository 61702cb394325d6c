"""Every way of driving an account, over the same sandbox and the same tests."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.instagram.browser.shared import SharedChromium, shared_chromium
from tests.instagram.conftest import Stage, staged

from igfleet.contracts.leases import LeasedAccount, SessionKind
from igfleet.contracts.tasks import Method
from igfleet.instagram.adapters.browser.site import Patience
from igfleet.instagram.adapters.instagrapi_client import open_instagrapi
from igfleet.instagram.adapters.playwright_client import PlaywrightPublisher
from igfleet.instagram.gateway import Publisher

_LOGINS = {Method.INSTAGRAPI: "send_login_request/", Method.PLAYWRIGHT: "login/ajax/"}


@dataclass
class Way:
    """One method. `open` gives a publisher, `sign_ins` counts what Instagram was asked for."""

    method: Method
    stage: Stage
    chromium: SharedChromium

    def open(self, account: LeasedAccount | None = None, proxy_url: str = "") -> Publisher:
        opening = self.stage.opening(account, proxy_url)
        if self.method is Method.INSTAGRAPI:
            publisher = open_instagrapi(opening)
        else:
            publisher = PlaywrightPublisher(opening, self.chromium.have, Patience(suggestion_s=2))
        self.stage.opened.append(publisher)
        return publisher

    async def signed_in(self) -> Publisher:
        publisher = self.open()
        await publisher.sign_in()
        return publisher

    @property
    def session_kind(self) -> SessionKind:
        return SessionKind.MOBILE if self.method is Method.INSTAGRAPI else SessionKind.WEB

    @property
    def sign_ins(self) -> int:
        return sum(path.endswith(_LOGINS[self.method]) for path in self.stage.paths())


@pytest.fixture(scope="module")
async def chromium(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SharedChromium]:
    async with shared_chromium(tmp_path_factory.mktemp("chromium")) as shared:
        yield shared


@pytest.fixture
async def stage(tmp_path: Path, chromium: SharedChromium) -> AsyncIterator[Stage]:
    chromium.lend_authority(tmp_path / "sandbox")
    async with staged(tmp_path) as stage:
        yield stage


@pytest.fixture(params=[Method.INSTAGRAPI, Method.PLAYWRIGHT], ids=str)
def way(request: pytest.FixtureRequest, stage: Stage, chromium: SharedChromium) -> Way:
    return Way(request.param, stage, chromium)
