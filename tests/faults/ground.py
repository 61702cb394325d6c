"""One running fleet for all faults of a file: each test has accounts, workers and a task of its own."""

import itertools
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.e2e import commands
from tests.e2e.fleet import Fleet, clip

LEASE_S = 3.0
_PATIENCE_S = 60
_HISTORY = """
SELECT h.at, h.was || '>' || h.became AS move, h.became FROM post_history h JOIN posts p ON p.id = h.post_id
WHERE p.task_id = %s ORDER BY h.id
"""
_TASKS = """
SELECT o.username, t.state, t.reason_code, t.attempt, t.lease_id, t.lease_expires_at, now() AS now
FROM account_tasks t JOIN accounts o ON o.id = t.account_id WHERE t.task_id = (SELECT max(id) FROM tasks) ORDER BY t.id
"""
_MOVES = """
SELECT h.at, h.post_id, h.was, h.became, h.why FROM post_history h JOIN posts p ON p.id = h.post_id
WHERE p.task_id = (SELECT max(id) FROM tasks) ORDER BY h.id DESC LIMIT 40
"""


@dataclass
class Ground:
    """A fleet without workers, and verbs for what goes wrong."""

    fleet: Fleet
    clips: list[Path]
    _names: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def accounts(self, count: int = 1, proxy: str = "") -> list[str]:
        """New accounts, with a proxy each, or all with the one of that name."""
        names = [f"nord_{next(self._names):03d}" for _ in range(count)]
        made = [{"username": name, "password": "a long password"} for name in names]
        self.fleet.control("POST", "accounts", {"accounts": made})
        address = self.fleet.sandbox["proxy_url"].removeprefix("http://")
        ways = {name: f"{address}:via_{proxy or name}:any" for name in names}
        lines = ["username,password,proxy", *(f"{name},a long password,{way}" for name, way in ways.items())]
        (self.fleet.folder / "new.csv").write_text("\n".join(lines))
        self.fleet.cli("accounts", "import", "new.csv", "--authorised-by", "owner of all, in writing")
        return names

    def upload(self, names: list[str], videos: int = 1, **options: Any) -> str:
        """A started task: every video on every account."""
        return self.fleet.upload(names, self.clips[:videos], "{{username}} {{n}}", max_attempts=9, **options)

    def marks(self, worker: str) -> Path:
        """The folder in which its runs count which points they reached."""
        return self.fleet.folder / "marks" / worker

    @contextmanager
    def worker(self, name: str, fault: str = "", slots: int = 4, **settings: str) -> Iterator[psutil.Process]:
        """The product's worker with the lean client, in which faults may be planted. Ended with the block."""
        marks = self.marks(name)
        shutil.rmtree(marks, ignore_errors=True)
        planted = {"IGFLEET_TEST_FAULTS": str(marks), "IGFLEET_FAULT": fault} if fault else {}
        own = {
            "UI_API_BASE": self.fleet.ui,
            "WORKER_NAME": name,
            "UI_API_TOKEN": "shared-worker-token-1234567890",
            "EGRESS_PROXY": self.fleet.sandbox["proxy_url"],
            "EGRESS_CA_FILE": self.fleet.sandbox["ca_file"],
            "CONCURRENCY_LIMIT": str(slots),
            "BATCH_SIZE": str(slots),
            "DRAIN_TIMEOUT_SECS": "5",
            **planted,
            **settings,
        }
        parent = os.getpid() if "LD_PRELOAD" in settings else commands.parent()
        words = ("lean", "nothing", str(parent))
        process = self.fleet.start(name, *words, module="igfleet.chaos.worker", **own)
        try:
            yield psutil.Process(process.pid)
        finally:
            if process.poll() is None:
                process.terminate()
                with suppress(Exception):
                    process.wait(15)
            process.kill()
            process.wait()

    def wait(self, task: str, seconds: float = _PATIENCE_S) -> dict[str, Any]:
        """Until the task is over; the task."""
        self.until(lambda: self.rows("SELECT 1 FROM tasks WHERE id = %s AND finished_at IS NOT NULL", task), seconds)
        return self.fleet.shown(task)

    def until(self, done: Callable[[], object], seconds: float = _PATIENCE_S) -> None:
        self.fleet.until(done, seconds, self._picture)

    def _picture(self) -> str:
        """What the last task looks like, and what its posts went through, for who reads of a failure."""
        return json.dumps([self.rows(query) for query in (_TASKS, _MOVES)], default=str, indent=1)

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        return self.fleet.rows(query, *values)

    def moves(self, task: str) -> list[str]:
        """`was>became` of the task's posts, in order."""
        return [row["move"] for row in self.rows(_HISTORY, task)]

    def seconds_between(self, task: str, first: str, then: str) -> float:
        """From the first move that ends in `first` to the next that ends in `then`."""
        since = None
        for row in self.rows(_HISTORY, task):
            if since is not None and row["became"] == then:
                return float((row["at"] - since).total_seconds())
            if row["became"] == first and since is None:
                since = row["at"]
        raise AssertionError(f"no {first} before a {then}")

    def published(self, names: list[str]) -> list[dict[str, Any]]:
        """What the sandbox's ledger has of these accounts."""
        return [one for one in self.fleet.control("GET", "ledger")["media"] if one["account"] in names]

    def commits(self, names: list[str]) -> int:
        """How many publish requests reached the sandbox."""
        seen = self.fleet.control("GET", "journal")["requests"]
        return sum("configure_to_clips" in one["path"] and one["account"] in names for one in seen)

    def sign_ins(self) -> int:
        """How many sign-ins the sandbox has seen, of all accounts: the request is nobody's yet."""
        seen = self.fleet.control("GET", "journal")["requests"]
        return sum(one["path"].endswith("/accounts/login/") for one in seen)

    def check_once(self, names: list[str], videos: int = 1) -> None:
        """Every post of the accounts is there, exactly once, and nothing else broke a promise."""
        media = self.published(names)
        found = sorted((one["account"], one["sha256"]) for one in media)
        assert len(found) == len(set(found)) == len(names) * videos
        ledger = self.fleet.control("GET", "ledger")
        assert (ledger["duplicates"], ledger["overlaps"], ledger["leaks"]) == ([], [], {})


@contextmanager
def ground(folder: Path, database_url: str, lease_s: float = LEASE_S) -> Iterator[Ground]:
    settings = {"LEASE_LENGTH": f"{lease_s:g}", "COMMIT_WINDOW_SECS": "2", "RECONCILE_PAUSE_SECS": "0.3"}
    settings |= {"PUBLISH_BUDGET_PER_HOUR": "1000", "PUBLISH_BUDGET_PER_DAY": "1000", "LOG_LEVEL": "warning"}
    settings |= {"VERIFY_AFTER": "86400", "BREAKERS": "true"}
    clips = [clip(folder / f"clip_{number}.mp4", 3 + number / 10) for number in range(3)]
    with Fleet(folder / "fleet", database_url, settings=settings) as fleet:
        yield Ground(fleet, clips)


def shown(rows: list[dict[str, Any]]) -> str:
    return json.dumps(rows, default=str, indent=1)


assert sys.platform == "linux", "processes are stopped and looked into as Linux allows"
