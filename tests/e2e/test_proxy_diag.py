"""A check of proxies as a whole: command line, ui, worker, a real squid, sandbox."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests import peers
from tests.e2e.fleet import Fleet

pytestmark = pytest.mark.timeout(180)


def _import(fleet: Fleet, proxies: dict[str, str]) -> None:
    """Accounts with these proxies."""
    lines = ["username,password,proxy", *(f"{name},canary-pw-{name},{proxy}" for name, proxy in proxies.items())]
    (fleet.folder / "accounts.csv").write_text("\n".join(lines))
    fleet.cli("accounts", "import", "accounts.csv", "--authorised-by", "owner of all, in writing")


def _sandbox_port(fleet: Fleet) -> int:
    return int(fleet.sandbox["proxy_url"].rsplit(":", 1)[1])


def test_good_and_bad_proxies_are_told_apart_and_each_is_asked_once(fleet: Fleet) -> None:
    with peers.squid(_sandbox_port(fleet)) as peer:
        wrong = peer.address.replace(peers.PASSWORD, "canary-wrong-pw")
        dead = f"http://127.0.0.1:{peers.free_port()}"
        shared = {f"nord_0{number}": peer.address for number in range(1, 4)}
        _import(fleet, {**shared, "nord_04": wrong.replace("nord:", "other:"), "nord_05": dead})
        fleet.worker("worker-1")

        names = ",".join(f"nord_0{number}" for number in range(1, 6))
        made = fleet.cli(
            "tasks", "create", "--kind", "proxy_diag", "--accounts", names,
            "--options", json.dumps({"probes": 2, "timeout_s": 5}), "--start", "--json",
        )  # fmt: skip
        task = str(json.loads(made)["id"])
        fleet.cli("tasks", "wait", task, "--timeout", "90")
        asked = Path(peer.log).read_text()

    shown = fleet.shown(task)
    found = {tuple(row["share"]["accounts"]): row["result"]["verdict"] for row in shown["account_tasks"]}
    assert found == {
        ("nord_01", "nord_02", "nord_03"): "ok",
        ("nord_04",): "auth_failed",
        ("nord_05",): "unreachable",
    }
    assert sum("CONNECT i.instagram.com:443" in line and "TCP_DENIED" not in line for line in asked.splitlines()) == 1
    assert asked.count("GET http://echo.sandbox/") == 2
    states = {row["address"]: row["state"] for row in _proxies(fleet) if row["username"] != "other"}
    assert states == {f"http://127.0.0.1:{peer.port}": "ok", dead: "failing"}
    assert fleet.control("GET", "status")["leaks"] == 0
    assert "canary-" not in json.dumps(shown)


def _proxies(fleet: Fleet) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(fleet.cli("proxies", "list", "--json"))
    return listed


def test_a_killed_worker_costs_a_check_nothing_but_time(fleet: Fleet) -> None:
    at = fleet.sandbox["proxy_url"].removeprefix("http://")
    slow = {"username": "exit_01", "password": "canary-pw-proxy", "mode": "slow", "delay_s": 3}
    fleet.control("POST", "proxies", slow)
    (fleet.folder / "proxies.txt").write_text(f"http://exit_01:canary-pw-proxy@{at}")
    fleet.cli("proxies", "import", "proxies.txt")
    fleet.worker("worker-1")
    task = str(json.loads(fleet.cli("proxies", "check", "1", "--json"))["task"])
    fleet.until(lambda: any(one["connections"] for one in fleet.control("GET", "proxies")["proxies"]))

    fleet.processes["worker-1"].kill()
    fleet.control("POST", "proxies", {**slow, "mode": "ok"})
    fleet.worker("worker-2")
    fleet.cli("tasks", "wait", task, "--timeout", "90")

    (row,) = fleet.shown(task)["account_tasks"]
    assert row["result"]["verdict"] == "ok"
    assert row["counters"] == {"ok": 1}
    assert fleet.rows("SELECT verdict FROM proxy_checks") == [{"verdict": "ok"}]
