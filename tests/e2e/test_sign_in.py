"""Signing in when Instagram asks back: mailbox, person, later attempt; judged by the sandbox's journal and letters."""

import json
from typing import Any

import pytest

from tests.e2e.fleet import Fleet

pytestmark = pytest.mark.timeout(300)
SEND_LOGIN = "send_login_request"
_SOUGHT = """
SELECT o.username AS account, a.state, a.reason_code, a.attempt, a.result
FROM account_tasks a JOIN accounts o ON o.id = a.account_id WHERE a.task_id = %s
"""


def _ordered(fleet: Fleet, names: list[str], **options: Any) -> str:
    """A started bulk login; its id."""
    made = fleet.cli(
        "tasks", "create", "--kind", "bulk_login", "--accounts", ",".join(names),
        "--options", json.dumps(options), "--start", "--json",
    )  # fmt: skip
    return str(json.loads(made)["id"])


def _rows(fleet: Fleet, task: str) -> dict[str, dict[str, Any]]:
    """The task's account tasks by account."""
    return {row["account"]: row for row in fleet.rows(_SOUGHT, task)}


def _inbox(fleet: Fleet) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(fleet.cli("inbox", "list", "--json"))["challenges"]
    return found


def _letters(fleet: Fleet, name: str) -> list[dict[str, Any]]:
    """The codes that an account was sent: what its owner sees on the phone."""
    found: list[dict[str, Any]] = fleet.control("GET", f"letters?account={name}")["letters"]
    return found


def _sign_ins(fleet: Fleet, name: str) -> int:
    journal = fleet.control("GET", f"journal?account={name}")["requests"]
    return sum(SEND_LOGIN in request["path"] for request in journal)


def _status(fleet: Fleet, name: str) -> str:
    listed = {row["username"]: row for row in json.loads(fleet.cli("accounts", "list", "--json"))}
    return str(listed[name]["status"])


def test_a_mailed_code_is_taken_from_the_account_s_own_mailbox(fleet: Fleet) -> None:
    names = fleet.accounts(2, state="mailed_code")
    fleet.worker("w1", MAILBOX_WAIT_SECS="20")

    task = _ordered(fleet, names)
    fleet.cli("tasks", "wait", task, "--timeout", "90")

    assert {row["result"]["how"] for row in _rows(fleet, task).values()} == {"signed_in"}
    assert [len(_letters(fleet, name)) for name in names] == [1, 1]
    assert [_sign_ins(fleet, name) for name in names] == [1, 1]
    assert _inbox(fleet) == []
    logs = "".join(fleet.log(name) for name in fleet.processes)
    assert all(_letters(fleet, name)[0]["code"] not in logs for name in names)
    assert "canary-mail" not in logs


def test_a_person_enters_a_code_while_the_run_waits(fleet: Fleet) -> None:
    [name] = fleet.accounts(1, mailboxes=False, state="mailed_code")
    fleet.worker("w1", CHALLENGE_WAIT_SECS="60")

    task = _ordered(fleet, [name])
    fleet.until(lambda: _inbox(fleet), 60)
    [asked] = _inbox(fleet)
    paused = _status(fleet, name)
    fleet.cli("inbox", "answer", str(asked["id"]), _letters(fleet, name)[-1]["code"])
    fleet.cli("tasks", "wait", task, "--timeout", "60")

    assert (asked["kind"], asked["takes_code"], paused) == ("email_code", True, "human_verification_required")
    assert _rows(fleet, task)[name]["attempt"] == 1
    assert _sign_ins(fleet, name) == 1
    assert _status(fleet, name) == "active"


def test_a_code_by_sms_is_handed_in_by_a_later_run_without_a_second_sign_in(fleet: Fleet) -> None:
    [name] = fleet.accounts(1, sms_two_factor=True)
    fleet.worker("w1", CHALLENGE_WAIT_SECS="0")

    task = _ordered(fleet, [name])
    fleet.until(lambda: _rows(fleet, task)[name]["state"] == "suspended", 60)
    [asked] = _inbox(fleet)
    stopped = _rows(fleet, task)[name]["reason_code"], _status(fleet, name)
    fleet.cli("inbox", "answer", str(asked["id"]), "000000")
    fleet.until(
        lambda: _rows(fleet, task)[name]["state"] == "suspended" and _rows(fleet, task)[name]["attempt"] == 2, 60
    )
    fleet.cli("inbox", "answer", str(asked["id"]), _letters(fleet, name)[-1]["code"])
    fleet.cli("tasks", "wait", task, "--timeout", "60")

    assert (asked["kind"], asked["destination"]) == ("sms_code", "+** *** ***09")
    assert stopped == ("code_required", "phone_verification_required")
    assert _rows(fleet, task)[name]["result"] == {"how": "signed_in"}
    assert (_sign_ins(fleet, name), len(_letters(fleet, name))) == (1, 1)
    known = {account["username"]: account for account in fleet.control("GET", "accounts")["accounts"]}
    assert (known[name]["sessions"], len(known[name]["devices"])) == (1, 1)


def test_an_approval_is_checked_by_exactly_one_read(fleet: Fleet) -> None:
    [name] = fleet.accounts(1)
    fleet.worker("w1")
    fleet.cli("tasks", "wait", _ordered(fleet, [name]), "--timeout", "60")
    account = {"username": name, "password": f"canary-pw-{name}", "state": "challenge_native"}
    fleet.control("POST", "accounts", {"accounts": [account]})
    task = _ordered(fleet, [name])
    fleet.until(lambda: _rows(fleet, task)[name]["state"] == "suspended", 60)
    [asked] = _inbox(fleet)
    before = len(fleet.control("GET", f"journal?account={name}")["requests"])

    fleet.cli("inbox", "approve", str(asked["id"]))
    fleet.until(
        lambda: _rows(fleet, task)[name]["attempt"] == 2 and _rows(fleet, task)[name]["state"] == "suspended", 60
    )
    too_early = len(fleet.control("GET", f"journal?account={name}")["requests"]) - before
    fleet.control("POST", "approvals", {"account": name})
    [asked] = _inbox(fleet)
    fleet.cli("inbox", "approve", str(asked["id"]))
    fleet.cli("tasks", "wait", task, "--timeout", "60")
    in_all = len(fleet.control("GET", f"journal?account={name}")["requests"]) - before

    assert asked["kind"] == "app_approval"
    assert (too_early, in_all) == (1, 2)
    assert _rows(fleet, task)[name]["result"] == {"how": "session_restored"}
    assert _status(fleet, name) == "active"


def test_a_skipped_account_asks_nobody_and_the_others_go_on(fleet: Fleet) -> None:
    names = fleet.accounts(2, mailboxes=False)
    account = {"username": names[0], "password": f"canary-pw-{names[0]}", "state": "mailed_code"}
    fleet.control("POST", "accounts", {"accounts": [account]})
    fleet.worker("w1")

    task = _ordered(fleet, names, on_challenge="skip")
    fleet.cli("tasks", "wait", task, "--timeout", "60", code=1)

    rows = _rows(fleet, task)
    assert [rows[name]["state"] for name in names] == ["discarded", "completed"]
    assert rows[names[0]]["reason_code"] == "code_required"
    assert _inbox(fleet) == []
    assert _status(fleet, names[0]) == "human_verification_required"


def test_accounts_with_a_young_session_are_left_out(fleet: Fleet) -> None:
    names = fleet.accounts(2)
    fleet.worker("w1")
    fleet.cli("tasks", "wait", _ordered(fleet, names[:1]), "--timeout", "60")

    made = fleet.cli(
        "tasks", "create", "--kind", "bulk_login", "--accounts", ",".join(names),
        "--options", json.dumps({"only_if_older_than_h": 3}), "--json",
    )  # fmt: skip

    plan = json.loads(made)
    assert plan["count"] == 1
    assert [note["sentence"] for note in plan["notes"]] == ["Its session is younger than 3 hours"]


def test_the_device_stays_the_same_when_password_and_session_change(fleet: Fleet) -> None:
    [name] = fleet.accounts(1)
    fleet.worker("w1")
    fleet.cli("tasks", "wait", _ordered(fleet, [name]), "--timeout", "60")
    fleet.control("POST", "accounts", {"accounts": [{"username": name, "password": "canary-pw-new"}]})
    fleet.control("POST", "sessions/expire", {"account": name})

    task = _ordered(fleet, [name])
    fleet.until(lambda: _rows(fleet, task)[name]["state"] == "suspended", 60)
    refused, tries = _rows(fleet, task)[name]["reason_code"], _sign_ins(fleet, name)
    (fleet.folder / "new.csv").write_text(f"username,password\n{name},canary-pw-new\n")
    fleet.cli("accounts", "import", "new.csv", "--authorised-by", "owner of all, in writing")
    fleet.cli("tasks", "resume", task)
    fleet.cli("tasks", "wait", task, "--timeout", "60")

    known = {account["username"]: account for account in fleet.control("GET", "accounts")["accounts"]}
    assert refused == "bad_password"
    assert _rows(fleet, task)[name]["result"] == {"how": "signed_in"}
    assert len(known[name]["devices"]) == 1
    assert _sign_ins(fleet, name) == tries + 1
    kept = fleet.rows("SELECT refused_at FROM sealed_secrets WHERE owner = 'account' AND field = 'session_mobile'")
    assert len(kept) >= 2, "the session before is kept, sealed"
    assert sum(row["refused_at"] is not None for row in kept) == 1, "and marked, so that it is not tried again"
