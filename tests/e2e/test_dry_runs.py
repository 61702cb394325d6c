"""A dry-run as a whole, judged by the sandbox's own ledger: nothing was written."""

import json
from pathlib import Path

import pytest

from tests.e2e.fleet import Fleet

pytestmark = pytest.mark.timeout(200)


def test_a_dry_run_signs_in_looks_and_writes_nothing_at_all(fleet: Fleet, clips: list[Path]) -> None:
    names = fleet.accounts(1)
    fleet.worker("w1")
    usual = ["--accounts", ",".join(names), "--set", "delay_min_s=0", "--set", "delay_max_s=0.1", "--json"]
    orders = [
        ["--media", str(clips[0]), "--set", "distribution=every_video_to_every_account"],
        ["--kind", "bio", "--set", "biography=Sea and sand"],
        ["--kind", "warmup", "--set", "like_min_count=1"],
    ]
    tasks = [str(json.loads(fleet.cli("tasks", "create", *order, *usual))["id"]) for order in orders]

    for task in tasks:
        fleet.cli("tasks", "start", task, "--dry-run")
        fleet.cli("tasks", "wait", task, "--timeout", "100")
    shown = fleet.shown(tasks[0])
    real = json.loads(fleet.cli("tasks", "real", tasks[0], "--json"))

    ledger = fleet.control("GET", "ledger")
    assert {name: rows for name, rows in ledger.items() if rows} == {}
    assert (shown["state"], {post["state"] for post in shown["posts"]}) == ("completed", {"simulated"})
    results = [row["result"]["outcome"] for task in tasks[1:] for row in fleet.shown(task)["account_tasks"]]
    assert results == ["simulated"] * 2
    assert (real["count"], real["state"], real["plan_hash"]) == (1, "draft", shown["plan_hash"])
