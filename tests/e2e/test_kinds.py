"""Each kind as a whole: command line, ui, worker, adapter, sandbox; judged by the sandbox's own ledger."""

from tests.e2e.fleet import Fleet


def test_bulk_login_signs_in_once_and_then_restores(fleet: Fleet) -> None:
    names = fleet.accounts(3, totp_secret="JBSWY3DPEHPK3PXP")
    fleet.worker("worker-1")

    first = fleet.done("bulk_login", names)
    second = fleet.done("bulk_login", names)

    assert {row["result"]["how"] for row in first["account_tasks"]} == {"signed_in"}
    assert {row["result"]["how"] for row in second["account_tasks"]} == {"session_restored"}
    known = {account["username"]: account for account in fleet.control("GET", "accounts")["accounts"]}
    assert all(known[name]["sessions"] == 1 and len(known[name]["devices"]) == 1 for name in names)
    assert fleet.control("GET", "status")["leaks"] == 0
