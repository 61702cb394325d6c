"""Commands with `--server`: the same words from another machine, over the operator API."""

import json
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from sqlalchemy import select, update
from tests.domain.factories import account_tasks_of, accounts, draft, proxies, videos
from tests.serving import Served
from tests.ui_api.holding import holder, key
from typer.testing import CliRunner, Result

from igfleet.cli.app import app
from igfleet.cli.exits import Exit
from igfleet.ui.models import AccountTask, Breaker, Challenge, Post, PostIncident
from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.start import start

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]
_LOGGED = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[.*\n", re.MULTILINE)
HEAVY = {"sqlalchemy", "asyncpg", "litestar", "psycopg", "procrastinate", "alembic"}


async def _run(ui: Served, token: str, *words: object) -> Result:
    """As if on a machine that has nothing but the command."""
    runner = CliRunner(env={"IGFLEET_SERVER": ui.address, "IGFLEET_API_KEY": token})
    line = [str(word) for word in words]
    return await anyio.to_thread.run_sync(lambda: runner.invoke(app, line, catch_exceptions=False))


def _out(done: Result) -> str:
    """What the command printed, without what the ui, which is in the same process, logged meanwhile."""
    return _LOGGED.sub("", done.stdout)


async def test_an_order_is_given_watched_and_taken_back(ui_without_proxies: Served, tmp_path: Path) -> None:
    ui = ui_without_proxies
    token = (await key(ui)).token
    file, captions, clip = tmp_path / "accounts.csv", tmp_path / "captions.txt", tmp_path / "clip.mp4"
    file.write_text("username,password,tags\nnord_01,pw,n\nnord_02,pw,n\nno name!,pw,n\n", encoding="utf-8")
    captions.write_text("Hello {{username}}", encoding="utf-8")
    clip.write_bytes(b"no video")
    async with ui.context.database.sessions.begin() as session:
        await videos(session, 1)

    imported = await _run(ui, token, "accounts", "import", file, "--authorised-by", "the agency", "--json")
    listed = await _run(ui, token, "accounts", "list", "--tag", "n", "--json")
    added = await _run(ui, token, "media", "add", clip, "--json")
    made = await _run(
        ui, token, "tasks", "create", "--tag", "n", "--media", "clip_1.mp4", "--captions", captions, "--json",
        "--set", "distribution=every_video_to_every_account", "--start",
    )  # fmt: skip
    shown = await _run(ui, token, "tasks", "show", 1, "--json")
    waited = await _run(ui, token, "tasks", "wait", 1, "--timeout", 0)
    cancelled = await _run(ui, token, "tasks", "cancel", 1)
    over = await _run(ui, token, "tasks", "wait", 1, "--timeout", 0, "--json")

    assert (imported.exit_code, json.loads(_out(imported))["counts"]) == (
        Exit.NOT_ALL_DONE, {"new": 2, "update": 0, "duplicate": 0, "error": 1},
    )  # fmt: skip
    assert [row["username"] for row in json.loads(_out(listed))] == ["nord_01", "nord_02"]
    assert (added.exit_code, json.loads(_out(added))[0]["state"]) == (Exit.NOT_ALL_DONE, "broken")
    assert (json.loads(_out(made))["id"], json.loads(_out(made))["posts"]) == (1, 2)
    assert sorted(post["caption"] for post in json.loads(_out(shown))["posts"]) == ["Hello nord_01", "Hello nord_02"]
    assert (waited.exit_code, "queued: 2 posts: 2 planned" in waited.stderr) == (Exit.TIMEOUT, True)
    assert _out(cancelled) == "Task 1 is cancelled.\n"
    assert (over.exit_code, json.loads(_out(over))["is_over"]) == (Exit.NOT_ALL_DONE, True)


async def test_what_is_printed_is_what_the_uis_own_machine_prints(
    ui_without_proxies: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    ui = ui_without_proxies
    token = (await key(ui)).token
    async with ui.context.database.sessions.begin() as session:
        await accounts(session, 2, tags=["n"])
        await proxies(session, 1)
        await videos(session, 1)
        since = {"until": datetime.now(UTC) + timedelta(hours=1), "rest_s": 3600, "subjects": []}
        session.add(Breaker(scope="kind", key="warmup", rule="kind_blocked", reason="action_blocked", **since))
    await _run(ui, token, "tasks", "create", "--tag", "n", "--media", 1, "--caption", "Hi", "--start")
    await _stocked(ui)
    await _in_trouble(ui)
    monkeypatch.setenv("DATABASE_URL", ui.context.database.url)
    monkeypatch.setenv("IGFLEET_DATA_DIR", str(ui.context.settings.data_dir))
    monkeypatch.setenv("REQUIRE_PROXY", "false")
    for words in (
        ("accounts", "list", "--json"), ("accounts", "list"), ("media", "list", "--json"), ("workers", "list"),
        ("tasks", "list", "--json"), ("tasks", "list"), ("tasks", "show", 1, "--json"), ("tasks", "show", 1),
        ("tasks", "show", 9), ("tasks", "plan", 1), ("captions", "list", "--json"), ("captions", "show", "SPRING"),
        ("recurring", "list", "--json"),
        ("reports", "posts", "--json"), ("users", "list", "--json"),
        ("users", "role", "nobody", "viewer"), ("webhooks", "list", "--json"),
        ("audit", "list", "--most", 3, "--json"), ("audit", "verify"), ("proxies", "list", "--json"),
        ("breakers", "list", "--json"), ("breakers", "list"), ("inbox", "list", "--json"), ("inbox", "list"),
    ):  # fmt: skip
        there = await _run(ui, token, *words)
        here = await anyio.to_thread.run_sync(lambda w=words: CliRunner().invoke(app, [str(word) for word in w]))

        assert (there.exit_code, _out(there), there.stderr) == (here.exit_code, _out(here), here.stderr), words
    assert [one for one in ("email_code", "Post 1 ", "Incident 1", "Breaker 1") if one not in there.output] == []


async def test_it_needs_no_database_library(ui: Served) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "igfleet", "accounts", "list", "--server", ui.address]
    done = await anyio.run_process([*command, "--token", (await key(ui)).token])

    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in done.stderr.decode().splitlines()}
    assert done.stdout == b"(none)\n"
    assert "httpx" in imported
    assert not imported & HEAVY


@pytest.mark.parametrize(
    ("server", "token", "words", "code", "said"),
    [
        ("http://198.51.100.1", "igfk_1_x", ("accounts", "list"), Exit.SETUP_OR_USAGE, "clear text"),
        ("ftp://127.0.0.1", "igfk_1_x", ("accounts", "list"), Exit.SETUP_OR_USAGE, "is no address"),
        ("http://127.0.0.1:9", "", ("accounts", "list"), Exit.SETUP_OR_USAGE, "IGFLEET_API_KEY"),
        ("http://127.0.0.1:9", "igfk_1_x", ("keys", "status"), Exit.SETUP_OR_USAGE, "own machine only"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    server: str, token: str, words: tuple[str, ...], code: Exit, said: str
) -> None:
    done = CliRunner(env={"IGFLEET_SERVER": server, "IGFLEET_API_KEY": token}).invoke(app, list(words))

    assert (done.exit_code, said in done.stderr) == (code, True), done.stderr


async def test_a_key_that_is_not_known_is_told(ui: Served) -> None:
    done = await _run(ui, "igfk_1_wrong", "tasks", "list")

    assert done.exit_code == Exit.SETUP_OR_USAGE
    assert "not known here" in done.stderr


async def test_what_failed_for_one_reason_is_retried(ui_without_proxies: Served) -> None:
    ui = ui_without_proxies
    token = (await key(ui)).token
    async with ui.context.database.sessions.begin() as session:
        task = await draft(session, ui.context.settings, await accounts(session, 2), await videos(session, 2))
        await plan(session, ui.context.settings, task.id)
        await start(session, ui.context.settings, task.id, plan_hash=task.plan_hash, actor="user:anna")
        first, second = await account_tasks_of(session, task)
        for row, reason in ((first, "proxy_unreachable"), (second, "rate_limited")):
            ended = {"state": "discarded", "head": False, "reason_code": reason}
            await session.execute(update(AccountTask).where(AccountTask.id == row.id).values(ended))

    none = await _run(ui, token, "tasks", "retry", task.id, "--reason", "no_such_reason")
    one = await _run(ui, token, "tasks", "retry", task.id, "--reason", "rate_limited")

    assert none.exit_code == Exit.REFUSED
    assert _out(one) == f"1 account task(s) of task {task.id} run again.\n"
    async with ui.context.database.sessions() as session:
        states = [row.state for row in await account_tasks_of(session, task)]
    assert states == ["discarded", "available"]


async def test_the_desk_is_kept_from_another_machine(ui_without_proxies: Served, tmp_path: Path) -> None:
    ui = ui_without_proxies
    token = (await key(ui)).token
    text = tmp_path / "spring.txt"
    text.write_text("{Hello|Hi} from {{username}}", encoding="utf-8")
    (tmp_path / "address").write_text("http://127.0.0.1:9/hook?secret=1\n", encoding="utf-8")
    said = [
        (await _run(ui, token, *words))
        for words in (
            ("captions", "keep", "Spring", text), ("captions", "keep", "SPRING", text),
            ("captions", "remove", "spring"), ("users", "add", "lena"), ("users", "add", "lena", "--invite"),
            ("users", "role", "LENA", "viewer"), ("users", "edit", "lena", "--client", "Bakery"),
            ("users", "disable", "lena"), ("users", "sign-out", "lena"),
            ("users", "reset-second-factor", "lena"), ("settings", "set", "CAPTION_MAX_HASHTAGS", 12),
            ("settings", "reset", "CAPTION_MAX_HASHTAGS"), ("settings", "set", "MASTER_KEY", "x"),
            ("webhooks", "add", "Desk", f"@{tmp_path / 'address'}", "--event", "post_failed"),
            ("webhooks", "edit", 1, "Night", "--event", "task_ended"), ("webhooks", "remove", 1),
        )
    ]  # fmt: skip
    settings = json.loads(_out(await _run(ui, token, "settings", "list", "--json")))

    assert [one.exit_code for one in said] == [0, 0, 0, 2, 0, 0, 0, 0, 0, 4, 0, 0, 3, 0, 0, 0]
    printed = [_out(one) for one in said]
    assert printed[:3] == ["Spring is kept\n", "SPRING is changed\n", "SPRING is removed\n"]
    assert (printed[4][:18], printed[13][:5]) == ("/invitation?token=", "igfh_")
    assert (printed[14], printed[15]) == ("Webhook 1 is changed.\n", "Webhook 1 (Night) is removed.\n")
    assert {one["name"]: one["source"] for one in settings}["CAPTION_MAX_HASHTAGS"] == "default"


async def test_the_yard_is_kept_from_another_machine(ui_without_proxies: Served, tmp_path: Path) -> None:
    ui = ui_without_proxies
    token = (await key(ui)).token
    bars = tmp_path / "bars.txt"
    bars.write_text("@bar_01\nno-name\n", encoding="utf-8")
    (tmp_path / "proxies.txt").write_text("exit-1.example:8080\nexit-2.example:8080\n", encoding="utf-8")
    async with ui.context.database.sessions.begin() as session:
        [account] = await accounts(session, 1)
        session.add(Challenge(account_id=account.id, kind="email_code", method="instagrapi", has_resume=True))
    said = [
        (await _run(ui, token, *words))
        for words in (
            ("targets", "add", "bars", bars), ("targets", "show", "bars", "--json"),
            ("targets", "remove", "bars"), ("targets", "show", "bars"), ("proxies", "import", tmp_path / "proxies.txt"),
            ("proxies", "replace", 1, 2), ("proxies", "rotate", 1), ("inbox", "answer", 1, "123456"),
            ("proxies", "check", "--all", "--wait", "--timeout", 0, "--json"),
            ("breakers", "close", 9), ("methods", "enable", "playwright", "--i-know-the-risk"),
            ("methods", "disable", "playwright"), ("workers", "token", "worker-1"), ("workers", "revoke", "worker-1"),
            ("pause", "--why", "It looks odd", "--wait", 1, "--json"), ("resume",), ("resume",),
        )
    ]  # fmt: skip
    printed = [_out(one) for one in said]

    assert [one.exit_code for one in said] == [1, 0, 0, 3, 0, 0, 4, 0, 5, 3, 0, 0, 0, 0, 0, 0, 4], printed
    assert printed[0] == "1 new, 0 were on the list already\n"
    assert [row["username"] for row in json.loads(printed[1])] == ["bar_01"]
    assert [(row["id"], row["sentence"]) for row in json.loads(printed[8])["proxies"]] == [
        (1, "available"),
        (2, "available"),
    ]
    assert printed[10:12] == ["Live use of playwright is on.\n", "Live use of playwright is off.\n"]
    assert (printed[12][:5], printed[13]) == ("igfw_", "1 token(s) of worker-1 revoked.\n")
    assert json.loads(printed[14]) == {
        "why": "It looks odd", "past_permit": 0, "under_way": 0, "workers": 0, "acknowledged": 0, "waiting_for": [],
    }  # fmt: skip


async def _in_trouble(ui: Served) -> None:
    """Something of each that waits for a person, of the first task."""
    async with ui.context.database.sessions.begin() as session:
        first, second = await session.scalars(select(Post).order_by(Post.id).limit(2))
        first.state = "needs_person"
        session.add(PostIncident(post_id=second.id, kind="vanished", facts={"media": ["1_2"]}))
        soon = datetime.now(UTC) + timedelta(minutes=5)
        for number, until in ((second.account_task_id, None), (first.account_task_id, soon)):
            row = await session.get_one(AccountTask, number)
            asked = {"kind": "email_code", "method": "instagrapi", "has_resume": until is not None, "expires_at": until}
            session.add(Challenge(account_id=row.account_id, account_task_id=row.id, destination="n***@x", **asked))


async def _stocked(ui: Served) -> None:
    """Something of each that an office has."""
    async with holder(ui) as client:
        for path, body in (
            ("captions", {"name": "Spring", "captions": {"form": "one", "text": "Hello"}}),
            ("captions", {"name": "autumn", "captions": {"form": "one", "text": "Bye"}}),
            ("recurring", {"task_id": 1, "name": "Daily", "weekdays": [0], "at": "09:30", "timezone": "UTC"}),
            ("webhooks", {"name": "Desk", "address": "http://127.0.0.1:9/", "events": ["post_failed"]}),
        ):
            (await client.post(f"/api/v1/{path}", json=body)).raise_for_status()
