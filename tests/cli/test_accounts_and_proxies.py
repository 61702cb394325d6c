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


def _two_proxies(run: Run, folder: Path) -> None:
    run("proxies", "import", _written(folder, "proxy.example:80\nproxy.example:81\n"))


def test_a_check_is_ordered_for_the_named_proxies_or_for_all(run: Run, tmp_path: Path) -> None:
    _two_proxies(run, tmp_path)

    one = parsed(run("proxies", "check", "2", "--json"))
    everything = parsed(run("proxies", "check", "--all", "--json"))

    def titles(task: object) -> list[str]:
        return [row["title"] for row in parsed(run("tasks", "show", task, "--json"))["account_tasks"]]

    assert titles(one["task"]) == ["http://proxy.example:81"]
    assert titles(everything["task"]) == ["http://proxy.example:80", "http://proxy.example:81"]


def test_a_check_of_nothing_is_refused_with_what_to_do(run: Run) -> None:
    assert run("proxies", "check").stderr == "igfleet: Name the ids of proxies, or say --all.\n"
    assert run("proxies", "check", "7").exit_code == Exit.NOT_FOUND
    assert run("proxies", "check", "--all").exit_code == Exit.REFUSED


def test_a_check_that_nobody_runs_is_told_after_its_time(run: Run, tmp_path: Path) -> None:
    _two_proxies(run, tmp_path)

    waited = run("proxies", "check", "--all", "--wait", "--timeout", "0", "--json")

    assert waited.exit_code == Exit.TIMEOUT
    assert [row["verdict"] for row in parsed(waited)["proxies"]] == [None, None]


def test_the_accounts_of_a_proxy_get_another(run: Run, tmp_path: Path) -> None:
    _two_proxies(run, tmp_path)
    run("accounts", "import", _written(tmp_path, "username,password,proxy\nnord_01,pw-nord,proxy.example:80\n"), BASIS)

    done = run("proxies", "replace", "1", "2", "--json")

    assert parsed(done) == {"old": 1, "new": 2, "accounts": 1}
    assert [row["accounts"] for row in parsed(run("proxies", "list", "--json"))] == [0, 1]
    assert run("proxies", "replace", "1", "9").exit_code == Exit.NOT_FOUND


def test_a_proxy_without_an_address_for_it_is_not_rotated(run: Run, tmp_path: Path) -> None:
    _two_proxies(run, tmp_path)

    done = run("proxies", "rotate", "1")

    assert done.exit_code == Exit.REFUSED
    assert "No address that changes the IP is stored" in done.stderr
