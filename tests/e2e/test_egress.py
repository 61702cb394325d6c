"""Whatever is wrong with a proxy: nothing of its account leaves another way, and the proxy is blamed."""

import json
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import async_playwright

from igfleet.browser import locate_browser
from igfleet.sandbox.sandbox import Sandbox
from igfleet.settings import WorkerSettings, load
from igfleet.worker.egress import Gate
from igfleet.worker.upstream import Upstream
from tests import peers
from tests.e2e.detour import detour
from tests.e2e.fleet import Fleet
from tests.e2e.tripwire import tripwire

pytestmark = pytest.mark.timeout(240)
MODES = {
    "refuse": "proxy_unreachable",
    "hang": "proxy_unreachable",
    "auth": "proxy_auth_failed",
    "intercept": "proxy_intercepts",
    "block": "proxy_unreachable",
}


def _fail_in(fleet: Fleet, name: str, mode: str, scheme: str) -> str:
    """A proxy of the sandbox that fails so; its address."""
    fleet.control("POST", "proxies", {"username": f"via_{name}", "password": "canary-pw-proxy", "mode": mode})
    address = fleet.sandbox["proxy_url"].removeprefix("http://")
    return f"{scheme}://via_{name}:canary-pw-proxy@{address}"


def test_f18_no_request_leaves_past_a_proxy_that_fails(fleet: Fleet) -> None:
    proxies: dict[str, tuple[str, str]] = {"dead": (f"http://127.0.0.1:{peers.free_port()}", "proxy_unreachable")}
    for mode, reason in MODES.items():
        for scheme in ("http", "socks5"):
            name = f"{mode}_{scheme}"
            proxies[name] = _fail_in(fleet, name, mode, scheme), reason
    lines = ["username,password,proxy", *(f"{name},canary-pw-{name},{way}" for name, (way, _) in proxies.items())]
    (fleet.folder / "accounts.csv").write_text("\n".join(lines))
    fleet.cli("accounts", "import", "accounts.csv", "--authorised-by", "owner of all, in writing")
    made = [{"username": name, "password": f"canary-pw-{name}"} for name in proxies]
    fleet.control("POST", "accounts", {"accounts": made})

    with tripwire(fleet.folder) as wire:
        fleet.worker("worker-1", before=wire.before, CONCURRENCY_LIMIT="12", BATCH_SIZE="12")
        shown = _sign_in(fleet, list(proxies))
        during = list(wire.tripped)
        wire.trip()

    found = {row["account"]: row["reason_code"] for row in shown["account_tasks"]}
    assert found == {name: reason for name, (_, reason) in proxies.items()}
    asked = Counter(one["account"] for one in fleet.control("GET", "journal")["requests"])
    assert asked == Counter()
    assert fleet.control("GET", "status")["leaks"] == 0
    assert during == []
    assert wire.tripped == [443]
    accounts = json.loads(fleet.cli("accounts", "list", "--json"))
    assert {account["status"] for account in accounts} == {"active"}
    assert {row["state"] for row in json.loads(fleet.cli("proxies", "list", "--json"))} == {"failing"}


def _sign_in(fleet: Fleet, names: list[str]) -> dict[str, Any]:
    """A bulk login of these accounts, one attempt each, to its end."""
    made = fleet.cli(
        "tasks", "create", "--kind", "bulk_login", "--accounts", ",".join(names), "--options",
        json.dumps({"max_attempts": 1, "concurrency": 20, "stop_in_a_row": 0, "stop_percent": 100}),
        "--start", "--json",
    )  # fmt: skip
    task = str(json.loads(made)["id"])
    under_way = "SELECT 1 FROM account_tasks WHERE state = ANY('{scheduled,available,running,retryable}')"
    fleet.until(lambda: not fleet.rows(under_way), 150)
    return fleet.shown(task)


def test_socks5_with_a_password_carries_a_sign_in(fleet: Fleet) -> None:
    port = int(fleet.sandbox["proxy_url"].rsplit(":", 1)[1])
    fleet.control("POST", "accounts", {"accounts": [{"username": "nord_01", "password": "canary-pw-nord_01"}]})
    with detour(fleet.folder, port) as before, peers.microsocks(before=before) as peer:
        (fleet.folder / "accounts.csv").write_text(f"username,password,proxy\nnord_01,canary-pw-nord_01,{peer.address}")
        fleet.cli("accounts", "import", "accounts.csv", "--authorised-by", "owner of all, in writing")
        fleet.worker("worker-1")

        shown = _sign_in(fleet, ["nord_01"])

    assert [row["result"] for row in shown["account_tasks"]] == [{"how": "signed_in"}]
    (account,) = fleet.control("GET", "accounts")["accounts"]
    assert account["sessions"] == 1
    assert fleet.control("GET", "status")["leaks"] == 0


@pytest.mark.anyio
async def test_chromium_goes_by_socks5_with_a_password_through_the_gate(tmp_path: Path) -> None:
    """It cannot sign in to a SOCKS5 proxy itself: it speaks HTTP to the gate."""
    async with Sandbox(tmp_path / "sandbox") as sandbox, async_playwright() as playwright:
        port = int(sandbox.proxy_url.rsplit(":", 1)[1])
        with detour(tmp_path, port) as before, peers.microsocks(before=before) as peer:
            gate = Gate(Upstream(load(WorkerSettings, IGFLEET_DATA_DIR=tmp_path), peer.leased()))
            address = urlsplit(await gate.open())
            credentials = {"username": str(address.username), "password": str(address.password)}
            chromium = await playwright.chromium.launch(
                executable_path=locate_browser(None),
                args=["--no-sandbox", "--disable-background-networking", "--disable-component-update"],
                proxy={"server": f"http://127.0.0.1:{address.port}", **credentials},
            )
            try:
                page = await (await chromium.new_context(ignore_https_errors=True)).new_page()
                answer = await page.goto("https://www.instagram.com/")
            finally:
                await chromium.close()
                await gate.close()

        assert answer is not None
        assert answer.ok
        assert "/" in {entry.path for entry in sandbox.world.journal}
        assert sandbox.world.ledger.leaks == {}
