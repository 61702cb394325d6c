from pathlib import Path

from tests.cli.conftest import Run, parsed

from igfleet.cli.exits import Exit

BASIS = "--authorised-by=the agency's contract"
FILE = "username,password,tags\nnord_01,hunter2hunter2,north\nnord_02,hunter2hunter2,south\n"


def _written(folder: Path, text: str) -> Path:
    path = folder / "accounts.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_accounts_are_imported_and_listed(run: Run, tmp_path: Path) -> None:
    done = run("accounts", "import", _written(tmp_path, FILE), BASIS, "--json")

    assert done.exit_code == Exit.OK
    assert parsed(done)["counts"] == {"new": 2, "update": 0, "duplicate": 0, "error": 0}
    listed = parsed(run("accounts", "list", "--tag", "north", "--json"))
    assert [(row["username"], row["authorised_by"]) for row in listed] == [("nord_01", "the agency's contract")]


def test_bad_lines_are_told_and_good_ones_kept(run: Run, tmp_path: Path) -> None:
    done = run("accounts", "import", _written(tmp_path, FILE + "no good,hunter2hunter2,x\n"), BASIS)

    assert done.exit_code == Exit.NOT_ALL_DONE
    assert "4     error" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr
    assert len(parsed(run("accounts", "list", "--json"))) == 2


def test_nothing_is_imported_without_a_statement(run: Run, tmp_path: Path) -> None:
    done = run("accounts", "import", _written(tmp_path, FILE))

    assert done.exit_code == Exit.SETUP_OR_USAGE
    assert done.stderr.startswith("igfleet: Say who authorised you")
    assert parsed(run("accounts", "list", "--json")) == []


def test_a_preview_writes_nothing(run: Run, tmp_path: Path) -> None:
    done = run("accounts", "import", _written(tmp_path, FILE), "--preview", "--json")

    assert parsed(done)["applied"] is False
    assert parsed(run("accounts", "list", "--json")) == []


def test_a_file_that_is_not_there_is_one_plain_line(run: Run) -> None:
    done = run("accounts", "import", "nowhere.csv", BASIS)

    assert done.exit_code == Exit.SETUP_OR_USAGE
    assert done.stderr == "igfleet: Cannot read nowhere.csv: No such file or directory\n"


def test_proxies_are_imported_and_listed_without_their_passwords(run: Run, tmp_path: Path) -> None:
    done = run("proxies", "import", _written(tmp_path, "proxy.example:80:u:hunter2hunter2\n"))

    assert done.exit_code == Exit.OK
    listed = run("proxies", "list", "--json")
    assert parsed(listed)[0]["address"] == "http://proxy.example:80"
    assert "hunter2" not in done.stdout + listed.stdout
