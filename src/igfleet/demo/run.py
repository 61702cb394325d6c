"""Starts sandbox, database, ui and two workers, prints where to look, and ends them all in order."""

import asyncio
import fcntl
import importlib
import json
import os
import secrets
import socket
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import anyio.to_thread

from igfleet import log, processes
from igfleet.demo.clips import make_clips
from igfleet.demo.pictures import make_pictures
from igfleet.embedded import EmbeddedPostgres
from igfleet.errors import SetupError
from igfleet.media.ffmpeg import locate_ffmpeg
from igfleet.settings import UiSettings, load

_PORT = 8000
_WORKERS = ("worker-1", "worker-2")
_SLOTS = 2
_LINK_LENGTH = timedelta(hours=12)
_SANDBOX_START_S = 60
_WORKER_END_S, _SANDBOX_END_S = 20, 10
_QUIET = {"LOG_LEVEL": "warning"}


class Files(NamedTuple):
    """What the library of the demo is filled with."""

    clips: list[Path]
    pictures: list[Path]


def run(port: int | None) -> None:
    """Run until Ctrl-C. What was done is kept for the next start. Raises `SetupError`."""
    folder = load(UiSettings).data_dir / "demo"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    log.set_up("text", "warning")
    with _only_one(folder):
        print("Starting the database, the simulated Instagram and two workers on this machine …", flush=True)
        asyncio.run(_run(folder, _free_port(port)))
    print("Everything is stopped. The next start goes on from here.", flush=True)


async def _run(folder: Path, port: int) -> None:
    environment = _environment(folder)
    async with AsyncExitStack() as stack:
        asked = processes.asked_to_stop()
        files = asyncio.create_task(anyio.to_thread.run_sync(_files, folder))
        sandbox, (url, _) = await asyncio.gather(
            stack.enter_async_context(_sandbox(folder, environment)),
            stack.enter_async_context(_database(folder)),
        )
        if not asked.is_set():
            await _serve(folder, url, sandbox, port, environment, await files, asked)


def _files(folder: Path) -> Files:
    """The example files; those that are there already are kept."""
    ffmpeg = locate_ffmpeg()
    return Files(make_clips(ffmpeg, folder / "clips"), make_pictures(ffmpeg, folder / "pictures"))


async def _serve(
    folder: Path,
    url: str,
    sandbox: dict[str, str],
    port: int,
    environment: dict[str, str],
    files: Files,
    asked: asyncio.Event,
) -> None:
    from igfleet.ui.app import serve

    settings = _ui_settings(folder, sandbox, environment)
    link = await _prepared(settings, url, sandbox, files)
    stop, address = asyncio.Event(), asyncio.get_running_loop().create_future()
    ui = asyncio.create_task(serve(settings, url, "127.0.0.1", port, address.set_result, stop))
    await asyncio.wait([ui, address], return_when=asyncio.FIRST_COMPLETED)
    if not address.done():
        await ui
        return
    asked_again = processes.asked_to_stop()  # the server took the signals over
    workers = [await _worker(name, folder, sandbox, address.result(), environment) for name in _WORKERS]
    print(_welcome(address.result(), link, folder), flush=True)
    gone = [asyncio.create_task(worker.wait()) for worker in workers]
    stops = [asyncio.create_task(event.wait()) for event in (asked, asked_again)]
    await asyncio.wait([ui, *gone, *stops], return_when=asyncio.FIRST_COMPLETED)
    print("Stopping …", flush=True)
    await asyncio.gather(*(processes.end(worker, _WORKER_END_S) for worker in workers))
    stop.set()
    await ui
    for waiting in stops:
        waiting.cancel()


async def _prepared(settings: UiSettings, url: str, sandbox: dict[str, str], files: Files) -> str:
    """Examples in place, and a one-time link into the dashboard."""
    from igfleet.demo.seed import follow_sandbox, is_seeded, seed
    from igfleet.ui import invitations
    from igfleet.ui.context import opened

    async with opened(settings, url) as ui:
        await follow_sandbox(ui, int(sandbox["proxy_url"].rpartition(":")[2]))
        if not await is_seeded(ui):
            await seed(ui, sandbox, files.clips, files.pictures)
        async with ui.database.sessions.begin() as session:
            return await invitations.invite(session, invitations.DEMO, _LINK_LENGTH)


def _ui_settings(folder: Path, sandbox: dict[str, str], environment: dict[str, str]) -> UiSettings:
    return load(
        UiSettings,
        IGFLEET_DATA_DIR=folder,
        IGFLEET_MODE="sandbox",
        DATABASE_URL="",
        MASTER_KEY=None,
        SECRET_KEY=None,
        WORKER_API_TOKEN=environment["WORKER_API_TOKEN"],
        WORKER_POOL="",
        ALLOWED_HOSTS="",
        SANDBOX_URL=sandbox["control_url"],
        COMMIT_WINDOW_SECS=8,  # whoever looks on sees a doubt settled within half a minute
        RECONCILE_PAUSE_SECS=4,
    )


def _environment(folder: Path) -> dict[str, str]:
    """What the processes of the demo have in common, whatever the user's own settings say."""
    token = secrets.token_urlsafe(32)
    return {
        "IGFLEET_DATA_DIR": str(folder),
        "IGFLEET_MODE": "sandbox",
        "WORKER_API_TOKEN": token,
        "UI_API_TOKEN": token,
        **_QUIET,
    }


@asynccontextmanager
async def _sandbox(folder: Path, environment: dict[str, str]) -> AsyncIterator[dict[str, str]]:
    """The simulated Instagram; its addresses."""
    words = ("sandbox", "--port", "0", "--control-port", "0", "--json", "--folder", str(folder / "sandbox"))
    process = await processes.start(*words, environment=environment, stdout=PIPE)
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), _SANDBOX_START_S)
        if not line:
            raise SetupError("The sandbox did not start; the reason stands above.")
        yield json.loads(line)
    finally:
        await processes.end(process, _SANDBOX_END_S)


@asynccontextmanager
async def _database(folder: Path) -> AsyncIterator[tuple[str, EmbeddedPostgres]]:
    """The embedded PostgreSQL with all tables; its address."""
    server = EmbeddedPostgres(folder)

    def start() -> str:
        with ThreadPoolExecutor(1) as beside:
            started = beside.submit(server.start)
            importlib.import_module("igfleet.ui.app")  # the slowest import, while the other processes start
            started.result()
        from igfleet.ui import migrating

        url = server.dsn()
        migrating.upgrade(url)
        return url

    try:
        yield await anyio.to_thread.run_sync(start), server
    finally:
        await anyio.to_thread.run_sync(server.stop)


async def _worker(name: str, folder: Path, sandbox: dict[str, str], ui: str, environment: dict[str, str]) -> Process:
    own = {
        "IGFLEET_DATA_DIR": str(folder / name),
        "UI_API_BASE": ui,
        "WORKER_NAME": name,
        "WORKER_LABELS": "",
        "EGRESS_PROXY": "",
        "EGRESS_CA_FILE": sandbox["ca_file"],
        "CONCURRENCY_LIMIT": str(_SLOTS),
        "BATCH_SIZE": str(_SLOTS),
    }
    return await processes.start(
        "serve", "--role", "worker", "--port", "0", environment={**environment, **own}, stdout=DEVNULL
    )


def _welcome(address: str, link: str, folder: Path) -> str:
    return (
        "\nReady: 50 invented accounts, six clips, two workers, and a task of each kind to start.\n"
        "Nothing is sent to Instagram.\n\n"
        f"  Open  {address}/signin?token={link}\n\n"
        f"Ctrl-C stops everything. What you do is kept in {folder}\n"
    )


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    with open(os.open(folder / "demo.lock", os.O_RDWR | os.O_CREAT, 0o600), "r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SetupError("The demo runs already on this machine. Stop it there with Ctrl-C first.") from None
        yield


def _free_port(wanted: int | None) -> int:
    """The asked port; by default 8000, or any free one when that is taken."""
    if wanted is not None:
        return wanted
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", _PORT))
        except OSError:
            return 0
    return _PORT
