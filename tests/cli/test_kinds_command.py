import csv
import io
from pathlib import Path

import pytest
from tests.cli.conftest import Run, parsed

from igfleet.cli.exits import Exit
from igfleet.runners import KINDS


@pytest.fixture
def accounts(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text("username,password,tags\nnord_01,hunter2hunter2,north\nnord_02,hunter2hunter2,north\n")
    run("accounts", "import", file, "--authorised-by", "the agency's contract")


def test_each_kind_tells_the_schema_of_its_options(run: Run) -> None:
    told = {row["kind"]: row for row in parsed(run("kinds", "list", "--json"))}

    assert list(told) == list(KINDS)
    assert told["bulk_login"]["options"]["properties"]["only_if_older_than_h"]["maximum"] == 24 * 365
    for kind in KINDS:
        assert "max_attempts" in run("kinds", "show", kind).stdout
    assert run("kinds", "show", "singing").exit_code == Exit.NOT_FOUND


def test_options_are_set_as_the_form_takes_them(run: Run, accounts: None, tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("fast\nnear")

    made = run(
        "tasks", "create", "--kind", "bulk_login", "--tag", "north", "--set", "only_if_older_than_h=12",
        "--set", "worker_labels=@labels.txt", "--options", '{"concurrency": 3}', "--json",
    )  # fmt: skip

    shown = parsed(run("tasks", "show", parsed(made)["id"], "--json"))
    assert parsed(made)["noun"] == "account"
    assert shown["options"]["only_if_older_than_h"] == 12
    assert shown["options"]["worker_labels"] == ["fast", "near"]
    assert shown["options"]["concurrency"] == 3


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("only_if_older_than_h=soon", "is not a number"),
        ("speed=3", "Options of bulk_login"),
        ("concurrency", "write NAME=VALUE"),
    ],
)
def test_an_option_that_cannot_be_read_is_refused(run: Run, accounts: None, given: str, told: str) -> None:
    done = run("tasks", "create", "--kind", "bulk_login", "--tag", "north", "--set", given)

    assert done.exit_code == Exit.SETUP_OR_USAGE
    assert told in done.stderr
    assert parsed(run("tasks", "list", "--json")) == []


def test_results_are_printed_as_table_csv_and_json(run: Run, accounts: None) -> None:
    run("tasks", "create", "--kind", "bulk_login", "--tag", "north", "--start")

    rows = list(csv.DictReader(io.StringIO(run("tasks", "results", 1, "--csv").stdout)))
    told = parsed(run("tasks", "results", 1, "--json"))

    assert [(row["account"], row["state"], row["signed_in"], row["how"]) for row in rows] == [
        ("nord_01", "available", "0", ""),
        ("nord_02", "available", "0", ""),
    ]
    assert [row["account"] for row in told] == ["nord_01", "nord_02"]
    assert "nord_02" in run("tasks", "results", 1).stdout
    assert parsed(run("tasks", "results", 1, "--state", "running", "--json")) == []


def test_a_task_is_cloned_as_a_draft(run: Run, accounts: None) -> None:
    run("tasks", "create", "--kind", "bulk_login", "--tag", "north", "--set", "only_if_older_than_h=5", "--start")

    made = parsed(run("tasks", "clone", 1, "--json"))

    shown = parsed(run("tasks", "show", made["id"], "--json"))
    assert (shown["state"], shown["kind"], shown["options"]["only_if_older_than_h"]) == ("draft", "bulk_login", 5)
    assert made["count"] == 2


def test_what_cannot_be_set_back_is_refused(run: Run, accounts: None) -> None:
    run("tasks", "create", "--kind", "bulk_login", "--tag", "north", "--start")

    done = run("tasks", "undo", 1)

    assert done.exit_code == Exit.REFUSED
    assert "nothing that can be set back" in done.stderr
