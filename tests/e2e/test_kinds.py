"""Each kind as a whole: command line, ui, worker, adapter, sandbox; judged by the sandbox's own ledger."""

import json
from typing import Any

from tests.e2e.fleet import Fleet


def test_bulk_login_signs_in_once_and_then_restores(fleet: Fleet) -> None:
    names = fleet.accounts(3, totp_secret="JBSWY3DPEHPK3PXP")
    fleet.worker("worker-1")

    first = _done(fleet, "bulk_login", names)
    second = _done(fleet, "bulk_login", names)

    assert {row["result"]["how"] for row in first["account_tasks"]} == {"signed_in"}
    assert {row["result"]["how"] for row in second["account_tasks"]} == {"session_restored"}
    known = {account["username"]: account for account in fleet.control("GET", "accounts")["accounts"]}
    assert all(known[name]["sessions"] == 1 and len(known[name]["devices"]) == 1 for name in names)
    assert fleet.control("GET", "status")["leaks"] == 0


def _done(fleet: Fleet, kind: str, names: list[str], **options: Any) -> dict[str, Any]:
    """A task of the kind, run to its end."""
    made = fleet.cli(
        "tasks", "create", "--kind", kind, "--accounts", ",".join(names), "--options",
        json.dumps({"delay_min_s": 0, "delay_max_s": 0.1, **options}), "--start", "--json",
    )  # fmt: skip
    task = str(json.loads(made)["id"])
    fleet.cli("tasks", "wait", task, "--timeout", "90")
    return fleet.shown(task)
