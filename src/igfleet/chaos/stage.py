"""The processes of a campaign: database, sandbox, ui and workers, each the real thing, each able to die."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import anyio.to_thread
import httpx
import psutil

from igfleet import processes
from igfleet.chaos.line import Line
from igfleet.chaos.order import Order
from igfleet.chaos.view import View
from igfleet.embedded import EmbeddedPostgres
from igfleet.errors import SetupError

_START_S, _END_S = 60, 20
_LOOK_S = 0.1
_DYING = "SELECT lease_id FROM account_tasks WHERE state = 'running' AND deaths >= 2"
_UNDER_WAY = """
SELECT o.username, p.caption FROM posts p JOIN accounts o ON o.id = p.account_id
WHERE p.state IN ('preparing', 'publishing', 'unknown', 'reconciling') ORDER BY p.id
"""


@dataclass
class Stage:
    """Everything that runs. Its verbs end and begin processes; what they held is lost with them."""

    order: Order
    folder: Path
    environment: dict[str, str]
    database: EmbeddedPostgres
    url: str
    sandbox: dict[str, str]
    ui_port: int
    view: View
    ui: Process | None = None
    lines: list[Line] = field(default_factory=list)
    workers: dict[int, Process] = field(default_factory=dict)

    async def start_ui(self) -> None:
        """Returns when it answers."""
        words = ("igfleet", "serve", "--role", "ui", "--port", str(self.ui_port), "--parent", str(os.getpid()))
        self.ui = await self._started("ui", words, {"DATABASE_URL": self.url})
        await self._until_ui_answers()

    async def start_worker(self, number: int) -> None:
        """The worker of this number, on its own line to the ui."""
        own = {
            "UI_API_BASE": f"http://127.0.0.1:{self.lines[number].port}",
            "WORKER_NAME": f"worker-{number}",
            "EGRESS_CA_FILE": self.sandbox["ca_file"],
            "EGRESS_PROXY": self.sandbox["proxy_url"],
            "CONCURRENCY_LIMIT": str(self.order.slots),
            "BATCH_SIZE": str(self.order.slots),
            "REQUEST_TIMEOUT_SECS": "10",
            "DRAIN_TIMEOUT_SECS": "5",
        }
        words = (self.order.client.value, self.order.without.value, str(os.getpid()))
        self.workers[number] = await self._started(f"worker-{number}", ("igfleet.chaos.worker", *words), own)

    def family(self, number: int) -> list[psutil.Process]:
        """A worker's process and all below it."""
        try:
            root = psutil.Process(self.workers[number].pid)
            return [root, *root.children(recursive=True)]
        except psutil.Error:
            return []

    def runners(self, number: int) -> list[psutil.Process]:
        """The processes that run leases: each leads a session of its own."""
        found = []
        for process in self.family(number)[1:]:
            with contextlib.suppress(psutil.Error, OSError):
                if os.getsid(process.pid) == process.pid:
                    found.append(process)
        return found

    def leases(self, runners: Sequence[psutil.Process]) -> tuple[str, ...]:
        """The leases that these processes run: each holds the journal of its own open."""
        found = []
        for runner in runners:
            with contextlib.suppress(psutil.Error):
                found += [Path(one.path).stem for one in runner.open_files() if one.path.endswith(".jsonl")]
        return tuple(found)

    async def not_dying(self, runners: Sequence[psutil.Process]) -> list[psutil.Process]:
        """Those whose account task has not died twice already; all while the database is away."""
        rows = await self.view.rows(_DYING) or ()
        dying = {str(row["lease_id"]) for row in rows}
        return [one for one in runners if not dying.intersection(self.leases([one]))] if dying else list(runners)

    async def kill_ui(self) -> None:
        """-9, and a new one on the same port."""
        assert self.ui is not None
        self.ui.kill()
        await self.ui.wait()
        await self.start_ui()

    async def crash_database(self) -> None:
        """An immediate shutdown: no check point, connections break. Then it recovers."""
        pid = self.database.pid
        assert pid is not None
        os.kill(pid, signal.SIGQUIT)
        await anyio.to_thread.run_sync(self._recovered, psutil.Process(pid))

    async def kill_worker(self, number: int) -> None:
        """-9 for the supervisor; what it started ends by itself."""
        self.workers[number].kill()
        await self.workers[number].wait()
        await self.start_worker(number)

    async def tell_sandbox(self, call: str, **body: Any) -> None:
        async with httpx.AsyncClient(base_url=f"{self.sandbox['control_url']}/v1/", trust_env=False) as client:
            (await client.post(call, json=body, timeout=30)).raise_for_status()

    async def ask_sandbox(self, call: str) -> Any:
        async with httpx.AsyncClient(base_url=f"{self.sandbox['control_url']}/v1/", trust_env=False) as client:
            return (await client.get(call, timeout=120)).raise_for_status().json()

    async def under_way(self) -> list[tuple[str, str]]:
        """User name and caption of each post that is being published or in doubt; none while the database is away."""
        return [(row["username"], row["caption"]) for row in await self.view.rows(_UNDER_WAY) or ()]

    async def _started(self, name: str, words: Sequence[str], own: dict[str, str]) -> Process:
        """A module of ours as a process, its output in `<name>.log`."""
        with _log(self.folder / f"{name}.log") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", *words),
                env=self.environment | own,
                stdin=DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _recovered(self, server: psutil.Process) -> None:
        with contextlib.suppress(psutil.Error):
            server.wait(_END_S)
        self.database.start()

    async def _until_ui_answers(self) -> None:
        assert self.ui is not None
        async with asyncio.timeout(_START_S), httpx.AsyncClient(trust_env=False) as client:
            while True:
                if self.ui.returncode is not None:
                    raise SetupError(f"The ui ended with code {self.ui.returncode}. See {self.folder / 'ui.log'}")
                with contextlib.suppress(httpx.HTTPError):
                    if (await client.get(f"http://127.0.0.1:{self.ui_port}/health/live")).is_success:
                        return
                await asyncio.sleep(_LOOK_S)


@contextlib.asynccontextmanager
async def set_up(order: Order, folder: Path) -> AsyncIterator[Stage]:
    """Database and sandbox run within the block; ui and workers are started by the stage's verbs."""
    environment = _environment(order, folder)
    database = EmbeddedPostgres(folder)
    async with contextlib.AsyncExitStack() as stack:
        await anyio.to_thread.run_sync(database.start)
        stack.push_async_callback(anyio.to_thread.run_sync, database.stop)
        sandbox = await stack.enter_async_context(_sandbox(folder, environment))
        url = _migrated(database)
        view = View(url)
        stack.push_async_callback(view.close)
        stage = Stage(order, folder, environment, database, url, sandbox, _free_port(), view)
        for _ in range(order.workers):
            stage.lines.append(await stack.enter_async_context(Line("127.0.0.1", stage.ui_port)))
        stack.push_async_callback(_end_all, stage)
        yield stage


def _environment(order: Order, folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("IGFLEET_", "PG"))}
    token = os.urandom(16).hex()
    return {
        **{name: value for name, value in kept.items() if name not in ("DATABASE_URL", "MASTER_KEY", "SECRET_KEY")},
        "IGFLEET_DATA_DIR": str(folder),
        "IGFLEET_MODE": "sandbox",
        "WORKER_API_TOKEN": token,
        "UI_API_TOKEN": token,
        "LEASE_LENGTH": f"{order.lease_s:g}",
        "HEARTBEAT_INTERVAL_SECS": "5",  # leases are renewed by themselves, more often
        "COMMIT_WINDOW_SECS": "2",
        "RECONCILE_PAUSE_SECS": "0.3",
        "PUBLISH_BUDGET_PER_HOUR": "100000",
        "PUBLISH_BUDGET_PER_DAY": "100000",
        "ACTION_BUDGETS": "login=100000/100000",
        "VERIFY_AFTER": "",
        "BREAKERS": "false",  # what a campaign breaks on purpose is not to rest
        "LOG_LEVEL": "warning",
        **_lingering(order, folder),
    }


def _lingering(order: Order, folder: Path) -> dict[str, str]:
    if not order.linger_s:
        return {}
    planted = (f"checked:{nth}:delay={order.linger_s:g}" for nth in range(1, 2 * order.posts))
    return {"IGFLEET_TEST_FAULTS": str(folder / "marks"), "IGFLEET_FAULT": ",".join(planted)}


@contextlib.asynccontextmanager
async def _sandbox(folder: Path, environment: dict[str, str]) -> AsyncIterator[dict[str, str]]:
    words = ("sandbox", "--port", "0", "--control-port", "0", "--json", "--folder", str(folder / "sandbox"))
    process = await processes.start(*words, environment=environment, stdout=PIPE)
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), _START_S)
        if not line:
            raise SetupError("The sandbox did not start; the reason stands above.")
        yield json.loads(line)
    finally:
        await processes.end(process, _END_S)


def _migrated(database: EmbeddedPostgres) -> str:
    from igfleet.ui import migrating

    url = database.dsn()
    migrating.upgrade(url)
    return url


async def _end_all(stage: Stage) -> None:
    for number in stage.workers:
        for process in stage.family(number):
            with contextlib.suppress(psutil.Error):
                process.resume()
    await asyncio.gather(*(processes.end(worker, _END_S) for worker in stage.workers.values()))
    if stage.ui is not None:
        await processes.end(stage.ui, _END_S)


def _log(path: Path) -> IO[bytes]:
    return open(path, "ab")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
