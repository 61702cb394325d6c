"""The browser's own side: one shared Chromium where that is enough, launched ones where it is not."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.instagram.browser.shared import SharedChromium, shared_chromium
from tests.instagram.conftest import Stage, staged


@pytest.fixture(scope="module")
async def chromium(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SharedChromium]:
    async with shared_chromium(tmp_path_factory.mktemp("chromium")) as shared:
        yield shared


@pytest.fixture
async def shared_stage(tmp_path: Path, chromium: SharedChromium) -> AsyncIterator[Stage]:
    """A stage whose sandbox the shared Chromium trusts."""
    chromium.lend_authority(tmp_path / "sandbox")
    async with staged(tmp_path) as stage:
        yield stage
