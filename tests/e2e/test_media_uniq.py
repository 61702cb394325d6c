"""Variants of videos as a whole: command line, ui, worker, ffmpeg; judged by the files in the ui's storage."""

import hashlib
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.fleet import Fleet

pytestmark = pytest.mark.timeout(240)
RECIPE = {
    "frame": "keep",
    "preset": "ultrafast",
    "crop_percent": "1..4",
    "trim_start_ms": "0..200",
    "speed": "0.97..1.03",
}


def test_variants_are_rendered_checked_and_stored_with_their_recipe(fleet: Fleet, clips: list[Path]) -> None:
    fleet.worker("worker-1")

    shown = _done(fleet, clips[:2], count=2)

    assert shown["state"] == "completed"
    assert [row["counters"] for row in shown["account_tasks"]] == [{"rendered": 2}, {"rendered": 2}]
    variants = _variants(fleet)
    sources = {row["id"]: row for row in fleet.rows("SELECT * FROM media WHERE origin = 'uploaded'")}
    assert sorted(one["source_id"] for one in variants) == sorted([*sources, *sources])
    assert len({one["sha256"] for one in variants} | {one["sha256"] for one in sources.values()}) == 6
    for one in variants:
        assert hashlib.sha256(_stored(fleet, one["sha256"]).read_bytes()).hexdigest() == one["sha256"]
        assert one["making"]["recipe"]["crop_percent"] == "1..4"
        assert 1 <= one["making"]["drawn"]["crop_percent"] <= 4
        assert one["making"]["likeness"] > 0.85
        assert one["making"]["probe"]["size_bytes"] == one["size_bytes"]
    assert fleet.control("GET", "status")["leaks"] == 0


def test_a_variant_is_published_by_a_bulk_upload(fleet: Fleet, clips: list[Path]) -> None:
    names = fleet.accounts(1)
    fleet.worker("worker-1")
    _done(fleet, clips[:1], count=1)
    fleet.until(lambda: [one["state"] for one in _variants(fleet)] == ["ready"])
    (variant,) = _variants(fleet)

    made = fleet.cli(
        "tasks", "create", "--kind", "bulk_upload", "--accounts", names[0], "--media", str(variant["id"]),
        "--options", json.dumps({"delay_min_s": 0, "delay_max_s": 0.1}), "--start", "--json",
    )  # fmt: skip
    fleet.cli("tasks", "wait", str(json.loads(made)["id"]), "--timeout", "90")

    [published] = fleet.control("GET", "ledger")["media"]
    assert published["sha256"] == variant["sha256"]


def test_a_worker_killed_in_the_middle_is_taken_over_without_rendering_twice(fleet: Fleet, clips: list[Path]) -> None:
    first = fleet.worker("worker-1")
    slow = RECIPE | {"frame": "1080x1920", "preset": "medium"}
    task = _started(fleet, clips[:1], count=3, recipe=slow)
    fleet.until(lambda: len(_variants(fleet)) >= 1, 120)

    first.send_signal(signal.SIGKILL)
    first.wait(20)
    before = _variants(fleet)
    fleet.worker("worker-2")
    fleet.cli("tasks", "wait", task, "--timeout", "180")

    (row,) = fleet.shown(task)["account_tasks"]
    assert row["counters"] == {"rendered": 3}
    after = _variants(fleet)
    assert len(after) == 3
    assert [(one["id"], one["sha256"], one["created_at"]) for one in before] == [
        (one["id"], one["sha256"], one["created_at"]) for one in after[: len(before)]
    ]
    assert all(_stored(fleet, one["sha256"]).is_file() for one in after)
    assert fleet.log("worker-2").count("is in the library") == 3 - len(before)


def test_a_recipe_that_spoils_the_picture_fails_and_says_why(fleet: Fleet, clips: list[Path]) -> None:
    fleet.worker("worker-1")
    spoilt = RECIPE | {"least_ssim": 0.99, "contrast": 1.3, "brightness": 0.2}

    task = _started(fleet, clips[:1], count=1, recipe=spoilt)
    fleet.cli("tasks", "wait", task, "--timeout", "90", code=1)

    (row,) = fleet.shown(task)["account_tasks"]
    assert (row["state"], row["reason_code"], row["counters"]) == ("discarded", "render_failed", {"failed": 1})
    assert "too unlike its source" in row["message"]
    assert _variants(fleet) == []


def test_without_ffmpeg_a_person_is_asked_to_install_it(fleet: Fleet, clips: list[Path]) -> None:
    fleet.worker("worker-1", IGFLEET_FFMPEG="/nonexistent/ffmpeg")

    task = _started(fleet, clips[:1], count=1)
    fleet.until(lambda: fleet.rows("SELECT state FROM account_tasks") == [{"state": "suspended"}])

    assert fleet.shown(task)["account_tasks"][0]["reason_code"] == "tool_missing"


def _started(fleet: Fleet, clips: list[Path], **options: Any) -> str:
    made = fleet.cli(
        "tasks", "create", "--kind", "media_uniq", *(word for one in clips for word in ("--media", str(one))),
        "--options", json.dumps({"recipe": RECIPE, **options}), "--start", "--json",
    )  # fmt: skip
    return str(json.loads(made)["id"])


def _done(fleet: Fleet, clips: list[Path], **options: Any) -> dict[str, Any]:
    task = _started(fleet, clips, **options)
    fleet.cli("tasks", "wait", task, "--timeout", "120")
    return fleet.shown(task)


def _variants(fleet: Fleet) -> list[dict[str, Any]]:
    return fleet.rows("SELECT * FROM media WHERE origin = 'variant' ORDER BY id")


def _stored(fleet: Fleet, sha256: str) -> Path:
    return fleet.folder / "data" / "media" / sha256[:2] / sha256
