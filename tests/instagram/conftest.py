"""The adapter against the sandbox: the real library, real sockets, a simulated Instagram."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from tests.media.conftest import make_clip

from igfleet.browser import locate_browser
from igfleet.contracts.leases import LeasedAccount, SessionMaterial
from igfleet.contracts.tasks import Action
from igfleet.errors import ChallengeRequired
from igfleet.instagram.adapters.instagrapi_client import open_instagrapi
from igfleet.instagram.gateway import Browser, CodeWanted, EnterCode, Instagram, Opening, Publisher, Reel
from igfleet.media.ffmpeg import cut_cover, locate_ffmpeg
from igfleet.reasons import ReasonCode
from igfleet.sandbox.faults import Fault
from igfleet.sandbox.sandbox import Sandbox
from igfleet.settings import Settings, load

PASSWORD = "correct horse 7"
TOTP_SECRET = "JBSWY3DPEHPK3PXP"


@dataclass
class Stage:
    """A sandbox with one account, and what the adapter asked of its caller."""

    sandbox: Sandbox
    folder: Path
    kept: list[SessionMaterial] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    """Versions of stored sessions that were reported as ended, in order."""
    codes: list[str] = field(default_factory=list)
    asked: int = 0
    spent: list[Action] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    """Codes that somebody enters, one after the other; `sent` stands for the one that was sent last."""
    wanted: list[CodeWanted] = field(default_factory=list)
    opened: list[Publisher] = field(default_factory=list)
    evidence: dict[str, bytes] = field(default_factory=dict)

    def account(self, **given: object) -> LeasedAccount:
        fields = {"id": 1, "username": "nord_01", "password": SecretStr(PASSWORD), "locale": "de_DE"}
        return LeasedAccount.model_validate(fields | {"timezone": "Europe/Berlin"} | given)

    def opening(self, account: LeasedAccount | None = None, proxy_url: str = "") -> Opening:
        return Opening(
            account=account or self.account(),
            proxy_url=proxy_url or self.sandbox.proxy_url,
            ca_file=self.sandbox.ca_file,
            folder=self.folder,
            keep_session=self._keep,
            ask_totp=self._totp,
            spend=self._spend,
            browser=Browser(executable=locate_browser(load(Settings).chromium)),
            keep_evidence=self._keep_evidence,
            ask_code=self._ask_code,
            refuse_session=self._refuse,
        )

    def open(self, account: LeasedAccount | None = None, proxy_url: str = "") -> Instagram:
        publisher = open_instagrapi(self.opening(account, proxy_url))
        self.opened.append(publisher)
        return publisher

    async def signed_in(self) -> Instagram:
        publisher = self.open()
        await publisher.sign_in()
        return publisher

    def fault(self, act: str, path: str = ".", refusal: str | None = None, **more: object) -> None:
        self.sandbox.world.faults.add(Fault.model_validate({"act": act, "path": path, "refusal": refusal, **more}))

    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [f"{entry.method} {entry.path}" for entry in self.sandbox.world.journal]

    def asked_for(self, part: str) -> int:
        return sum(part in path for path in self.paths())

    def other(self, username: str, **given: Any) -> str:
        """Somebody else in the sandbox; their id."""
        account = self.sandbox.world.add_account(username, PASSWORD)
        self.sandbox.world.furnish(account, **given)
        return str(account.pk)

    def told(self, name: str) -> list[dict[str, Any]]:
        """A list of the sandbox's ledger."""
        listed: Any = self.sandbox.world.ledger.shown()[name]
        return list(listed)

    async def _keep(self, material: SessionMaterial) -> None:
        self.kept.append(material)

    async def _refuse(self, material: SessionMaterial) -> None:
        self.refused.append(material.version)

    async def _keep_evidence(self, path: Path, name: str) -> None:
        self.evidence[name] = path.read_bytes()

    async def _spend(self, action: Action) -> None:
        self.spent.append(action)

    async def _ask_code(self, wanted: CodeWanted, enter: EnterCode) -> None:
        self.wanted.append(wanted)
        while self.answers:
            answer = self.answers.pop(0)
            if await enter(self.sandbox.world.letters.sent[-1].code if answer == "sent" else answer):
                return
        raise ChallengeRequired("nobody entered the code", ReasonCode.CODE_REQUIRED)

    async def _totp(self) -> str:
        self.asked += 1
        return self.codes.pop(0)


@asynccontextmanager
async def staged(folder: Path) -> AsyncIterator[Stage]:
    async with Sandbox(folder / "sandbox") as sandbox:
        sandbox.world.add_account("nord_01", PASSWORD)
        stage = Stage(sandbox, folder)
        yield stage
        for publisher in stage.opened:
            await publisher.close()


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as stage:
        yield stage


@pytest.fixture(scope="session")
def reel(tmp_path_factory: pytest.TempPathFactory) -> Reel:
    folder = tmp_path_factory.mktemp("reel")
    ffmpeg = locate_ffmpeg()
    video = make_clip(ffmpeg, folder / "clip.mp4", seconds=2)
    cut_cover(ffmpeg, video, folder / "cover.jpg")
    return Reel(
        video=video,
        cover=folder / "cover.jpg",
        caption="Sea & sand 🌊\nsecond line",
        upload_id="1700000000001",
        duration_s=2.0,
        width=270,
        height=480,
    )
