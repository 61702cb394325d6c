"""What came out of a backup is not sent before the account was looked at: not even a draft that is started later."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.domain import factories
from tests.serving import Served
from tests.ui_api.playing import Player

from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.start import start
from igfleet.ui.queue.taking_over import take_over

pytestmark = pytest.mark.anyio


async def test_a_draft_out_of_a_backup_is_looked_for_when_it_is_started(ui_without_proxies: Served) -> None:
    ui = ui_without_proxies
    async with ui.client() as client:
        player = Player(ui, client)
        await player.register()
        await _restored_draft(ui)
        lease = await player.lease("bulk_upload")
        assert lease is not None
        path = f"leases/{lease['id']}/posts/{lease['posts'][0]['id']}"
        refused = await player.client.put(f"/api/{path}/intent", json=_intent(lease))
        looks = [await _look(player, path, seq) for seq in (1, 2)]

    assert [(post["state"], post["look_back"]) for post in lease["posts"]] == [("unknown", 50)] * 2
    assert refused.status_code == 409
    assert [look["state"] for look in looks] == ["reconciling", "reconciling"]
    async with ui.context.database.sessions() as session:
        rows = await factories.stored_posts(session, await factories.only_task(session))
    assert [len(post.readings) for post in rows] == [2, 2], "a look serves all posts of the account"


async def _restored_draft(ui: Served) -> None:
    settings = ui.context.settings
    async with ui.context.database.sessions.begin() as session:
        accounts, media = await factories.accounts(session, 1), await factories.videos(session, 2, duration_s=3)
        task = await factories.draft(
            session, settings, accounts, media, distribution="every_video_to_every_account", delay_min_s=0
        )
        await plan(session, settings, task.id)
    async with ui.context.database.transaction() as raw:
        await take_over(raw, datetime.now(UTC) - timedelta(hours=1), settings)
    async with ui.context.database.sessions.begin() as session:
        await start(session, settings, task.id, plan_hash=None, actor="user:anna")


async def _look(player: Player, path: str, seq: int) -> dict[str, Any]:
    verdict: dict[str, Any] = await player.call("POST", f"{path}/readings", {"seq": seq, "media": [], "media_count": 0})
    return verdict


def _intent(lease: dict[str, Any]) -> dict[str, Any]:
    post = lease["posts"][0]
    return {
        "upload_id": post["upload_id"], "media_sha256": "a" * 64, "caption_sha256": "b" * 64, "duration_s": 3,
        "size_bytes": 1, "snapshot": {"pks": [], "taken_at": datetime.now(UTC).isoformat()},
    }  # fmt: skip
