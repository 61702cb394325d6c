"""Settings that are changed on their page, System, and the diagnostic file."""

import io
import json
import zipfile

import pytest
from tests.dashboard.conftest import Visitor
from tests.domain import factories as make
from tests.e2e.hiding_places import hits
from tests.serving import SHARED_TOKEN, Served

from igfleet.ui.configuration.effective import MASK

pytestmark = pytest.mark.anyio
_CANARIES = {"password": "canary-Pa$$ wörd-1", "totp_secret": "KVKFKRCPNZQUYMLX", "email_password": "canary-m@il"}


async def test_a_setting_is_changed_on_its_page_and_the_running_ui_follows(visitor: Visitor) -> None:
    path = "/settings/values/MEDIA_QUOTA_BYTES"
    wrong = await visitor.send("/settings", path, value="-1")
    changed = await visitor.send("/settings", path, value="1073741824")

    assert "should be greater than or equal to 1" in wrong.text
    assert "MEDIA_QUOTA_BYTES is changed" in changed.text
    assert "<del>53687091200</del> → <ins>1073741824</ins>" in await visitor.read("/audit?subject=setting")
    await visitor.until("/system", "of at most 1.0\u00a0GiB")
    await visitor.send("/settings", f"{path}/removal")
    assert f"{path}/removal" not in await visitor.read("/settings")
    await visitor.until("/system", "of at most 50.0\u00a0GiB")


async def test_the_diagnostic_file_tells_much_and_no_secret(visitor: Visitor, ui: Served) -> None:
    async with ui.context.database.sessions.begin() as session:
        (account,) = await make.accounts(session, 1)
        await ui.context.vault.seal(session, "account", account.id, _CANARIES)
    page = await visitor.read("/system")
    answer = await visitor.send("/system", "/system/bundle")

    packed = zipfile.ZipFile(io.BytesIO(answer.content))
    parts = {name: packed.read(name) for name in packed.namelist()}
    told = json.loads(parts["settings.json"])
    database = ui.context.database.url
    secrets = _CANARIES | {"token": SHARED_TOKEN, "cookie": visitor.client.cookies["igfleet_session"], "url": database}
    assert not hits(secrets, iter(parts.items()))
    assert {row["name"]: row["value"] for row in told}["DATABASE_URL"] == MASK
    assert json.loads(parts["counts.json"])["accounts"] == {"active": 1}
    assert {"database", "migrations", "clock", "master key", "ffmpeg", "disk"} <= {
        row["name"] for row in json.loads(parts["checks.json"])
    }
    assert all(words in page for words in ("Background work", "Largest tables", "igfleet doctor", "at work"))
