"""The sandbox's account with a profile of the sandbox's Dolphin Anty, and a proxy of its own beside the profile's."""

from dataclasses import replace
from typing import Any

import psutil
from tests.instagram.conftest import Stage

from igfleet.contracts.leases import LeasedAccount
from igfleet.instagram.adapters.dolphin import open_dolphin
from igfleet.instagram.gateway import Browser, Publisher
from igfleet.sandbox.exits import ExitMode
from igfleet.sandbox.ledger import Published

PROFILE = "4711"
WAY = "via_1"
"""User name of the account's own proxy; the profile's has none."""


class Attached:
    """`open` gives a publisher."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.dolphin = stage, stage.sandbox.dolphin
        addresses = stage.sandbox.addresses()
        self.browser = Browser(dolphin_host=addresses["dolphin_url"], dolphin_token=addresses["dolphin_token"])
        self._media_before = 0
        self.begin()

    def begin(self) -> None:
        """What came before does not count any more, and nothing is wrong."""
        world = self.stage.sandbox.world
        self._media_before = len(world.ledger.media)
        world.journal.clear()
        world.faults.clear()
        self.account_proxy()

    @property
    def media(self) -> list[Published]:
        """What was published."""
        return list(self.stage.sandbox.world.ledger.media)[self._media_before :]

    @property
    def proxy_url(self) -> str:
        return self.stage.sandbox.proxy_url.replace("://", f"://{WAY}:right@")

    def account_proxy(self, mode: ExitMode = ExitMode.OK) -> None:
        """How the account's proxy behaves from now on."""
        self.stage.sandbox.proxy.exits.register(WAY, "right", mode)

    def open(self, account: LeasedAccount | None = None, **browser: Any) -> Publisher:
        account = account or self.stage.account(dolphin_profile_id=PROFILE)
        opening = replace(self.stage.opening(account, self.proxy_url), browser=replace(self.browser, **browser))
        publisher = open_dolphin(opening)
        self.stage.opened.append(publisher)
        return publisher

    def endpoint(self) -> str:
        """Where the profile's running browser is."""
        path = self.stage.folder / "sandbox" / "dolphin" / PROFILE / "profile" / "DevToolsActivePort"
        port, endpoint = path.read_text().splitlines()
        return f"ws://127.0.0.1:{port}{endpoint}"

    def processes(self) -> list[psutil.Process]:
        """Those of the profile's browser that name its folder."""
        profile = str(self.stage.folder / "sandbox" / "dolphin")
        return [one for one in psutil.Process().children(recursive=True) if profile in _words(one)]

    def crash_the_network(self) -> None:
        """Kill the process by which the profile's browser makes its connections."""
        inner = {one for browser in self.processes() for one in browser.children(recursive=True)}
        found = [one for one in inner if "NetworkService" in _words(one)]
        assert len(found) == 1
        found[0].kill()
        found[0].wait(60)


def _words(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
