"""The ui as one application: pages, API, static files, background work; and its server."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import FrameType
from typing import Any

import uvicorn
from litestar import Litestar, Request, Router
from litestar.config.allowed_hosts import AllowedHostsConfig
from litestar.di import NamedDependency, Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.plugins.pydantic import PydanticPlugin
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet import __version__, log, metrics
from igfleet.errors import SetupError
from igfleet.settings import UiSettings
from igfleet.ui import api, pages, static_files, templating
from igfleet.ui.api.description import Described
from igfleet.ui.context import UiContext, opened
from igfleet.ui.jobs.engine import Jobs
from igfleet.ui.models import Role
from igfleet.ui.patience import Patient
from igfleet.ui.scope.scope import EVERYTHING, confine
from igfleet.ui.sealing.ring import kept_key
from igfleet.ui.security.forms import FormTokens
from igfleet.ui.security.gate import dashboard_gate
from igfleet.ui.security.headers import secure
from igfleet.ui.security.sound import SoundRequest, only_sound
from igfleet.ui.security.strict import StrictBodies

_log = log.get(__name__)
_BODY_MAX_BYTES = 8 * 1024**2
_GRACE_S = 30
_KEEP_ALIVE_S = 75


def create_app(settings: UiSettings, database_url: str) -> Litestar:
    """The application. Its database is migrated already."""

    @asynccontextmanager
    async def running(app: Litestar) -> AsyncIterator[None]:
        async with opened(settings, database_url) as ui:
            jobs = Jobs(ui)
            app.state.ui, app.state.jobs = ui, jobs
            app.state.form_tokens = FormTokens(_form_key(settings))
            await ui.bus.start()
            try:
                async with jobs.running(), ui.book.followed(ui.database, ui.bus):
                    yield
            finally:
                await ui.bus.stop()

    return Litestar(
        route_handlers=[*api.ROUTES, *pages.ROUTES, static_files.ROUTER],
        lifespan=[running],
        guards=[only_sound],
        middleware=metrics.requests("ui", settings.metrics_token),
        request_class=SoundRequest,
        dependencies={
            "ui": Provide(provide_ui),
            "jobs": Provide(provide_jobs),
            "session": Provide(provide_session),
        },
        exception_handlers=pages.EXCEPTION_HANDLERS,
        before_send=[secure],
        plugins=[PydanticPlugin(), StrictBodies()],
        template_config=templating.config(settings),
        request_max_body_size=_BODY_MAX_BYTES,
        allowed_hosts=_allowed_hosts(settings),
        openapi_config=_openapi(),
        logging_config=None,
        debug=False,
    )


async def provide_ui(request: Request[Any, Any, Any]) -> UiContext:
    ui: UiContext = request.app.state.ui
    return ui


async def provide_jobs(request: Request[Any, Any, Any]) -> Jobs:
    jobs: Jobs = request.app.state.jobs
    return jobs


async def provide_session(
    request: Request[Any, Any, Any], ui: NamedDependency[UiContext]
) -> AsyncIterator[AsyncSession]:
    """One request, one transaction: committed when the handler returned, rolled back when it raised.

    It is held to what the caller may see.
    """
    async with ui.database.sessions.begin() as session:
        await confine(session, getattr(request.state, "scope", EVERYTHING))
        yield session


def _form_key(settings: UiSettings) -> str:
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    return kept_key(settings.data_dir / "keys" / "forms.key")


def _allowed_hosts(settings: UiSettings) -> AllowedHostsConfig | None:
    if not settings.allowed_hosts:
        return None
    local = ["127.0.0.1", "localhost", "[::1]"]
    return AllowedHostsConfig(allowed_hosts=[*settings.allowed_hosts, *local])


def _openapi() -> OpenAPIConfig:
    """The description of the API, for who is signed in, without the page that would load scripts from elsewhere."""
    bearer = SecurityScheme(type="http", scheme="bearer", description="A worker's token")
    return OpenAPIConfig(
        title="igfleet",
        version=__version__,
        openapi_router=Router("/schema", route_handlers=[], guards=[dashboard_gate], opt={"role": Role.VIEWER}),
        render_plugins=[Described()],
        components=Components(security_schemes={"bearer": bearer}),
    )


class Server(uvicorn.Server):
    """uvicorn that tells the application first, so that open streams end, and leaves with exit code 0."""

    def __init__(self, config: uvicorn.Config, app: Litestar, announce: Callable[[str], None] | None) -> None:
        super().__init__(config)
        self._app, self._announce = app, announce

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal drains, the second hurries."""
        ui: UiContext | None = getattr(self._app.state, "ui", None)
        if ui is not None:
            ui.draining.set()
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self._announce is not None and sockets:
            host, port = sockets[0].getsockname()[:2]
            self._announce(f"http://{host}:{port}")


async def serve(
    settings: UiSettings,
    database_url: str,
    host: str,
    port: int,
    announce: Callable[[str], None] | None = None,
    stop: asyncio.Event | None = None,
) -> None:
    """Serve until a signal, or until `stop` is set. Raises `SetupError` when the address is taken."""
    app = create_app(settings, database_url)
    listener = listen(host, port)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=_GRACE_S,
        timeout_keep_alive=_KEEP_ALIVE_S,
        server_header=False,
        http=Patient,
        ws="none",
    )
    server = Server(config, app, announce)
    watcher = asyncio.create_task(_stop_when(stop, server)) if stop is not None else None
    try:
        await server.serve(sockets=[listener])
    finally:
        listener.close()
        if watcher is not None:
            watcher.cancel()
    if not server.started:
        raise SetupError("The ui did not start; the reason stands above.")
    _log.info("ui_stopped")


async def _stop_when(stop: asyncio.Event, server: Server) -> None:
    await stop.wait()
    server.handle_exit(0, None)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `SetupError` with what to do."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, or asyncio leaves Nagle on
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise SetupError(f"Cannot listen on {host}:{port}: {error.strerror}. Choose another --port.") from error
    listener.set_inheritable(False)
    return listener
