"""The media pages, by forms and requests."""

import csv
import io
import json
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.dashboard.conftest import Visitor
from tests.e2e.fleet import clip
from tests.media.conftest import make_clip
from tests.serving import Served

from igfleet.media.ffmpeg import locate_ffmpeg
from igfleet.ui import conversions, library
from igfleet.ui.models import Media

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]


async def _add(ui: Served, path: Path) -> int:
    stored = await library.receive_file(ui.context, path)
    async with ui.context.database.sessions.begin() as session:
        added = await library.add(session, stored, path.name, "user:anna")
    await library.probe(ui.context, added.media.id)
    return added.media.id


async def _token(visitor: Visitor) -> dict[str, str]:
    page = await visitor.read("/media")
    return {"x-csrf-token": page.split('data-csrf="', 1)[1].split('"', 1)[0], "accept": "application/json"}


async def test_an_upload_goes_on_where_it_broke_off(visitor: Visitor, ui: Served, tmp_path: Path) -> None:
    content = clip(tmp_path / "a.mp4", 3).read_bytes()
    query = {"name": "a.mp4", "size": len(content), "modified": 17}
    headers = await _token(visitor)

    async def begin() -> dict[str, int]:
        answer = await visitor.client.post("/media/uploads", params=query, headers=headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, int] = answer.json()
        return found

    async def append(key: int, offset: int, part: bytes) -> dict[str, int]:
        more = {**headers, "upload-offset": str(offset)}
        found: dict[str, int] = (await visitor.client.patch(f"/media/uploads/{key}", content=part, headers=more)).json()
        return found

    first = await begin()
    await append(first["id"], 0, content[:1000])
    page = await visitor.read("/media")
    again = await begin()
    done = await append(again["id"], 1000, content[1000:])
    after_all = await begin()

    assert "Choose the file again to go on" in page
    assert (again["id"], again["offset"]) == (first["id"], 1000)
    assert done["is_new"]
    assert after_all["media_id"] == done["media_id"]
    assert "Choose the file again to go on" not in await visitor.read("/media")
    assert (await visitor.client.get(f"/media/{done['media_id']}/content")).content == content


async def test_nobody_goes_on_with_somebody_else_s_upload(visitor: Visitor, ui: Served) -> None:
    headers = await _token(visitor)
    query = {"name": "a.mp4", "size": 10, "modified": 17}
    key = (await visitor.client.post("/media/uploads", params=query, headers=headers)).json()["id"]

    async with ui.signed_in("berta") as berta:
        page = (await berta.get("/media", headers={"accept": "text/html"})).text
        token = page.split('data-csrf="', 1)[1].split('"', 1)[0]
        more = {"x-csrf-token": token, "accept": "application/json", "upload-offset": "0"}
        answer = await berta.patch(f"/media/uploads/{key}", content=b"x" * 10, headers=more)

    assert answer.status_code == 404


async def test_what_broke_off_can_be_forgotten(visitor: Visitor) -> None:
    headers = await _token(visitor)
    query = {"name": "a.mp4", "size": 10, "modified": 17}
    key = (await visitor.client.post("/media/uploads", params=query, headers=headers)).json()["id"]

    page = await visitor.send("/media", f"/media/uploads/{key}/deletion")

    assert "a.mp4" not in page.text


@pytest.mark.parametrize(("size", "says"), [(0, "is empty"), (2**40, "larger than 1,024 MB")])
async def test_a_file_that_cannot_be_taken_is_refused_before_it_is_sent(visitor: Visitor, size: int, says: str) -> None:
    query = {"name": "a.mp4", "size": size}

    answer = await visitor.client.post("/media/uploads", params=query, headers=await _token(visitor))

    assert answer.status_code in (413, 422)
    assert says in answer.json()["detail"]


async def test_files_come_by_a_plain_form_too(visitor: Visitor, tmp_path: Path) -> None:
    content = clip(tmp_path / "a.mp4", 3).read_bytes()
    token = (await _token(visitor))["x-csrf-token"]
    files = [("files", ("a.mp4", content, "video/mp4")), ("files", ("b.txt", b"some text", "text/plain"))]

    answer = await visitor.client.post("/media/files", data={"csrf": token}, files=files, follow_redirects=True)

    assert "2 files uploaded" in answer.text
    assert "a.mp4" in answer.text
    assert (await visitor.client.get("/media/1/content")).content == content


async def test_an_unpublishable_file_is_made_publishable(visitor: Visitor, ui: Served, tmp_path: Path) -> None:
    bad = await _add(ui, make_clip(locate_ffmpeg(), tmp_path / "old.mp4", "-c:v", "mpeg4", size="540x960", seconds=3))
    page = await visitor.read(f"/media/{bad}")
    assert "Make it publishable" in page

    await visitor.send(f"/media/{bad}", f"/media/{bad}/conversions")
    await visitor.until(f"/media/{bad}", "Converted to a publishable file")

    async with ui.context.database.sessions() as session:
        made = await library.find(session, bad + 1)
    assert (made.state, made.origin, made.source_id, made.name) == ("ready", "converted", bad, "old (publishable).mp4")
    assert "old.mp4" in await visitor.read(f"/media/{made.id}")
    refused = await visitor.client.post(
        f"/media/{made.id}/conversions", data={"csrf": (await _token(visitor))["x-csrf-token"]}
    )
    assert refused.status_code == 409


async def test_a_conversion_whose_process_died_is_taken_over(visitor: Visitor, ui: Served, tmp_path: Path) -> None:
    bad = await _add(ui, make_clip(locate_ffmpeg(), tmp_path / "old.mp4", "-c:v", "mpeg4", size="270x480", seconds=3))
    async with ui.context.database.sessions.begin() as session:
        asked = await conversions.ask(session, await library.find(session, bad), "user:anna")
        left = text("UPDATE conversions SET state = 'running', touched_at = now() - interval '2 minutes'")
        await session.execute(left)

    await visitor.until(f"/media/{bad}", "Converted to a publishable file", 90)

    async with ui.context.database.sessions() as session:
        assert (await conversions.find(session, asked.id)).state == "done"


async def test_a_conversion_asked_for_twice_is_one(visitor: Visitor, ui: Served, tmp_path: Path) -> None:
    bad = await _add(ui, make_clip(locate_ffmpeg(), tmp_path / "old.mp4", "-c:v", "mpeg4", size="270x480", seconds=3))
    async with ui.context.database.sessions.begin() as session:
        media = await library.find(session, bad)

        first, second = [(await conversions.ask(session, media, "user:anna")).id for _ in range(2)]

    assert first == second


async def test_the_list_is_filtered_and_exported(visitor: Visitor, ui: Served, tmp_path: Path) -> None:
    good = await _add(ui, clip(tmp_path / "=good.mp4", 3))
    fake = tmp_path / "fake.mp4"
    fake.write_text("a text that calls itself a video")
    await _add(ui, fake)
    async with ui.context.database.sessions.begin() as session:
        variant = await session.get(Media, good)
        assert variant is not None
        variant.origin = "variant"

    broken = await visitor.read("/media?state=broken")
    variants = await visitor.read("/media?origin=variant&kind=video")
    rows = list(csv.DictReader(io.StringIO((await visitor.client.get("/media.csv?state=ready")).text)))
    told = json.loads((await visitor.client.get("/media.json?q=fake")).text)

    assert ("fake.mp4" in broken, "=good.mp4" in broken) == (True, False)
    assert ("fake.mp4" in variants, "=good.mp4" in variants) == (False, True)
    assert [(row["name"], row["origin"], row["video_codec"]) for row in rows] == [("'=good.mp4", "variant", "h264")]
    assert [row["problems"] for row in told] == ["This is a text file, not a video or picture."]
    assert "No file matches" in await visitor.read("/media?q=nothing")


async def test_a_changed_etag_gets_the_whole_file(ui: Served, tmp_path: Path) -> None:
    path = clip(tmp_path / "a.mp4", 3)
    key = await _add(ui, path)
    content = path.read_bytes()

    async with ui.client() as worker:
        address = f"/api/media/{key}/download"
        etag = (await worker.get(address)).headers["etag"]
        same = await worker.get(address, headers={"Range": "bytes=100-199", "If-Range": etag})
        changed = await worker.get(address, headers={"Range": "bytes=100-199", "If-Range": '"another"'})

    assert (same.status_code, same.content) == (206, content[100:200])
    assert (changed.status_code, changed.content) == (200, content)
