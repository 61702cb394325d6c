"""Files that are not what their names say: told in one line, with what to do, and nothing is half written."""

from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.cli.conftest import Run, parsed
from tests.media.conftest import make_clip

from igfleet.media.ffmpeg import locate_ffmpeg

AUTHORISED = ("--authorised-by", "owner of all, in writing")
NO_TEXT: dict[str, tuple[bytes, str]] = {
    "zero bytes": (b"nord_01:a\x00b", "zero bytes"),
    "UTF-16": ("nord_01:secret".encode("utf-16"), "not UTF-8"),
    "Latin-1": (b"nord_01:ge\xf6ffnet", "line 1 cannot be read"),
    "nothing": (b"", "empty"),
    "blank lines": (b"\n\n \n", "empty"),
    "too many lines": (b"a:b\n" * 100_001, "100,000 lines"),
    "an unknown column": (b"username,password,shoe_size\nnord_01,x,43", "shoe_size"),
    "cookies of elsewhere": (b"username,password,sessionid\nnord_01,x,1", "not accepted"),
}


@pytest.mark.parametrize(("content", "told"), NO_TEXT.values(), ids=NO_TEXT)
def test_a_file_that_is_no_list_of_accounts_stores_nothing(
    run: Run, tmp_path: Path, database_url: str, content: bytes, told: str
) -> None:
    (tmp_path / "accounts.csv").write_bytes(content)

    done = run("accounts", "import", "accounts.csv", *AUTHORISED)

    assert done.exit_code == 2
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert _count(database_url, "accounts") == 0


@pytest.mark.parametrize("path", ["nowhere.csv", "."])
def test_a_file_that_is_not_there_is_named(run: Run, path: str) -> None:
    done = run("accounts", "import", path, *AUTHORISED)

    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert path in done.stderr


def test_of_a_file_full_of_bad_lines_the_good_ones_are_stored_and_each_bad_one_has_its_reason(
    run: Run, tmp_path: Path, database_url: str
) -> None:
    secret = "canary-of-the-bad-lines"
    bad = [
        f'nord_02,"{secret}',
        f"bad name,{secret},",
        f"nord_03,{secret},NOT-BASE32!",
        f",{secret},",
        f"nord_04,{secret},,too,many",
        f"=cmd|calc,{secret},",
        f"nord_05,{'x' * 5000},",
        f"nord_06,sessionid={secret},",
        f"nord_07,a\x07{secret},",
    ]
    lines = ["username,password,totp_secret", "nord_01,good one,", *bad, "nord_08,another good one,"]
    (tmp_path / "accounts.csv").write_text("\n".join(lines))

    done = run("accounts", "import", "accounts.csv", *AUTHORISED, "--bad-lines", "bad.csv", "--json")

    told: Any = parsed(done)
    assert done.exit_code == 1
    assert told["counts"]["error"] == len(bad)
    assert all(line["why"] for line in told["lines"] if line["verdict"] == "error")
    assert _count(database_url, "accounts") == 2
    reasons = (tmp_path / "bad.csv").read_text()
    assert len(reasons.splitlines()) == len(bad) + 1
    assert secret not in done.stdout + done.stderr + reasons
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in reasons.replace("\n", ",").split(","))


def test_a_hundred_thousand_bad_lines_are_listed_each(run: Run, tmp_path: Path, database_url: str) -> None:
    (tmp_path / "accounts.csv").write_text("username,password\n" + "bad name,x\n" * 99_999)

    done = run("accounts", "import", "accounts.csv", *AUTHORISED, "--bad-lines", "bad.csv")

    assert done.exit_code == 1
    assert len((tmp_path / "bad.csv").read_text().splitlines()) == 100_000
    assert _count(database_url, "accounts") == 0


def test_files_that_are_no_videos_are_told_apart_and_never_planned(run: Run, tmp_path: Path) -> None:
    whole = make_clip(locate_ffmpeg(), tmp_path / "whole.mp4", seconds=3).read_bytes()
    files = {
        "text.mp4": b"this is only a text",
        "empty.mp4": b"",
        "cut.mp4": whole[: len(whole) // 3],
        "zeros.mp4": b"\0" * 5000,
        "page.mp4": b"<html><body>not found</body></html>",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)

    done = run("media", "add", *files, "whole.mp4", "--json")

    told: Any = parsed(done)
    found = {row["name"]: row for row in told}
    assert done.exit_code == 1
    assert {name: found[name]["state"] for name in files} == dict.fromkeys(files, "broken")
    assert all(found[name]["problems"] for name in files)
    assert found["whole.mp4"]["state"] != "broken"
    (tmp_path / "accounts.csv").write_text("nord_01:secret one")
    run("accounts", "import", "accounts.csv", *AUTHORISED)
    planned: Any = parsed(run("tasks", "create", "--accounts", "nord_01", "--media", "text.mp4", "--json"))
    assert planned["posts"] == 0
    assert run("tasks", "start", planned["id"]).exit_code == 4


@pytest.mark.parametrize("path", ["nowhere.mp4", "folder"])
def test_a_video_that_is_not_there_is_named(run: Run, tmp_path: Path, path: str) -> None:
    (tmp_path / "folder").mkdir()

    done = run("media", "add", path)

    assert done.exit_code in (2, 3)
    assert path in done.stderr
    assert len(done.stderr.splitlines()) == 1


def _count(url: str, table: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])
