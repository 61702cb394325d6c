"""Every refusal that the client library tells apart, each met by one account: class, reaction, number of requests.

The sandbox's journal says how many requests an account has made since; that is what its class allows.
"""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from igfleet.sandbox.refusals import REFUSALS
from tests.e2e.fleet import Fleet
from tests.ui_api.playing import NEVER_PAUSES

pytestmark = pytest.mark.timeout(600)
READ, SIGN_IN = "/accounts/current_user/", "send_login_request"
_QUARTER, _HALF_DAY = 15 * 60, 12 * 3600


@dataclass(frozen=True)
class Row:
    """What must have become of the account task and its account."""

    state: str
    reason: str | None = None
    status: str = "active"
    rests_s: int = 0
    reads: int = 1
    """Requests that restore the session: one each attempt."""
    sign_ins: int = 0


_AGAIN = Row("completed", reads=2)
_SLOW = Row("retryable", "rate_limited", "limited", _QUARTER)
_BLOCKED = Row("retryable", "action_blocked", "limited", _HALF_DAY)
_NOBODY_KNOWS = Row("suspended", "unexpected_error", "inactive")
_CHALLENGE = Row("suspended", "challenge_required", "human_verification_required")
_BAD_PASSWORD = Row("suspended", "bad_password", "inactive")
_OUTDATED = Row("suspended", "client_outdated")
TABLE = {
    "throttled_429": _SLOW,
    "please_wait": _SLOW,
    "rate_limit_error": _SLOW,
    "feedback_required": _BLOCKED,
    "sentry_block": _BLOCKED,
    "login_required": Row("completed", sign_ins=1),
    "unauthorized_401": _AGAIN,
    "challenge_native": _CHALLENGE,
    "challenge_platform": _CHALLENGE,
    "masked_challenge": _CHALLENGE,
    "checkpoint_required": Row("suspended", "checkpoint_required", "human_verification_required"),
    "consent_required": Row("suspended", "consent_required", "human_verification_required"),
    "two_factor_required": Row("suspended", "two_factor_required", "human_verification_required"),
    "suspended": Row("discarded", "account_suspended", "suspended"),
    "account_disabled": Row("discarded", "account_disabled", "suspended"),
    "bad_password": _BAD_PASSWORD,
    "invalid_user": _BAD_PASSWORD,
    "ip_block": Row("suspended", "proxy_blocked"),
    "needs_upgrade": _OUTDATED,
    "not_found": _OUTDATED,
    "media_unavailable": Row("discarded", "media_missing"),
    "video_too_long": Row("discarded", "media_refused"),
    "bad_request": _NOBODY_KNOWS,
    "other_message": _NOBODY_KNOWS,
    "forbidden_403": _NOBODY_KNOWS,
    "media_needs_reupload": _NOBODY_KNOWS,
    "login_detour": _NOBODY_KNOWS,
    "timeout_408": _AGAIN,
    "server_500": _AGAIN,
    "bad_gateway_502": _AGAIN,
    "unavailable_503": _AGAIN,
    "html_200": _AGAIN,
    "empty_200": _AGAIN,
    "bad_json": _AGAIN,
    "transcode_pending": _AGAIN,
}
_SOUGHT = """
SELECT o.username, a.state, a.reason_code, o.status,
  coalesce(extract(epoch FROM o.cooldown_until - now()), 0)::float AS rests_s
FROM account_tasks a JOIN accounts o ON o.id = a.account_id WHERE a.task_id = %s
"""


def test_f19_f20_each_refusal_has_its_reaction_and_no_request_too_many(fleet: Fleet) -> None:
    names = fleet.accounts(len(TABLE))
    met_by = dict(zip(TABLE, names, strict=True))
    fleet.worker("w1")
    fleet.cli("tasks", "wait", _ordered(fleet, names), "--timeout", "240")
    before = _requests(fleet)
    for refusal, name in met_by.items():
        fleet.control("POST", "faults", {"act": "refuse", "refusal": refusal, "account": name, "path": READ})

    task = _ordered(fleet, names)
    settled = {name: TABLE[refusal].state for refusal, name in met_by.items()}
    fleet.until(lambda: {row["username"]: row["state"] for row in _rows(fleet, task)} == settled, 240)

    found = {row["username"]: row for row in _rows(fleet, task)}
    since = _requests(fleet) - before
    got = {refusal: _as_row(found[name], since, name, TABLE[refusal]) for refusal, name in met_by.items()}
    assert set(TABLE) == set(REFUSALS)
    assert got == TABLE
    assert fleet.control("GET", "status")["leaks"] == 0
    known = {one["username"]: one for one in fleet.control("GET", "accounts")["accounts"]}
    assert all(len(known[name]["devices"]) == 1 for name in names)
    assert _waiting(fleet) == {name for refusal, name in met_by.items() if "verification" in TABLE[refusal].status}


def test_f18_trouble_on_the_way_is_blamed_on_the_way_and_never_on_the_account(fleet: Fleet) -> None:
    names = fleet.accounts(4)
    broken, cut, refusing, locked = names
    fleet.worker("w1")
    fleet.cli("tasks", "wait", _ordered(fleet, names), "--timeout", "120")
    before = _requests(fleet)
    fleet.control("POST", "faults", {"act": "drop_before", "account": broken, "path": READ})
    fleet.control("POST", "faults", {"act": "cut_after", "account": cut, "path": READ})
    for name, password, mode in ((refusing, f"canary-proxy-{refusing}", "refuse"), (locked, "another", "ok")):
        fleet.control("POST", "proxies", {"username": f"via_{name}", "password": password, "mode": mode})

    task = _ordered(fleet, names)
    wanted = {broken: "completed", cut: "completed", refusing: "discarded", locked: "suspended"}
    fleet.until(lambda: {row["username"]: row["state"] for row in _rows(fleet, task)} == wanted, 120)

    found = {row["username"]: row for row in _rows(fleet, task)}
    since = _requests(fleet) - before
    assert [found[name]["reason_code"] for name in (refusing, locked)] == ["proxy_unreachable", "proxy_auth_failed"]
    assert {row["status"] for row in found.values()} == {"active"}
    assert [since[name, READ] for name in names] == [2, 2, 0, 0]
    assert fleet.control("GET", "status")["leaks"] == 0


def _ordered(fleet: Fleet, names: list[str]) -> str:
    made = fleet.cli(
        "tasks", "create", "--kind", "bulk_login", "--accounts", ",".join(names),
        "--options", json.dumps(NEVER_PAUSES), "--start", "--json",
    )  # fmt: skip
    return str(json.loads(made)["id"])


def _rows(fleet: Fleet, task: str) -> list[dict[str, Any]]:
    return fleet.rows(_SOUGHT, task)


def _requests(fleet: Fleet) -> Counter[tuple[str, str]]:
    """How often each account restored its session, signed in, and did anything else."""
    counted: Counter[tuple[str, str]] = Counter()
    for request in fleet.control("GET", "journal")["requests"]:
        sort = next((part for part in (READ, SIGN_IN) if part in request["path"]), "other")
        counted[request["account"] or "", sort] += 1
    return counted


def _as_row(row: dict[str, Any], since: Counter[tuple[str, str]], name: str, expected: Row) -> Row:
    """What became of it. A rest that is nearly the expected one is that; what only a sign-in asks for is its part."""
    rests_s = row["rests_s"]
    is_as_expected = expected.rests_s - 200 < rests_s <= expected.rests_s + 1
    sign_ins = since[name, SIGN_IN]
    assert sign_ins or not since[name, "other"], (name, since)
    return Row(
        row["state"],
        row["reason_code"],
        row["status"],
        expected.rests_s if is_as_expected else int(rests_s),
        since[name, READ],
        sign_ins,
    )


def _waiting(fleet: Fleet) -> set[str]:
    """Whose challenge stands in the inbox."""
    return {one["account"] for one in json.loads(fleet.cli("inbox", "list", "--json"))["challenges"]}
