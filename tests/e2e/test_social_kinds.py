"""Warm-up, avatar, bio and follow as a whole, judged by the sandbox's own ledger."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.e2e.fleet import Fleet
from tests.pictures import distance

pytestmark = pytest.mark.timeout(400)

LINK, OTHER_LINK = "https://example.org/one", "https://example.org/two"
OTHERS = [f"bar_{number:02d}" for number in range(1, 9)]
WARM = {"feed_scroll_min_count": 2, "feed_scroll_max_count": 2, "like_min_count": 2, "like_max_count": 2,
        "view_stories_min_count": 3, "view_stories_max_count": 3}  # fmt: skip


def others(fleet: Fleet, **traits: Any) -> None:
    """Other people, with something to look at."""
    made = [{"username": name, "password": "x", "pictures": 3, "stories": 2, **traits} for name in OTHERS]
    fleet.control("POST", "accounts", {"accounts": made})


def change(fleet: Fleet, username: str, **traits: Any) -> None:
    made = {"username": username, "password": f"canary-pw-{username}", **traits}
    fleet.control("POST", "accounts", {"accounts": [made]})


def started(fleet: Fleet, kind: str, names: list[str], *media: Path, **options: Any) -> str:
    """The id of a task that runs."""
    chosen = json.dumps({"delay_min_s": 0, "delay_max_s": 0.1, "max_attempts": 10, **options})
    files = [word for path in media for word in ("--media", str(path))]
    arguments = ["--kind", kind, "--accounts", ",".join(names), *files, "--options", chosen]
    return str(json.loads(fleet.cli("tasks", "create", *arguments, "--start", "--json"))["id"])


def done(fleet: Fleet, kind: str, names: list[str], *media: Path, **options: Any) -> list[dict[str, Any]]:
    """The account tasks of a task that ran to its end."""
    task = started(fleet, kind, names, *media, **options)
    fleet.cli("tasks", "wait", task, "--timeout", "120")
    return rows(fleet, task)


def rows(fleet: Fleet, task: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = fleet.shown(task)["account_tasks"]
    return found


def ledger(fleet: Fleet) -> dict[str, Any]:
    """What the sandbox saw; nothing of it may have been done twice, or around a proxy."""
    told: dict[str, Any] = fleet.control("GET", "ledger")
    assert (told["repeats"], told["overlaps"], told["leaks"]) == ([], [], {})
    acts = [act for name in ("likes", "seen_stories", "follows", "profile_edits", "avatars") for act in told[name]]
    assert all(act["proxy"] == f"via_{act['account']}" for act in acts)
    return told


def per_account(acts: list[dict[str, Any]]) -> Counter[str]:
    return Counter(act["account"] for act in acts)


def a_picture(path: Path, angle: int) -> Path:
    Image.radial_gradient("L").convert("RGB").crop((0, 0, 160, 250)).rotate(angle).resize((800, 1000)).save(path)
    return path


def is_shown_by(fleet: Fleet, username: str, picture: Path) -> bool:
    """Whether the account's picture is the square of this one, by what both show."""
    from igfleet.media.square import square_picture

    known = {one["username"]: one for one in fleet.control("GET", "accounts")["accounts"]}
    answer = httpx.get(f"{fleet.sandbox['control_url']}/avatars/{known[username]['avatar_sha256']}.jpg")
    (fleet.folder / "shown.jpg").write_bytes(answer.content)
    square_picture(picture, fleet.folder / "square.jpg")
    return distance(fleet.folder / "shown.jpg", fleet.folder / "square.jpg") <= 4


def test_a_warm_up_does_what_was_drawn_and_no_more(fleet: Fleet) -> None:
    names = fleet.accounts(3)
    others(fleet)
    fleet.worker("w1")

    ended = done(fleet, "warmup", names, **WARM, follow_min_count=1, follow_max_count=1, targets=OTHERS)

    told = ledger(fleet)
    assert per_account(told["likes"]) == Counter(dict.fromkeys(names, 2))
    assert per_account(told["seen_stories"]) == Counter(dict.fromkeys(names, 3))
    assert per_account(told["follows"]) == Counter(dict.fromkeys(names, 1))
    assert {row["state"] for row in ended} == {"completed"}
    assert all(row["counters"] == {"viewed": 2, "likes": 2, "stories": 3, "follows": 1} for row in ended)


def test_a_block_of_likes_stops_likes_alone_and_is_rested_from(fleet: Fleet) -> None:
    names = fleet.accounts(2)
    others(fleet)
    fleet.control("POST", "limits", {"action": "like", "most": 1, "account": names[0]})
    fleet.worker("w1")

    first = done(fleet, "warmup", names, **WARM)
    fleet.control("DELETE", "limits")
    second = done(fleet, "warmup", names[:1], **WARM)

    told = ledger(fleet)
    assert per_account(told["likes"]) == {names[0]: 1, names[1]: 2}
    assert per_account(told["seen_stories"]) == {names[0]: 6, names[1]: 3}
    assert {row["state"] for row in (*first, *second)} == {"completed"}
    assert "rests from it" in second[0]["result"]["note"]


def test_pictures_are_changed_kept_and_put_back(fleet: Fleet, tmp_path: Path) -> None:
    names = fleet.accounts(2)
    fleet.worker("w1")
    first = [a_picture(tmp_path / f"first_{number}.png", 20 * number) for number in (1, 2)]
    second = [a_picture(tmp_path / f"second_{number}.png", 180 + 30 * number) for number in (1, 2)]

    done(fleet, "avatar", names, *first)
    assert [is_shown_by(fleet, name, picture) for name, picture in zip(names, first, strict=True)] == [True, True]
    task = started(fleet, "avatar", names, *second)
    fleet.cli("tasks", "wait", task, "--timeout", "120")
    assert [is_shown_by(fleet, name, picture) for name, picture in zip(names, second, strict=True)] == [True, True]
    assert not is_shown_by(fleet, names[0], first[0])

    undone = str(json.loads(fleet.cli("tasks", "undo", task, "--json"))["id"])
    fleet.cli("tasks", "start", undone)
    fleet.cli("tasks", "wait", undone, "--timeout", "120")

    assert [is_shown_by(fleet, name, picture) for name, picture in zip(names, first, strict=True)] == [True, True]
    assert per_account(ledger(fleet)["avatars"]) == Counter(dict.fromkeys(names, 3))


def test_links_are_written_read_back_and_put_back(fleet: Fleet) -> None:
    names = fleet.accounts(4)
    change(fleet, names[0], external_url=LINK)
    change(fleet, names[1], external_url=OTHER_LINK, biography="Sea and sand")
    change(fleet, names[2], ignores_edits=True)
    fleet.worker("w1")

    task = started(fleet, "bio", names, link_url=LINK, links=f"{names[3]},{OTHER_LINK},New text\n")
    fleet.until(lambda: {row["state"] for row in rows(fleet, task)} == {"completed", "suspended"}, 120)

    outcomes = {row["account"]: (row["result"]["outcome"], row["reason_code"]) for row in rows(fleet, task)}
    assert outcomes == {
        names[0]: ("unchanged", None),
        names[1]: ("changed", None),
        names[2]: ("not_applied", "write_not_applied"),
        names[3]: ("changed", None),
    }
    edits = ledger(fleet)["profile_edits"]
    assert {(edit["account"], edit["target"], edit["is_applied"]) for edit in edits} == {
        (names[1], "external_url", True),
        (names[2], "external_url", False),
        (names[3], "external_url", True),
        (names[3], "biography", True),
    }

    fleet.cli("tasks", "cancel", task)
    undone = str(json.loads(fleet.cli("tasks", "undo", task, "--json"))["id"])
    fleet.cli("tasks", "start", undone)
    fleet.cli("tasks", "wait", undone, "--timeout", "120")

    known = {one["username"]: one for one in fleet.control("GET", "accounts")["accounts"]}
    assert (known[names[1]]["external_url"], known[names[1]]["biography"]) == (OTHER_LINK, "Sea and sand")
    assert (known[names[3]]["external_url"], known[names[3]]["biography"]) == ("", "")


def test_people_of_a_list_are_followed_and_never_asked_twice(fleet: Fleet) -> None:
    names = fleet.accounts(2)
    others(fleet)
    fleet.control("POST", "accounts", {"accounts": [{"username": OTHERS[0], "password": "x", "is_private": True}]})
    fleet.control("POST", "accounts", {"accounts": [{"username": OTHERS[1], "password": "x", "refuses_follows": True}]})
    (fleet.folder / "bars.txt").write_text("\n".join([*OTHERS, "@nobody_here"]))
    fleet.cli("targets", "add", "bars", "bars.txt")
    fleet.worker("w1")

    first = done(fleet, "follow", names, target_list="bars", follow_min_count=20, follow_max_count=20)
    looked_up = [one for one in fleet.control("GET", "journal")["requests"] if "usernameinfo" in one["path"]]
    second = started_with_nobody_left(fleet, names)

    told = ledger(fleet)
    assert {(act["account"], act["target"]) for act in told["follows"]} == {
        (name, other) for name in names for other in (OTHERS[0], *OTHERS[2:])
    }
    assert {act["target"] for act in told["follows"] if act["requested"]} == {OTHERS[0]}
    assert all(row["counters"] == {"follows": 7, "failed": 2} for row in first)
    assert all("7 of 20" in row["result"]["note"] for row in first)
    assert len(looked_up) == len(OTHERS) + 1  # each once, for both accounts
    assert second == 4
    listed = {one["username"]: one for one in json.loads(fleet.cli("targets", "show", "bars", "--json"))}
    assert (listed[OTHERS[0]]["is_private"], listed[OTHERS[1]]["trouble"]) == (True, "target_refused")
    assert listed["nobody_here"]["trouble"] == "user_not_found"
    assert all(listed[name]["user_id"] for name in OTHERS)


def started_with_nobody_left(fleet: Fleet, names: list[str]) -> int:
    """The exit code of a start of the same order again."""
    chosen = json.dumps({"target_list": "bars"})
    arguments = ["--kind", "follow", "--accounts", ",".join(names), "--options", chosen, "--start"]
    fleet.cli("tasks", "create", *arguments, code=4)
    return 4


def _warm_up(fleet: Fleet, names: list[str], _folder: Path) -> str:
    return started(fleet, "warmup", names, **WARM, delay_min_s=0.5, delay_max_s=0.6)


def _follow(fleet: Fleet, names: list[str], _folder: Path) -> str:
    counts = {"follow_min_count": 5, "follow_max_count": 5, "delay_min_s": 0.5, "delay_max_s": 0.6}
    return started(fleet, "follow", names, targets=OTHERS, **counts)


def _bio(fleet: Fleet, names: list[str], _folder: Path) -> str:
    fleet.control("POST", "faults", {"act": "hang_after", "path": "update_bio_links", "count": len(names)})
    return started(fleet, "bio", names, link_url=LINK)


def _avatar(fleet: Fleet, names: list[str], folder: Path) -> str:
    fleet.control("POST", "faults", {"act": "hang_after", "path": "change_profile_picture", "count": len(names)})
    pictures = [a_picture(folder / f"{name}.png", 9 * number) for number, name in enumerate(names)]
    return started(fleet, "avatar", names, *pictures)


_KINDS = {
    "bio": (_bio, "profile_edits", 1),
    "avatar": (_avatar, "avatars", 1),
    "warmup": (_warm_up, "likes", 2),
    "follow": (_follow, "follows", 5),
}
"""How a task of it is started, what it does as the sandbox calls it, and how often each account does it."""


def test_a_killed_worker_leaves_each_kind_resumable_and_nothing_is_done_twice(fleet: Fleet, tmp_path: Path) -> None:
    """Bio and avatar wait for an answer that does not come, warm-up and follow have begun, when their worker dies."""
    every = fleet.accounts(2 * len(_KINDS))
    names = {kind: every[2 * at : 2 * at + 2] for at, kind in enumerate(_KINDS)}
    others(fleet)
    fleet.worker("w1", CONCURRENCY_LIMIT="8", BATCH_SIZE="8")
    tasks: dict[str, str] = {}
    for pair in (("bio", "avatar"), ("warmup", "follow")):
        tasks |= {kind: _KINDS[kind][0](fleet, names[kind], tmp_path) for kind in pair}
        sought = [_KINDS[kind][1] for kind in pair]
        fleet.until(lambda sought=sought: all(len(ledger(fleet)[acts]) >= 2 for acts in sought), 90)  # type: ignore[misc]

    fleet.processes["w1"].kill()
    begun = ledger(fleet)
    fleet.worker("w2", CONCURRENCY_LIMIT="8", BATCH_SIZE="8")
    for task in tasks.values():
        fleet.cli("tasks", "wait", task, "--timeout", "200")

    told = ledger(fleet)
    assert len(begun["follows"]) < 10, "it was over before the worker died"
    for kind, (_, acts, each) in _KINDS.items():
        assert per_account(told[acts]) == Counter(dict.fromkeys(names[kind], each)), kind
        assert {row["state"] for row in rows(fleet, tasks[kind])} == {"completed"}
    assert per_account(told["seen_stories"]) == Counter(dict.fromkeys(names["warmup"], 3))
