"""Captions, recurring tasks and reports, at the command line."""

import json
from pathlib import Path

from tests.cli.conftest import Run, parsed

from igfleet.cli.exits import Exit


def test_captions_are_kept_changed_shown_and_forgotten(run: Run, tmp_path: Path) -> None:
    (tmp_path / "spring.txt").write_text("{Hello|Hi} from {{username}}")
    (tmp_path / "broken.txt").write_text("{Hello")

    kept = run("captions", "keep", "Spring", "spring.txt")
    again = run("captions", "keep", "spring", "spring.txt", "--form", "one")
    wrong = [run("captions", "keep", "B", "broken.txt"), run("captions", "keep", "B", "spring.txt", "--form", "odd")]
    listed = parsed(run("captions", "list", "--json"))

    assert (kept.stdout, again.stdout) == ("Spring is kept\n", "spring is changed\n")
    assert [one.exit_code for one in wrong] == [Exit.SETUP_OR_USAGE] * 2
    assert [(one["name"], one["form"]) for one in listed] == [("spring", "one")]  # type: ignore[attr-defined]
    assert run("captions", "show", "SPRING").stdout == "{Hello|Hi} from {{username}}\n"
    assert run("captions", "remove", "Spring").stdout == "spring is removed\n"
    assert run("captions", "show", "Spring").exit_code == Exit.NOT_FOUND


def test_a_report_of_nothing_is_a_total_of_nothing_and_an_odd_one_is_refused(run: Run) -> None:
    told = json.loads(run("reports", "posts", "--from", "2026-05-01", "--to", "2026-05-31", "--json").stdout)

    assert (told["first"], told["rows"], told["total"]["planned"]) == ("2026-05-01", [], 0)
    assert run("reports", "posts").stdout.splitlines()[-1].startswith("total")
    for odd in (("--zone", "Mars"), ("--by", "moon"), ("--from", "2026-05-31", "--to", "2026-05-01")):
        assert run("reports", "posts", *odd).exit_code == Exit.SETUP_OR_USAGE


def test_what_repeats_is_listed_and_an_unknown_one_is_told(run: Run) -> None:
    assert parsed(run("recurring", "list", "--json")) == []
    for verb in ("pause", "resume", "remove"):
        assert run("recurring", verb, "7").exit_code == Exit.NOT_FOUND
