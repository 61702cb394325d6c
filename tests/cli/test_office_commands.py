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


def test_webhooks_are_kept_and_their_address_is_read_from_a_file_and_never_shown(run: Run, tmp_path: Path) -> None:
    (tmp_path / "address").write_text("http://127.0.0.1:9/hook?secret=canary\n")

    made = run("webhooks", "add", "Desk", "@address", "--event", "post_failed")
    wrong = [run("webhooks", "add", "D", "@no", "--event", "test"), run("webhooks", "quiet", 1, "--urgent", "x")]
    edited = run("webhooks", "edit", 1, "Night", "--event", "task_ended", "--event", "task_failed")
    listed = run("webhooks", "list", "--json").stdout
    tested = run("webhooks", "test", 1)
    told = parsed(run("webhooks", "deliveries", "--webhook", 1, "--json"))

    assert (made.stdout[:5], edited.stdout) == ("igfh_", "Webhook 1 is changed.\n")
    assert [one.exit_code for one in wrong] == [Exit.SETUP_OR_USAGE] * 2
    assert (json.loads(listed)[0]["events"], "canary" in listed) == (["task_ended", "task_failed"], False)
    assert tested.stdout == "Delivery 1 is on its way.\n"
    assert [one["event"] for one in told] == ["test"]  # type: ignore[attr-defined]
    assert run("webhooks", "remove", 1).stdout == "Webhook 1 (Night) is removed.\n"


def test_a_setting_is_changed_and_taken_back(run: Run) -> None:
    changed = run("settings", "set", "CAPTION_MAX_HASHTAGS", 12)
    rows = {one["name"]: one for one in json.loads(run("settings", "list", "--json").stdout)}
    back = run("settings", "reset", "CAPTION_MAX_HASHTAGS")

    assert (changed.stdout, rows["CAPTION_MAX_HASHTAGS"]["source"]) == ("CAPTION_MAX_HASHTAGS is changed\n", "database")
    assert back.stdout == "CAPTION_MAX_HASHTAGS has its default again\n"
    assert run("settings", "reset", "CAPTION_MAX_HASHTAGS").exit_code == Exit.REFUSED
    assert run("settings", "set", "CAPTION_MAX_HASHTAGS", "many").exit_code == Exit.SETUP_OR_USAGE
    assert "CAPTION_MAX_HASHTAGS=" in run("settings").stdout
