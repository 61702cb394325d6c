"""The worker role: its API, its pull loop, one process."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import certifi
import uvicorn

from igfleet import log
from igfleet.errors import SetupError
from igfleet.settings import WorkerSettings
from igfleet.worker.api import create_app
from igfleet.worker.downloads import Downloads
from igfleet.worker.jobs import Jobs
from igfleet.worker.kinds import Kind, kinds
from igfleet.worker.pull import Pull
from igfleet.worker.supervisor import Bench, forkserver
from igfleet.worker.ui_client import UiClient

_log = log.get(__name__)


class _Server(uvicorn.Server):
    """uvicorn whose signals drain the pull loop; it ends when the loop has ended."""

    def __init__(self, config: uvicorn.Config, on_signal: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_signal = on_signal

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._on_signal()


async def serve(
    settings: WorkerSettings,
    host: str,
    port: int,
    announce: Callable[[str], None] | None = None,
    served: dict[str, Kind] | None = None,
) -> None:
    """Work until a signal. Raises `SetupError` when the address is taken or a setting is wrong."""
    served = served if served is not None else kinds()
    name = settings.name or socket.gethostname()
    folder = settings.data_dir / "worker" / _as_folder(name)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    listener = _listen(host, port)
    address = "http://{}:{}".format(*listener.getsockname()[:2])
    async with UiClient(settings) as ui:
        downloads = Downloads(ui.http, settings.media_dir or folder / "media", settings.media_cache_bytes)
        bench = Bench(settings, ui, downloads, forkserver(), folder, _ca_file(settings, folder), served)
        pull = Pull(bench, name, address, Jobs(folder / "jobs.json"))
        token = settings.worker_api_token or settings.ui_api_token
        app = create_app(pull, served, settings.slots, token.get_secret_value())
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", server_header=False)
        server = _Server(config, pull.stop)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        if announce is not None:
            announce(address)
        try:
            await pull.run()
        finally:
            server.should_exit = True
            await serving
            listener.close()
            _stop_forkserver()
    _log.info("worker_stopped", worker=name)


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise SetupError(f"Cannot listen on {host}:{port}: {error.strerror}. Choose another --port.") from error
    return listener


def _ca_file(settings: WorkerSettings, folder: Path) -> Path | None:
    """The public CAs and the added one in one file. Raises `SetupError`."""
    if settings.egress_ca_file is None:
        return None
    try:
        added = settings.egress_ca_file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"EGRESS_CA_FILE: cannot read {settings.egress_ca_file}: {error}") from error
    bundle = folder / "ca.pem"
    bundle.write_text(Path(certifi.where()).read_text(encoding="utf-8") + "\n" + added, encoding="utf-8")
    return bundle


def _as_folder(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in name)[:100] or "worker"


def _stop_forkserver() -> None:
    """The forkserver ends with its pipe; end it now so that nothing is left when this call returns."""
    from multiprocessing import forkserver as server

    pid = getattr(server._forkserver, "_forkserver_pid", None)  # noqa: SLF001  # there is no public way
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
