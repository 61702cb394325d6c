import os
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from argon2 import PasswordHasher
from tests.cli.conftest import Run, parsed
from tests.media.conftest import make_clip

from igfleet.cli.exits import MEANINGS, Exit
from igfleet.cli.settings_page import page
from igfleet.media.ffmpeg import locate_ffmpeg

_DOCS = Path(__file__).parents[2] / "docs"


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    heavy = ("litestar", "sqlalchemy", "instagrapi", "pydantic", "asyncpg", "httpx", "playwright", "rich")
    code = f"import sys, igfleet.cli.app; sys.exit(str([name for name in {heavy} if name in sys.modules]))"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    began = time.monotonic()
    shown = subprocess.run([sys.executable, "-m", "igfleet", "--help"], capture_output=True, timeout=30, check=True)

    assert loaded.stderr.strip() == "[]"
    assert b"Exit codes: 0 done" in shown.stdout
    assert time.monotonic() - began < 2


def test_a_person_is_added_once_with_a_password_that_is_shown_once(run: Run, database_url: str) -> None:
    made = run("users", "add", "anna", "--role", "admin", "--json")

    with psycopg.connect(database_url) as connection:
        stored = connection.execute("SELECT password_hash FROM users WHERE name = 'anna'").fetchone()
    assert stored is not None
    assert PasswordHasher().verify(stored[0], parsed(made)["password"])
    assert run("users", "add", "Anna").exit_code == Exit.REFUSED
    assert [row["role"] for row in parsed(run("users", "list", "--json"))] == ["admin"]


def test_a_short_password_is_refused(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("short")

    assert run("users", "add", "anna", "--password-file", file).exit_code == Exit.SETUP_OR_USAGE


def test_a_worker_gets_a_token_and_loses_it(run: Run) -> None:
    made = run("workers", "token", "box-1")

    assert made.stdout.startswith("igfw_")
    assert run("workers", "revoke", "box-1").exit_code == Exit.OK
    assert run("workers", "revoke", "box-1").exit_code == Exit.NOT_FOUND
    assert parsed(run("workers", "list", "--json")) == []


def test_a_method_goes_live_only_with_the_risk_named(run: Run) -> None:
    refused = run("methods", "enable", "instagrapi")
    run("methods", "enable", "instagrapi", "--i-know-the-risk")

    live = {row["method"]: row["live"] for row in parsed(run("methods", "list", "--json"))}
    run("methods", "disable", "instagrapi")
    assert refused.exit_code == Exit.REFUSED
    assert live == {"instagrapi": True, "playwright": False, "playwright+dolphin": False}
    assert not any(row["live"] for row in parsed(run("methods", "list", "--json")))


def test_doctor_finds_nothing_bad_on_a_good_machine(run: Run) -> None:
    done = run("doctor", "--json")

    grades = {row["name"]: row["grade"] for row in parsed(done)}
    assert done.exit_code == Exit.OK
    assert set(grades) == {
        "configuration",
        "database",
        "migrations",
        "audit",
        "connection",
        "clock",
        "master key",
        "ffmpeg",
        "browser",
        "disk",
    }
    assert "bad" not in grades.values()


@pytest.mark.parametrize(
    ("name", "value", "bad"),
    [
        ("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none", "database"),
        ("DATABASE_URL", "mysql://x", "configuration"),
        ("IGFLEET_FFMPEG", "/nowhere/ffmpeg", "ffmpeg"),
        ("MASTER_KEY", "c2hvcnQ=", "master key"),
    ],
)
def test_doctor_names_what_is_bad_and_its_mend(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str, bad: str
) -> None:
    monkeypatch.setenv(name, value)

    done = run("doctor", "--json")

    found = [(row["name"], bool(row["mend"])) for row in parsed(done) if row["grade"] == "bad"]
    assert done.exit_code == Exit.NOT_ALL_DONE
    assert found == [(bad, True)]


def test_a_database_that_does_not_answer_is_one_plain_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")

    done = run("accounts", "list")

    assert done.exit_code == Exit.SETUP_OR_USAGE
    assert done.stderr.startswith("igfleet: DATABASE_URL: the database does not answer")
    assert done.stderr.count("\n") == 1


def test_tables_that_are_missing_are_named_with_the_mend(
    run: Run, own_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", own_database_url)
    with psycopg.connect(own_database_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")

    refused = run("accounts", "list")

    assert refused.stderr == "igfleet: DATABASE_URL: its tables are not up to date. Run: igfleet db upgrade\n"
    assert run("db", "status").exit_code == Exit.NOT_ALL_DONE
    assert run("db", "upgrade").exit_code == Exit.OK
    assert run("db", "status").exit_code == Exit.OK


def test_another_master_key_is_refused(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "accounts"
    file.write_text("nord_01:secret-1")
    run("accounts", "import", file, "--authorised-by", "the agency")
    monkeypatch.setenv("MASTER_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")

    refused = run("accounts", "list")

    assert refused.exit_code == Exit.SETUP_OR_USAGE
    assert "MASTER_KEY" in refused.stderr


def test_the_page_of_settings_is_up_to_date() -> None:
    assert (_DOCS / "settings.md").read_text(encoding="utf-8") == page()


def test_the_page_of_commands_names_each_command_and_exit_code() -> None:
    text = (_DOCS / "cli.md").read_text(encoding="utf-8")

    for code, meaning in MEANINGS.items():
        assert f"| {code.value} | {meaning}" in text
    for command in (
        "serve",
        "sandbox",
        "demo",
        "doctor",
        "tasks create",
        "tasks wait",
        "tasks results",
        "tasks clone",
        "tasks undo",
        "kinds list",
        "accounts import",
        "db upgrade",
    ):
        assert f"igfleet {command}" in text


def test_commands_share_the_embedded_database_of_the_data_folder(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment["IGFLEET_DATA_DIR"] = str(tmp_path)

    def run(*words: str) -> str:
        command = [sys.executable, "-m", "igfleet", *words]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=90, check=True, env=environment, cwd=tmp_path
        )
        return done.stdout

    run("users", "add", "anna")
    assert "anna" in run("users", "list")


def test_a_file_that_cannot_be_published_is_converted_and_a_good_one_is_refused(run: Run, tmp_path: Path) -> None:
    old = make_clip(locate_ffmpeg(), tmp_path / "old.mp4", "-c:v", "mpeg4", seconds=3)
    assert run("media", "add", old).exit_code == Exit.NOT_ALL_DONE

    done = run("media", "transcode", "old.mp4", "--json")

    (made,) = parsed(done)
    assert (made["name"], made["state"]) == ("old (publishable).mp4", "ready")
    assert "old.mp4: " in done.stderr
    assert run("media", "transcode", made["id"]).exit_code == Exit.REFUSED
    assert run("media", "transcode", "nothing.mp4").exit_code == Exit.NOT_FOUND
