"""The main job, end to end: imported, planned, leased by workers, published, and checked in the sandbox's ledger."""

import hashlib
from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.fleet import Fleet

pytestmark = pytest.mark.timeout(300)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_every_post_of_the_plan_is_published_once(fleet: Fleet, clips: list[Path]) -> None:
    names = fleet.accounts(3)
    fleet.worker("w1")
    fleet.worker("w2")

    task = fleet.upload(names, clips[:2], "Hello from {{username}}\\nsecond line")
    fleet.cli("tasks", "wait", task, "--timeout", "120")

    ledger = fleet.control("GET", "ledger")
    assert (ledger["duplicates"], ledger["overlaps"], ledger["leaks"]) == ([], [], {})
    published = {(one["account"], one["sha256"], one["caption"]) for one in ledger["media"]}
    caption = "Hello from {name}\nsecond line"
    assert published == {(name, _sha256(clip), caption.format(name=name)) for name in names for clip in clips[:2]}
    assert len(ledger["media"]) == 6
    assert {one["proxy"] for one in ledger["media"]} == {f"via_{name}" for name in names}
    shown = fleet.shown(task)
    assert shown["state"] == "completed"
    assert {post["state"] for post in shown["posts"]} == {"published"}


def test_a_killed_worker_costs_nothing_and_doubles_nothing(fleet: Fleet, clips: list[Path]) -> None:
    names = fleet.accounts(20)
    fleet.worker("w1")
    fleet.worker("w2")
    task = fleet.upload(names, clips, "{{username}}")
    fleet.until(lambda: len(fleet.control("GET", "ledger")["media"]) >= 8)

    fleet.processes["w1"].kill()
    fleet.cli("tasks", "wait", task, "--timeout", "200")

    ledger = fleet.control("GET", "ledger")
    counts = Counter((one["account"], one["sha256"]) for one in ledger["media"])
    assert counts == Counter({(name, _sha256(clip)): 1 for name in names for clip in clips})
    assert (ledger["duplicates"], ledger["overlaps"], ledger["leaks"]) == ([], [], {})
    assert all(one["caption"] == one["account"] for one in ledger["media"])


def test_a_second_factor_is_computed_in_the_ui(fleet: Fleet, clips: list[Path]) -> None:
    names = fleet.accounts(1, totp_secret="JBSWY3DPEHPK3PXP")
    fleet.worker("w1")

    task = fleet.upload(names, clips[:1], "signed in with a code")
    fleet.cli("tasks", "wait", task, "--timeout", "120")

    assert len(fleet.control("GET", "ledger")["media"]) == 1
