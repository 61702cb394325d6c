"""The worker role: its API, its pull loop, one process."""

import asyncio
import contextlib
import fcntl
import os
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from types import FrameType

import certifi
import uvicorn

from igfleet import log
from igfleet.browser import locate_browser
from igfleet.contracts.tasks import Method
from igfleet.errors import SetupError
from igfleet.settings import WorkerSettings
from igfleet.worker import countries
from igfleet.worker.api import create_app
from igfleet.worker.child import PRELOAD, processes
from igfleet.worker.downloads import Downloads
from igfleet.worker.egress import Gate
from igfleet.worker.jobs import Jobs
from igfleet.worker.kinds import ADAPTERS, Kind, kinds
from igfleet.worker.pull import Pull
from igfleet.worker.supervisor import Bench
from igfleet.worker.ui_client import UiClient

_log = log.get(__name__)
_GRACE_S = 3
_NO_TOKEN = "UI_API_TOKEN: is not set. Make one on the ui's page Workers, or there with: igfleet workers token NAME"
_SHELF_LIFE_S = 7 * 86400


class _Server(uvicorn.Server):
    """uvicorn whose signals drain the pull loop; it ends when the loop has ended."""

    def __init__(self, config: uvicorn.Config, on_signal: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_signal = on_signal
        self._loop = asyncio.get_running_loop()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._loop.call_soon_threadsafe(self._on_signal)


async def serve(
    settings: WorkerSettings,
    host: str,
    port: int,
    announce: Callable[[str], None] | None = None,
    *,
    served: dict[str, Kind] | None = None,
    adapters: Mapping[Method, str] = ADAPTERS,
    gate: type[Gate] = Gate,
    preload: Sequence[str] = PRELOAD,
) -> None:
    """Work until a signal: the first drains, a second hurries.

    Raises `SetupError` when the address is taken, a setting is wrong, or the worker runs already.
    """
    if settings.ffmpeg:
        os.environ["IGFLEET_FFMPEG"] = settings.ffmpeg  # runs see the environment, not a file of settings
    if not settings.ui_api_token.get_secret_value():
        raise SetupError(_NO_TOKEN)
    browser = locate_browser(settings.chromium)
    served = served if served is not None else kinds(methods=_usable(adapters, settings, browser))
    countries.check(settings.geoip_file)
    name = settings.name or socket.gethostname()
    folder = settings.data_dir / "worker" / _as_folder(name)
    os.environ.setdefault("NODE_COMPILE_CACHE", str(folder.absolute() / "node"))  # Playwright's driver starts sooner
    listener = _listen(host, port)
    with listener, _only_one(folder, name):
        for left in ("runs", "accounts"):  # of a worker that was killed; where browsers' profiles were kept before
            shutil.rmtree(folder / left, ignore_errors=True)
        _clear_shelf(folder / "shelf")
        async with UiClient(settings) as ui:
            downloads = Downloads(ui.http, settings.media_dir or folder / "media", settings.media_cache_bytes)
            ca_file = _ca_file(settings, folder)
            tools = processes(preload), folder, ca_file, served, adapters, gate, browser
            bench = Bench(settings, ui, downloads, *tools)
            address = _address(listener)
            pull = Pull(bench, name, address, Jobs(folder / "jobs.json"))
            try:
                await _serve(pull, listener, settings, announce, address)
            finally:
                _stop_forkserver()
    _log.info("worker_stopped", worker=name)


async def _serve(
    pull: Pull,
    listener: socket.socket,
    settings: WorkerSettings,
    announce: Callable[[str], None] | None,
    address: str,
) -> None:
    token = settings.worker_api_token or settings.ui_api_token
    log.redactor.learn(token.get_secret_value(), settings.ui_api_token.get_secret_value())
    app = create_app(pull, settings, token.get_secret_value())
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="on", server_header=False, timeout_graceful_shutdown=_GRACE_S
    )
    server = _Server(config, pull.stop)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    if announce is not None:
        announce(address)
    try:
        await pull.run()
    finally:
        server.should_exit = True
        await serving


def _clear_shelf(shelf: Path) -> None:
    """Remove what was not made lately; runs of a worker that was killed may still be reading the rest."""
    limit = time.time() - _SHELF_LIFE_S
    for path in [*shelf.glob("*.jpg"), *shelf.glob("*.grey")]:
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < limit:
                path.unlink()


def _usable(adapters: Mapping[Method, str], settings: WorkerSettings, browser: Path | None) -> Mapping[Method, str]:
    """Without a browser, nothing that needs one: another worker may have it. Dolphin Anty brings its own."""
    missing = set()
    if browser is None:
        _log.warning("no_browser", advice="The method playwright is not served here; see igfleet doctor")
        missing.add(Method.PLAYWRIGHT)
    if settings.dolphin_api_host is None:
        missing.add(Method.DOLPHIN)
    return {method: path for method, path in adapters.items() if method not in missing}


@contextlib.contextmanager
def _only_one(folder: Path, name: str) -> Iterator[None]:
    """Two workers of one name would read each other's journals. Raises `SetupError`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SetupError(f"A worker named {name} runs already in {folder}. Choose another WORKER_NAME.") from None
        yield


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, or asyncio leaves Nagle on
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()  # whoever reads the address may call at once
    except OSError as error:
        listener.close()
        raise SetupError(f"Cannot listen on {host}:{port}: {error.strerror}. Choose another --port.") from error
    return listener


def _address(listener: socket.socket) -> str:
    """How the ui reaches this worker."""
    host, port = listener.getsockname()[:2]
    if ip_address(host).is_unspecified:
        host = socket.gethostname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _ca_file(settings: WorkerSettings, folder: Path) -> Path | None:
    """The public CAs and the added one in one file; None: the public ones alone. Raises `SetupError`."""
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
