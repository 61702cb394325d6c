"""A whole fleet on this machine: sandbox, ui and workers, each the real thing in its own process."""

import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx
import imageio_ffmpeg
import psutil
import psycopg
from psycopg.rows import dict_row

from tests.authorities import PUBLIC
from tests.e2e import commands

type Process = subprocess.Popen[bytes] | commands.Begun
TOKEN = "shared-worker-token-1234567890"
_START_S = 40
_STOP_S = 20
_STANDING = ("sandbox", "ui")
_TABLES = """
SELECT quote_ident(tablename) FROM pg_tables
WHERE schemaname = 'public' AND tablename <> 'alembic_version' AND tablename NOT LIKE 'procrastinate%'
"""


@dataclass
class Fleet:
    """`with Fleet(folder, database_url) as fleet: …`. Every process it starts is gone when the block ends."""

    folder: Path
    database_url: str
    settings: dict[str, str] = field(default_factory=dict)
    processes: dict[str, Process] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)
    sandbox: dict[str, str] = field(default_factory=dict)
    ui: str = ""
    _connection: psycopg.Connection[dict[str, Any]] | None = None
    is_quick: bool = True
    """Processes are forked from one that has imported everything; else each is a Python of its own."""

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.start(
            "sandbox",
            "sandbox",
            "--port",
            "0",
            "--control-port",
            "0",
            "--json",
            "--folder",
            str(self.folder / "sandbox"),
        )
        self.start("ui", "serve", "--role", "ui", "--port", "0")
        self.sandbox = self._until("sandbox", lambda text: json.loads(text[text.index("{") : text.index("}") + 1]))
        self.ui = self._until("ui", lambda text: text.split("igfleet is at ", 1)[1].split()[0])
        return self

    def __exit__(self, *_: object) -> None:
        self._stop(self.processes)
        if self._connection is not None:
            self._connection.close()

    def clear(self) -> None:
        """As it was when it started: no worker, no account, no task, nothing published."""
        workers = {name: process for name, process in self.processes.items() if name not in _STANDING}
        self._stop(workers)
        for name in workers:
            del self.processes[name]
            (self.folder / f"{name}.log").unlink()
        shutil.rmtree(self.folder / "data" / "worker", ignore_errors=True)
        self.control("POST", "reset")
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            tables = ", ".join(row[0] for row in connection.execute(_TABLES).fetchall())
            for patience in range(9, -1, -1):
                try:
                    connection.execute("SET session_replication_role = replica")  # the audit refuses to be emptied
                    connection.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
                    break
                except psycopg.errors.DeadlockDetected:  # the ui was at work on them
                    assert patience

    def _stop(self, processes: Mapping[str, Process]) -> None:
        for process in reversed(list(processes.values())):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for name, process in processes.items():
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise AssertionError(f"{name} did not stop:\n{self.log(name)[-3000:]}") from None

    def start(
        self, name: str, *arguments: str, before: Sequence[str] = (), module: str = "igfleet", **settings: str
    ) -> Process:
        """A process of the command line, or of another module of ours; its output goes to `<name>.log`.

        `before` is a command that it is run by.
        """
        if self.is_quick and not before and "LD_PRELOAD" not in settings:
            words = (module, arguments, self.environment(**settings), self.folder, self.folder / f"{name}.log")
            self.processes[name] = commands.begin(*words)
            return self.processes[name]
        with open(self.folder / f"{name}.log", "ab") as log:
            process = subprocess.Popen(
                [*before, sys.executable, "-m", module, *arguments],
                env=self.environment(**settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.folder,
            )
        self.processes[name] = process
        return process

    def worker(self, name: str, before: Sequence[str] = (), **settings: str) -> Process:
        own = {
            "UI_API_BASE": self.ui,
            "UI_API_TOKEN": TOKEN,
            "WORKER_NAME": name,
            "EGRESS_PROXY": self.sandbox["proxy_url"],
            "EGRESS_CA_FILE": self.sandbox["ca_file"],
            "MAILBOX_SERVERS": f"*={self.sandbox['mail_address']}/plain",
            "CONCURRENCY_LIMIT": "4",
            "BATCH_SIZE": "4",
            "DRAIN_TIMEOUT_SECS": "10",
        }
        return self.start(name, "serve", "--role", "worker", "--port", "0", before=before, **(own | settings))

    def address_of(self, worker: str) -> str:
        """Where the worker's own API is."""
        return str(self._until(worker, lambda text: text.split("the worker is at ", 1)[1].split()[0]))

    def environment(self, **settings: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("IGFLEET_", "PG"))}
        return {
            **kept,
            "DATABASE_URL": self.database_url,
            "IGFLEET_DATA_DIR": str(self.folder / "data"),
            "WORKER_API_TOKEN": TOKEN,
            "LEASE_LENGTH": "4",
            "HEARTBEAT_INTERVAL_SECS": "1",
            "RECONCILE_PAUSE_SECS": "0.5",
            "COMMIT_WINDOW_SECS": "3",
            "BROWSER_COMMIT_WINDOW_SECS": "20",
            "VERIFY_AFTER": "86400",
            "BREAKERS": "false",  # more goes wrong here in a minute than in a fleet in a day
            **self.settings,
            **settings,
        }

    def restart_ui(self) -> None:
        """-9, and a new one at the same address."""
        self.processes["ui"].kill()
        self.processes["ui"].wait()
        (self.folder / "ui.log").rename(self.folder / "ui-before.log")
        self.start("ui", "serve", "--role", "ui", "--port", self.ui.rpartition(":")[2])
        self._until("ui", lambda text: text.split("igfleet is at ", 1)[1].split()[0])

    def cli(self, *arguments: str, code: int = 0) -> str:
        """Run a command to its end; its output."""
        ended, told, wrong = commands.run(arguments, self.environment(), self.folder)
        assert ended == code, f"{arguments} ended with {ended}:\n{told}\n{wrong}"
        return told

    def accounts(self, count: int, mailboxes: bool = True, dolphin: bool = False, **more: Any) -> list[str]:
        """So many accounts, in the sandbox and in the fleet, each with a proxy and a mailbox of its own.

        `mailboxes` says whether the fleet knows the mailboxes' passwords; `dolphin`: each has a profile there.
        """
        names = [f"nord_{number:02d}" for number in range(1, count + 1)]
        made = [
            {
                "username": name,
                "password": f"canary-pw-{name}",
                "email": f"{name}@example.com",
                "email_password": f"canary-mail-{name}",
                "phone": "+49 170 0000009",
                **more,
            }
            for name in names
        ]
        self.control("POST", "accounts", {"accounts": made})
        address = self.sandbox["proxy_url"].removeprefix("http://")
        lines = ["username,password,proxy,totp_secret,email,email_password,dolphin_profile_id"]
        for name in names:
            secret = more.get("totp_secret") or ""
            mailbox = f"{name}@example.com,canary-mail-{name}" if mailboxes else ","
            profile = f"profile-{name}" if dolphin else ""
            proxy = f"http://via_{name}:canary-proxy-{name}@{address}"
            lines.append(f"{name},canary-pw-{name},{proxy},{secret},{mailbox},{profile}")
        (self.folder / "accounts.csv").write_text("\n".join(lines))
        self.cli("accounts", "import", "accounts.csv", "--authorised-by", "owner of all, in writing")
        return names

    def upload(self, accounts: list[str], clips: list[Path], caption: str, **options: Any) -> str:
        """Create and start a bulk upload; the task's id."""
        (self.folder / "captions.txt").write_text(caption)
        chosen = {"distribution": "every_video_to_every_account", "delay_min_s": 0, "delay_max_s": 0.1, **options}
        made = self.cli(
            "tasks", "create", "--kind", "bulk_upload", "--accounts", ",".join(accounts),
            *(word for clip in clips for word in ("--media", str(clip))),
            "--captions", "captions.txt", "--options", json.dumps(chosen), "--start", "--json",
        )  # fmt: skip
        return str(json.loads(made)["id"])

    def order(self, kind: str, accounts: list[str], **options: Any) -> str:
        """Create and start a task of a kind that needs no files; its id."""
        chosen = {"delay_min_s": 0, "delay_max_s": 0.1, **options}
        made = self.cli(
            "tasks", "create", "--kind", kind, "--accounts", ",".join(accounts),
            "--options", json.dumps(chosen), "--start", "--json",
        )  # fmt: skip
        return str(json.loads(made)["id"])

    def done(self, kind: str, accounts: list[str], **options: Any) -> dict[str, Any]:
        """The same, run to its end."""
        task = self.order(kind, accounts, **options)
        self.cli("tasks", "wait", task, "--timeout", "150")
        return self.shown(task)

    def shown(self, task: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.cli("tasks", "show", task, "--json"))
        return found

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the sandbox's control API."""
        answer = _caller().request(method, f"{self.sandbox['control_url']}/v1/{path}", json=body)
        answer.raise_for_status()
        return answer.json()

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def until(
        self, done: Callable[[], object], seconds: float = 60, tell: Callable[[], str] = lambda: "no more is known"
    ) -> None:
        """Wait for a condition, for the most part asleep: what is waited for needs the machine. `tell` says more when
        it does not come.
        """
        end = time.monotonic() + seconds
        while True:
            began = time.monotonic()
            if done():
                return
            assert began < end, f"it did not happen in {seconds:g} s\n{tell()}"
            time.sleep(max(0.1, 2 * (time.monotonic() - began)))

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """What a query finds, from behind the curtain."""
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self.database_url, row_factory=dict_row, autocommit=True)
        return self._connection.execute(query, values or None).fetchall()

    def runs_of(self, worker: str) -> list[psutil.Process]:
        """The processes of a worker that run leases."""
        process = psutil.Process(self.processes[worker].pid)
        return [child for child in process.children(recursive=True) if len(child.parents()) > 0]

    def _until(self, name: str, read: Any) -> Any:
        end = time.monotonic() + _START_S
        while time.monotonic() < end:
            assert self.processes[name].poll() is None, self.log(name)
            try:
                return read(self.log(name))
            except (ValueError, IndexError):
                time.sleep(0.05)
        raise AssertionError(f"{name} did not start:\n{self.log(name)}")


@functools.cache
def _caller() -> httpx.Client:
    """One for all calls: making a client takes longer than calling. Each call has a connection of its own."""
    return httpx.Client(trust_env=False, verify=PUBLIC, timeout=10, limits=httpx.Limits(max_keepalive_connections=0))


def clip(path: Path, seconds: float) -> Path:
    """A real video with sound, 270 × 480. Of one length there is one video, made once in a process."""
    path.write_bytes(_clip_of(seconds))
    return path


@functools.cache
def _clip_of(seconds: float) -> bytes:
    source = ["-f", "lavfi", "-i", f"testsrc=size=270x480:rate=24:duration={seconds}"]
    sound = ["-f", "lavfi", "-i", f"sine=frequency=330:duration={seconds}"]
    form = ["-pix_fmt", "yuv420p", "-preset", "ultrafast", "-shortest"]
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "clip.mp4"
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", *source, *sound, *form, str(made)]
        subprocess.run(command, check=True, timeout=60)
        return made.read_bytes()
