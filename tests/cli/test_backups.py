"""Backup and restore on the command line."""

import json
import tarfile
from pathlib import Path

import psycopg
import pytest
from tests.cli.conftest import Run, parsed

CANARY = "canary-password-1234"
CSV = f"username,password,client\nnord_01,{CANARY},Nord\nnord_02,{CANARY},Nord\n"


@pytest.fixture
def filled(run: Run, own_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A database of its own with two accounts and a file in it."""
    monkeypatch.setenv("DATABASE_URL", own_database_url)
    (tmp_path / "new.csv").write_text(CSV)
    (tmp_path / "note.txt").write_text("no video, but a file")
    assert run("accounts", "import", "new.csv", "--authorised-by", "the contract").exit_code == 0
    run("media", "add", "note.txt")
    return run


def test_a_backup_is_private_holds_no_key_and_is_found_good(filled: Run, tmp_path: Path) -> None:
    made = filled("backup", "--out", "b.tar", "--json")
    looked = filled("restore", "b.tar", "--verify", "--json")

    assert made.exit_code == 0, made.stderr
    archive = tmp_path / "b.tar"
    assert archive.stat().st_mode & 0o777 == 0o600
    key = (tmp_path / "data" / "keys" / "master.key").read_bytes().strip()
    assert key not in archive.read_bytes()
    assert CANARY.encode() not in archive.read_bytes()
    assert [path.name for path in tmp_path.glob(".b.tar*")] == []
    found = parsed(looked)
    assert isinstance(found, list)
    assert {one["name"]: one["grade"] for one in found} == dict.fromkeys(
        ("manifest", "files", "master key", "migrations", "database", "library", "secrets", "audit"), "ok"
    ), found
    assert looked.exit_code == 0
    assert parsed(filled("audit", "list", "--action", "backup_made", "--json"))


def test_damage_and_a_wrong_key_are_told_and_nothing_is_restored(
    filled: Run, tmp_path: Path, own_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled("backup", "--out", "b.tar")
    whole = (tmp_path / "b.tar").read_bytes()
    with tarfile.open(tmp_path / "b.tar") as tar:
        (media,) = (one for one in tar if one.name.startswith("media/"))
        at = media.offset_data
    (tmp_path / "flipped.tar").write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    (tmp_path / "short.tar").write_bytes(whole[: len(whole) // 2])

    flipped = filled("restore", "flipped.tar", "--force")
    short = filled("restore", "short.tar", "--verify")
    other_key = tmp_path / "other"
    monkeypatch.setenv("IGFLEET_DATA_DIR", str(other_key))
    keyless = filled("restore", "b.tar", "--force")

    assert (flipped.exit_code, short.exit_code, keyless.exit_code) == (2, 2, 2)
    assert "is not what was written" in flipped.stderr
    assert "cut short" in short.stderr or "damaged" in short.stderr
    assert "there is no key here" in keyless.stderr
    assert not (other_key / "keys" / "master.key").exists()
    assert not (other_key / "media").exists()
    assert _databases(own_database_url) == [own_database_url.split("/")[3].split("?")[0]]


def test_a_restore_wants_an_empty_database_or_puts_the_present_one_aside(
    filled: Run, tmp_path: Path, own_database_url: str
) -> None:
    filled("backup", "--out", "b.tar")
    with psycopg.connect(own_database_url) as connection:
        connection.execute("UPDATE accounts SET notes = 'after the backup'")
    for path in (tmp_path / "data" / "media").rglob("*"):
        if path.is_file():
            path.unlink()

    refused = filled("restore", "b.tar")
    with psycopg.connect(own_database_url):
        busy = filled("restore", "b.tar", "--force")
    done = filled("restore", "b.tar", "--force", "--json")

    assert (refused.exit_code, busy.exit_code, done.exit_code) == (4, 4, 0), done.stderr
    assert "accounts" in refused.stderr
    assert "in use by 1 other" in busy.stderr
    facts = json.loads(done.stdout)
    with psycopg.connect(own_database_url) as connection:
        assert connection.execute("SELECT array_agg(DISTINCT notes) FROM accounts").fetchone() == ([""],)
        aside = own_database_url.replace(own_database_url.split("/")[3].split("?")[0], facts["aside"])
    with psycopg.connect(aside) as connection:
        assert connection.execute("SELECT array_agg(DISTINCT notes) FROM accounts").fetchone() == (
            ["after the backup"],
        )
    assert filled("audit", "verify").exit_code == 0
    assert parsed(filled("audit", "list", "--action", "backup_restored", "--json"))
    assert [path.read_text() for path in (tmp_path / "data" / "media").rglob("*") if path.is_file()] == [
        "no video, but a file"
    ]


def _databases(url: str) -> list[str]:
    """Those of this name, and whatever a restore leaves beside."""
    name = url.split("/")[3].split("?")[0]
    with psycopg.connect(url) as connection:
        query = "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY 1"
        return [row[0] for row in connection.execute(query, [name])]
