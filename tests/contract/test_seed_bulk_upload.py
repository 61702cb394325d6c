"""A bulk upload between our ui and a worker that was written against the first contract, and the other way round."""

import hashlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from igfleet.ui import library
from igfleet.ui.imports.accounts import apply_accounts
from igfleet.ui.models import AuditEntry, Post
from igfleet.ui.planning import draft as drafts
from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.start import start
from tests.authorities import PUBLIC
from tests.contract.seed_worker import SeedWorker
from tests.e2e.fleet import TOKEN, Fleet, clip
from tests.serving import SHARED_TOKEN, Served, Standing

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]
ACCOUNTS = """username,password,totp_secret,email,email_password,proxy
nord_01,pw-one-1,JBSWY3DPEHPK3PXP,box@mail.example,pw-mail-1,http://via_1:pw-proxy-1@127.0.0.1:9000
nord_02,pw-two-2,,,,socks5://127.0.0.1:9001
nord_03,pw-three-3,,,,http://127.0.0.1:9002
nord_04,pw-four-4,,,,http://127.0.0.1:9003
"""


@pytest.fixture
async def ui(standing: Standing) -> AsyncIterator[Served]:
    """A ui that opens secrets to the shared token, as workers of the first contract need it."""
    async with standing.ui(AGGREGATE_SECRETS="all") as running:
        yield running


@pytest.fixture
async def worker(ui: Served) -> AsyncIterator[SeedWorker]:
    headers = {"Authorization": f"Bearer {SHARED_TOKEN}"}
    async with httpx.AsyncClient(
        base_url=ui.address, headers=headers, trust_env=False, verify=PUBLIC, timeout=30
    ) as client:
        yield SeedWorker(client)


@pytest.fixture
async def task(ui: Served, tmp_path: Path) -> int:
    """Four accounts, two videos each, started."""
    house = ui.context
    async with house.database.sessions.begin() as session:
        await apply_accounts(session, house.vault, ACCOUNTS, authorised_by="owner of all, in writing", actor="test")
    videos = [await _add(ui, clip(tmp_path / f"clip_{number}.mp4", 3 + number)) for number in (1, 2)]
    async with house.database.sessions.begin() as session:
        order = drafts.Draft(
            name="Spring",
            options={"distribution": "every_video_to_every_account", "default_mentions": ["nord_02"]},
            account_ids=await drafts.accounts_named(session, ["nord_01", "nord_02", "nord_03", "nord_04"]),
            media=tuple(drafts.DraftMedia(media_id=key) for key in videos),
            captions=drafts.Captions(form=drafts.CaptionForm.TEMPLATE, text="Hello from {{username}}"),
        )
        made = await drafts.create(session, house.settings, order, "test")
        await plan(session, house.settings, made.id)
        await start(session, house.settings, made.id, plan_hash=None, actor="test")
        return made.id


async def _add(ui: Served, path: Path) -> int:
    stored = await library.receive_file(ui.context, path)
    async with ui.context.database.sessions.begin() as session:
        media_id = (await library.add(session, stored, path.name, "test")).media.id
    await library.probe(ui.context, media_id)
    return media_id


async def test_an_aggregate_has_all_that_a_run_needs(worker: SeedWorker, ui: Served, task: int) -> None:
    told = await worker.aggregate(task)

    first = told["accounts"][0]
    assert (told["id"], told["name"], told["default_mentions"]) == (task, "Spring", ["nord_02"])
    assert first["status"] == "PENDING"
    assert (
        first["account"].items()
        >= {
            "username": "nord_01",
            "password": "pw-one-1",
            "tfa_secret": "JBSWY3DPEHPK3PXP",
            "email_username": "box@mail.example",
            "email_password": "pw-mail-1",
            "language": "en",
        }.items()
    )
    proxy = {"type": "http", "host": "127.0.0.1", "port": 9000, "user": "via_1", "pass": "pw-proxy-1"}
    assert first["account"]["proxy"].items() >= proxy.items()
    assert [video["order"] for video in told["videos"]] == [0, 1]
    assert {"id", "title", "location", "mentions", "url", "sha256", "size", "duration"} <= set(told["videos"][0])
    mine = [post for post in told["posts"] if post["id"] in first["assigned"]]
    assert [(post["caption"], post["state"]) for post in mine] == [("Hello from nord_01", "planned")] * 2
    async with ui.context.database.sessions() as session:
        read = await session.scalars(select(AuditEntry.actor).where(AuditEntry.action == "secret_opened"))
        assert "worker:shared" in set(read)


async def test_shares_divide_the_accounts(worker: SeedWorker, task: int) -> None:
    shares = [await worker.aggregate(task, batch_index=index, batch_count=2) for index in (0, 1)]

    names = [[one["account"]["username"] for one in share["accounts"]] for share in shares]
    assert names == [["nord_01", "nord_03"], ["nord_02", "nord_04"]]


async def test_a_worker_of_the_first_contract_does_the_whole_task(worker: SeedWorker, ui: Served, task: int) -> None:
    told = await worker.aggregate(task)
    videos = {video["id"]: video for video in told["videos"]}
    videos_of = {post["id"]: post["video_id"] for post in told["posts"]}
    assert await worker.task_says(task, status="RUNNING", log="started") == {"ok": True, "status": "PENDING"}

    for one in told["accounts"]:
        key = one["account_task_id"]
        assert await worker.account_says(key, status="RUNNING") == {"ok": True, "status": "RUNNING"}
        for number, post_id in enumerate(one["assigned"], 1):
            video = videos[videos_of[post_id]]
            got = await worker.client.get(video["url"])
            assert hashlib.sha256(got.content).hexdigest() == video["sha256"]
            assert got.headers["etag"] == f'"{video["sha256"]}"'
            counted = await worker.count(key, success=1)
            assert counted == {"ok": True, "uploaded_success_count": number, "uploaded_failed_count": 0}
        done = {"ok": True, "status": "COMPLETED"}
        assert await worker.account_says(key, status="COMPLETED", log_append="two videos") == done
        assert await worker.account_says(key, status="COMPLETED") == done
        assert await worker.account_says(key, status="FAILED") == done, "finished never goes back"

    assert await worker.task_says(task, status="FAILED") == {"ok": True, "status": "COMPLETED"}
    async with ui.context.database.sessions() as session:
        assert set(await session.scalars(select(Post.state).where(Post.task_id == task))) == {"published"}


async def test_every_word_of_the_first_contract_keeps_its_meaning(worker: SeedWorker, task: int) -> None:
    keys = [one["account_task_id"] for one in (await worker.aggregate(task))["accounts"]]
    words = ["COMPLETED", "FAILED", "HUMAN_VERIFICATION_REQUIRED", "PHONE_VERIFICATION_REQUIRED"]
    for key, word in zip(keys, words, strict=True):
        await worker.account_says(key, status="RUNNING")
        assert await worker.account_says(key, status=word) == {"ok": True, "status": word}

    assert [one["status"] for one in (await worker.aggregate(task))["accounts"]] == words
    assert (await worker.task_says(task, log_append="two wait for a person"))["status"] == "RUNNING"


async def test_counters_are_added_once_for_each_key(worker: SeedWorker, task: int) -> None:
    key = (await worker.aggregate(task))["accounts"][0]["account_task_id"]
    path = f"/api/bulk-accounts/{key}/counters"

    for _ in range(3):
        answer = await worker.client.post(path, json={"failed": 2, "skipped": 1}, headers={"Idempotency-Key": "k1"})
        assert answer.json()["uploaded_failed_count"] == 2
    for wrong in ({"success": -1}, {"success": "two"}, {"success": 1.5}):
        refused = await worker.client.post(path, json=wrong)
        assert refused.status_code == 422
        assert [entry["field"] for entry in refused.json()["errors"]] == ["success"]


async def test_media_come_in_parts_too(worker: SeedWorker, task: int) -> None:
    video = (await worker.aggregate(task))["videos"][0]
    whole = await worker.download(video["id"])
    part = await worker.client.get(video["url"], headers={"Range": "bytes=100-199"})
    beyond = await worker.client.get(video["url"], headers={"Range": f"bytes={video['size']}-"})

    assert (whole.status_code, len(whole.content)) == (200, video["size"])
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    assert beyond.status_code == 416


@pytest.mark.parametrize("path", ["/api/bulk-tasks/1/aggregate", "/api/media/1/download"])
async def test_without_the_token_nothing_is_told(ui: Served, task: int, path: str) -> None:
    for token in (None, "wrong"):
        async with ui.client(token) as nobody:
            answer = await nobody.get(path)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    ["/api/bulk-tasks/99/aggregate", "/api/no-such-kind/1/aggregate", "/api/media/99/download"],
)
async def test_what_does_not_exist_is_404(worker: SeedWorker, task: int, path: str) -> None:
    answer = await worker.client.get(path)

    assert answer.status_code == 404
    assert answer.json()["reason_code"] == "not_found"


async def test_a_wrong_body_names_the_field(worker: SeedWorker, task: int) -> None:
    answer = await worker.client.post(f"/api/bulk-tasks/{task}/status", json={"status": "SLEEPING"})

    assert answer.status_code == 422
    assert "status" in answer.text


def test_our_worker_obeys_a_caller_of_the_first_contract(tmp_path: Path, database_url: str) -> None:
    patient = {"LEASE_LENGTH": "60", "COMMIT_WINDOW_SECS": "30"}
    with Fleet(tmp_path / "fleet", database_url, patient) as fleet:
        names = fleet.accounts(3)
        task = int(fleet.upload(names, [clip(tmp_path / "clip.mp4", 3)], "Hello"))
        fleet.worker("w1")
        base = fleet.address_of("w1")
        headers = {"Authorization": f"Bearer {TOKEN}"}
        with httpx.Client(base_url=base, headers=headers, trust_env=False, verify=PUBLIC, timeout=60) as caller:
            start_call = {
                "mode": "pull",
                "task_id": task,
                "options": {
                    "concurrency": 2,
                    "headless": True,
                    "visible": False,
                    "batch_index": 0,
                    "batch_count": 1,
                    "upload_method": "instagrapi",
                },
            }
            begun = caller.post("/api/v1/bulk-tasks/start", json=start_call)
            assert begun.status_code == 200, begun.text
            job = begun.json()
            assert job == {"job_id": job["job_id"], "accepted": True}

            told = _until_over(caller, job["job_id"])

            assert (told["kind"], told["task_id"], told["status"]) == ("bulk_upload", task, "COMPLETED")
            assert told["total_failed_uploads"] == 0
            assert [one["job_id"] for one in caller.get("/api/v1/jobs").json()] == [job["job_id"]]
            assert caller.get("/api/v1/jobs/00000000-0000-4000-8000-000000000000/status").status_code == 404
            assert caller.post("/api/v1/bulk-tasks/start", json={"mode": "push", "task_id": task}).status_code == 422
            assert caller.get("/api/v1/jobs", headers={"Authorization": "Bearer wrong"}).status_code == 401
            health = httpx.get(f"{base}/api/v1/health", trust_env=False, timeout=60).json()
            assert health.items() >= {"ok": True, "slots": 4}.items()
        fleet.cli("tasks", "wait", str(task), "--timeout", "120")
        assert len(fleet.control("GET", "ledger")["media"]) == 3


def _until_over(caller: httpx.Client, job_id: str) -> dict[str, Any]:
    end = time.monotonic() + 90
    while time.monotonic() < end:
        told: dict[str, Any] = caller.get(f"/api/v1/jobs/{job_id}/status").json()
        if told["status"] not in ("PENDING", "RUNNING"):
            return told
        time.sleep(0.2)
    raise AssertionError("the job did not end")
