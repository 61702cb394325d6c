"""Files that runs hand over: through a real ui, cut on the way, repeated, refused."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select, text
from tests.domain.factories import accounts
from tests.serving import SHARED_TOKEN, Served
from tests.ui_api.holding import holder

from igfleet.contracts.files import Purpose
from igfleet.errors import LeaseLost, NeedsPerson
from igfleet.reasons import ReasonCode
from igfleet.settings import WorkerSettings, load
from igfleet.ui import evidence, tokens
from igfleet.ui.jobs.tick import prune
from igfleet.ui.models import AccountTask, Evidence, Media
from igfleet.ui.planning.draft import Draft, create
from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.start import start
from igfleet.worker import uploads
from igfleet.worker.ui_client import UiClient

pytestmark = pytest.mark.anyio
MIB = 1024**2


@dataclass
class Leased:
    """A running lease of `bulk_login`, and a client that holds it."""

    client: httpx.AsyncClient
    id: UUID

    async def offer(self, content: bytes, **given: Any) -> httpx.Response:
        body = {"name": "old.jpg", "purpose": "picture", "size_bytes": len(content), **given}
        return await self.client.put(self._path(content), json=body)

    async def append(self, content: bytes, offset: int, part: bytes) -> httpx.Response:
        return await self.client.patch(self._path(content), content=part, headers={"Upload-Offset": str(offset)})

    def _path(self, content: bytes) -> str:
        return f"/api/leases/{self.id}/files/{hashlib.sha256(content).hexdigest()}"


@pytest.fixture
async def leased(ui_without_proxies: Served) -> AsyncIterator[Leased]:
    context = ui_without_proxies.context
    async with context.database.sessions.begin() as session:
        who = await accounts(session, 1)
        order = Draft(kind="bulk_login", name="Sign in", account_ids=(who[0].id,))
        task = await create(session, context.settings, order, "test")
        await plan(session, context.settings, task.id)
        await start(session, context.settings, task.id, plan_hash=None, actor="test")
    async with ui_without_proxies.client() as client:
        body = {"name": "w1", "version": "0", "kinds": ["bulk_login"], "methods": ["instagrapi"], "slots": 1}
        worker = (await client.post("/api/workers/register", json=body)).json()["worker_id"]
        leases = (await client.post("/api/leases", json={"worker_id": worker, "kinds": ["bulk_login"]})).json()
        yield Leased(client, UUID(leases[0]["id"]))


@asynccontextmanager
async def _cutting(address: str, after: int, times: int) -> AsyncIterator[str]:
    """A way to the ui that breaks off `times` times, each after so many bytes of a connection."""
    host, port = address.removeprefix("http://").split(":")
    left = times

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter, most: int | None) -> None:
        passed = 0
        while chunk := await source.read(65536):
            passed += len(chunk)
            if most is not None and passed > most:
                break
            sink.write(chunk)
            await sink.drain()
        sink.close()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal left
        there, back = await asyncio.open_connection(host, int(port))
        cut, left = left > 0, left - 1
        await asyncio.gather(
            pump(reader, back, after if cut else None), pump(there, writer, None), return_exceptions=True
        )

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def _client(address: str) -> UiClient:
    return UiClient(load(WorkerSettings, UI_API_BASE=address, UI_API_TOKEN=SHARED_TOKEN))


async def test_a_file_cut_on_the_way_goes_on_where_it_broke(
    leased: Leased, ui_without_proxies: Served, tmp_path: Path
) -> None:
    ui = ui_without_proxies
    file = tmp_path / "variant.mp4"
    file.write_bytes(os.urandom(9 * MIB))
    handed = uploads.Handed(file, "clip v1.mp4", Purpose.VARIANT, {"seed": 7}, counter="rendered")

    async with _cutting(ui.address, after=3 * MIB, times=4) as address, _client(address) as client:
        first = await uploads.send(client, leased.id, handed)
        again = await uploads.send(client, leased.id, handed)

    assert first == again
    assert ui.context.storage.path(first.sha256).read_bytes() == file.read_bytes()
    async with ui.context.database.sessions() as session:
        media = (await session.scalars(select(Media))).one()
        task = (await session.scalars(select(AccountTask))).one()
    assert (media.origin, media.name, media.making["seed"]) == ("variant", "clip v1.mp4", 7)
    assert task.counters == {"rendered": 1}
    assert task.checkpoints["stored:clip v1.mp4"]["id"] == media.id
    assert list((ui.context.settings.data_dir / "media" / "incoming").iterdir()) == []


async def test_each_offer_says_how_much_is_there(leased: Leased) -> None:
    content = b"0123456789"

    assert (await leased.offer(content)).json() == {"offset": 0, "file": None}
    assert (await leased.append(content, 0, content[:4])).json()["offset"] == 4
    assert (await leased.offer(content)).json()["offset"] == 4
    assert (await leased.append(content, 4, content[4:])).json()["offset"] == 10
    assert (await leased.offer(content)).json()["file"]["name"] == "old.jpg"


async def test_a_part_with_a_wrong_offset_or_too_many_bytes_is_refused(leased: Leased) -> None:
    content = b"0123456789"
    await leased.offer(content)

    wrong = await leased.append(content, 5, b"56789")
    much = await leased.append(content, 0, b"0123456789 and more")

    assert (wrong.status_code, wrong.json()["reason_code"]) == (409, "wrong_offset")
    assert (much.status_code, much.json()["reason_code"]) == (413, "too_large")


async def test_damaged_bytes_are_thrown_away(leased: Leased) -> None:
    content = b"0123456789"
    await leased.offer(content)
    await leased.append(content, 0, b"012345678X")

    answer = await leased.offer(content)

    assert (answer.status_code, answer.json()["reason_code"]) == (422, "damaged")
    assert (await leased.offer(content)).json()["offset"] == 0


async def test_nothing_is_taken_after_the_lease(leased: Leased, tmp_path: Path) -> None:
    content = b"0123456789"
    await leased.offer(content)
    await leased.client.put(f"/api/leases/{leased.id}/outcome", json={"outcome": "completed"})

    for answer in (await leased.offer(content), await leased.append(content, 0, content)):
        assert (answer.status_code, answer.json()["reason_code"]) == (409, "lease_lost")
    file = tmp_path / "late.jpg"
    file.write_bytes(content)
    async with _client(str(leased.client.base_url)) as client:
        with pytest.raises(LeaseLost):
            await uploads.send(client, leased.id, uploads.Handed(file, "late.jpg", Purpose.PICTURE, {}))


async def test_another_worker_s_token_is_refused(leased: Leased, ui_without_proxies: Served) -> None:
    async with ui_without_proxies.context.database.sessions.begin() as session:
        token = await tokens.make(session, "w2", "test")
    async with ui_without_proxies.client(token) as other:
        answer = await Leased(other, leased.id).offer(b"0123456789")

    assert answer.status_code == 403


async def test_a_file_larger_than_the_library_takes_needs_a_person(
    leased: Leased, ui_without_proxies: Served, tmp_path: Path
) -> None:
    file = tmp_path / "large.mp4"
    with file.open("wb") as large:
        large.truncate(ui_without_proxies.context.settings.media_max_bytes + 1)

    async with _client(ui_without_proxies.address) as client:
        with pytest.raises(NeedsPerson) as caught:
            await uploads.send(client, leased.id, uploads.Handed(file, "large.mp4", Purpose.VARIANT, {}))

    assert caught.value.reason is ReasonCode.LIBRARY_FULL


async def test_a_source_that_is_not_the_account_task_s_is_refused(leased: Leased) -> None:
    content = b"0123456789"
    await leased.offer(content)
    await leased.append(content, 0, content)

    answer = await leased.offer(content, source_id=1)

    assert answer.status_code == 422


async def test_evidence_is_kept_beside_the_library_and_shown_to_who_is_signed_in(
    leased: Leased, ui_without_proxies: Served
) -> None:
    ui = ui_without_proxies
    content = b"\x89PNG\r\n\x1a\n and a picture"
    given = {"purpose": "evidence", "name": "after.png", "facts": {"url": "/login"}}

    await leased.offer(content, **given)
    await leased.append(content, 0, content)
    file = (await leased.offer(content, **given)).json()["file"]

    async with ui.context.database.sessions() as session:
        kept = (await session.scalars(select(Evidence))).one()
        assert (kept.name, kept.attempt, kept.media_type, kept.facts) == (
            "after.png",
            1,
            "image/png",
            {"url": "/login"},
        )
        assert await session.scalar(select(Media.id)) is None
    async with ui.client(None) as nobody, ui.signed_in() as anna:
        assert (await nobody.get(file["path"], headers={"accept": "application/json"})).status_code == 401
        shown = await anna.get(file["path"])
        task = await anna.get("/tasks/1")
    assert f'href="{file["path"]}"' in task.text
    assert (shown.content, shown.headers["content-type"]) == (content, "image/png")
    assert shown.headers["content-disposition"] == "attachment; filename*=UTF-8''after.png"


async def test_evidence_is_fetched_by_a_key_of_its_task(leased: Leased, ui_without_proxies: Served) -> None:
    content = b"\x89PNG\r\n\x1a\n and a picture"
    await leased.offer(content, purpose="evidence", name="after.png")
    await leased.append(content, 0, content)
    await leased.offer(content, purpose="evidence", name="after.png")

    async with holder(ui_without_proxies) as boss, holder(ui_without_proxies, tags=["elsewhere"]) as other:
        [one] = (await boss.get("/api/v1/tasks/1/evidence")).json()["items"]
        part = await boss.get(f"/api/v1/evidence/{one['id']}", headers={"Range": "bytes=1-3"})
        hidden = [(await other.get(f"/api/v1/{path}")).status_code for path in ("tasks/1/evidence", "evidence/1")]

    assert (one["name"], one["media_type"], one["size_bytes"]) == ("after.png", "image/png", len(content))
    assert (part.status_code, part.content) == (206, b"PNG")
    assert hidden == [404, 404]


async def test_too_much_evidence_leaves_again_the_oldest_first(leased: Leased, ui_without_proxies: Served) -> None:
    for number in range(3):
        content = f"trace {number}".encode()
        given = {"purpose": "evidence", "name": f"{number}.txt"}
        await leased.offer(content, **given)
        await leased.append(content, 0, content)
        await leased.offer(content, **given)

    async with ui_without_proxies.context.database.sessions.begin() as session:
        dropped = await evidence.prune(session, quota_bytes=16)
        left = list(await session.scalars(select(Evidence.name).order_by(Evidence.id)))

    assert dropped == [hashlib.sha256(b"trace 0").hexdigest()]
    assert left == ["1.txt", "2.txt"]


async def test_the_last_day_s_uploads_are_forgotten(leased: Leased, ui_without_proxies: Served) -> None:
    content = b"0123456789"
    await leased.offer(content)
    await leased.append(content, 0, content[:5])
    async with ui_without_proxies.context.database.sessions.begin() as session:
        await session.execute(text("UPDATE uploads SET touched_at = now() - interval '25 hours'"))

    await prune(ui_without_proxies.context)

    assert (await leased.offer(content)).json()["offset"] == 0
