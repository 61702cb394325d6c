"""A ui that turns on its workers: whatever its leases say, nothing is asked elsewhere and nothing written elsewhere."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from igfleet.contracts.leases import Lease
from tests.worker.conftest import Desk
from tests.worker.memory_ui import a_post

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")]
_MUTATIONS: list[tuple[str, Any]] = [
    ("posts.0.media.path", "http://127.0.0.1:{port}/evil"),
    ("posts.0.media.path", "//127.0.0.1:{port}/evil"),
    ("posts.0.media.path", "/\\127.0.0.1:{port}/evil"),
    ("posts.0.media.path", "@127.0.0.1:{port}/evil"),
    ("posts.0.media.path", "/../../../../etc/passwd"),
    ("posts.0.media.path", "file:///etc/passwd"),
    ("posts.0.media.name", "../../../evil.mp4"),
    ("posts.0.media.sha256", "../../../evil"),
    ("posts.0.upload_id", "../../../evil"),
    ("posts.0.caption", "$(touch evil)\x00"),
    ("account.username", "../../../evil"),
    ("account.id", "../../../evil"),
    ("id", "../../../evil"),
    ("kind", "../../evil"),
    ("kind", "os:system"),
    ("method", "../evil"),
    ("options", {"play": "os.system", "word": "touch evil"}),
    ("checkpoints", {"../../evil": "../../evil"}),
    ("length_s", -1),
]


async def test_no_lease_makes_a_worker_ask_or_write_elsewhere(desk: Desk, tmp_path: Path) -> None:
    came: list[object] = []
    trap = await asyncio.start_server(lambda _, writer: (came.append(1), writer.close())[1], "127.0.0.1", 0)
    port = trap.sockets[0].getsockname()[1]
    desk.ui.is_hostile = True
    around = _names(tmp_path.parent)
    async with trap, desk.worker(CONCURRENCY_LIMIT="8"):
        for field, value in _MUTATIONS:
            given = value.format(port=port) if isinstance(value, str) else value
            lease = desk.ui.add("fetch", posts=(a_post(),))
            desk.ui.waiting.remove(lease)
            desk.ui.waiting.append(_mutated(lease, field.split("."), given))
            await desk.until(lambda: not desk.ui.waiting)
            good = desk.ui.add("say")
            await desk.until(lambda good=good: good.account_task_id in desk.ui.outcomes)  # type: ignore[misc]

    assert came == []
    assert _names(tmp_path.parent) == around
    assert [path for path in tmp_path.rglob("*") if "evil" in path.name or path.name == "passwd"] == []
    assert {path.name for path in tmp_path.iterdir()} <= {"accounts", "jobs.json", "journals", "media", "runs", "shelf"}


def _mutated[T: (BaseModel, tuple[Any, ...])](whole: T, path: list[str], value: object) -> T:
    """A copy with one value replaced, which nothing has checked."""
    name, *deeper = path
    if isinstance(whole, tuple):
        at = int(name)
        return (*whole[:at], _mutated(whole[at], deeper, value), *whole[at + 1 :])
    return whole.model_copy(update={name: _mutated(getattr(whole, name), deeper, value) if deeper else value})


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


assert Lease.model_fields.keys() >= {field.partition(".")[0] for field, _ in _MUTATIONS}
