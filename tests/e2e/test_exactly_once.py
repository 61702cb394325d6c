"""Every way to lose an answer, with the real client library; `tests/faults` has the deaths of processes."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.fleet import Fleet

pytestmark = pytest.mark.timeout(300)
LOST = {"nord_01": "drop_after", "nord_02": "hang_after", "nord_03": "cut_after", "nord_04": "refuse_after"}
CONFIGURE = "configure_to_clips"


def test_every_way_to_lose_the_answer_ends_with_one_reel_and_its_own_id(fleet: Fleet, clips: list[Path]) -> None:
    names = fleet.accounts(len(LOST))
    for name, act in LOST.items():
        fleet.control("POST", "faults", {"act": act, "path": CONFIGURE, "account": name})
    fleet.worker("w1")

    task = fleet.upload(names, clips[:1], "{{username}}", concurrency=4)
    fleet.cli("tasks", "wait", task, "--timeout", "120")

    media = {one["account"]: one for one in fleet.control("GET", "ledger")["media"]}
    posts = fleet.shown(task)["posts"]
    assert not any(one["acknowledged"] for one in media.values()), "no answer arrived"
    assert Counter(_commits(fleet)) == Counter(dict.fromkeys(LOST, 1)), "nothing was sent a second time"
    for post in posts:
        assert (post["state"], post["code"]) == ("published", media[post["account"]]["code"])


def _journal(fleet: Fleet) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = fleet.control("GET", "journal")["requests"]
    return found


def _commits(fleet: Fleet) -> list[str]:
    """The account of each publish request that arrived."""
    return [one["account"] for one in _journal(fleet) if CONFIGURE in one["path"]]
