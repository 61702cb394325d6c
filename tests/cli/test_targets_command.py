from pathlib import Path

from tests.cli.conftest import Run, parsed

from igfleet.cli.exits import Exit


def test_a_list_is_made_shown_and_removed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bars.csv").write_text("username,city\n@bar_01,Oslo\nBAR_02,Bergen\n")

    made = run("targets", "add", "bars", "bars.csv", "--json")
    again = run("targets", "add", "bars", "bars.csv")

    assert parsed(made) == {"new": 2, "good": 2, "bad": []}
    assert again.stdout == "0 new, 2 were on the list already\n"
    assert parsed(run("targets", "list", "--json")) == [
        {"name": "bars", "targets": 2, "looked_up": 0, "private": 0, "troubled": 0}
    ]
    assert [row["username"] for row in parsed(run("targets", "show", "bars", "--json"))] == ["bar_01", "bar_02"]  # type: ignore[attr-defined]
    assert run("targets", "remove", "bars").stdout == "2 targets removed\n"
    assert run("targets", "show", "bars").exit_code == Exit.NOT_FOUND


def test_what_is_no_name_is_told_and_the_rest_is_kept(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bars.txt").write_text("bar_01\nno-name\n")

    done = run("targets", "add", "bars", "bars.txt")

    assert done.exit_code == Exit.NOT_ALL_DONE
    assert "line 2: 'no-name' is no user name" in done.stderr
    assert len(parsed(run("targets", "show", "bars", "--json"))) == 1  # type: ignore[arg-type]


def test_an_order_names_a_list_that_is_there(run: Run, tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text("username,password\nnord_01,hunter2hunter2\n")
    run("accounts", "import", "accounts.csv", "--authorised-by=the agency's contract")

    done = run("tasks", "create", "--kind", "follow", "--accounts", "nord_01", "--options", '{"target_list": "bars"}')

    assert done.exit_code == Exit.NOT_FOUND
    assert "There is no list of targets named 'bars'" in done.stderr
