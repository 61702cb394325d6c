"""igfleet serve: the ui, a worker, or both."""

import asyncio
import gc
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from igfleet.cli.exits import plain_errors

if TYPE_CHECKING:
    from igfleet.settings import UiSettings


class Role(StrEnum):
    UI = "ui"
    WORKER = "worker"
    ALL = "all"


_PORTS = {Role.UI: 8000, Role.ALL: 8000, Role.WORKER: 8100}


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("serve")(serve)


def serve(
    role: Annotated[Role, typer.Option(help="ui, worker, or all: the ui with one worker beside it.")] = Role.ALL,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port to listen on; 0: a free one. [default: 8000, worker 8100]"),
    ] = None,
    parent: Annotated[int | None, typer.Option(hidden=True, help="Stop when this process is gone.")] = None,
) -> None:
    """Run until SIGTERM or Ctrl-C; what is under way is finished first."""
    with plain_errors():
        chosen = _PORTS[role] if port is None else port
        if parent is not None:
            from igfleet.processes import watch

            watch(parent)
        if role is Role.WORKER:
            _worker(host, chosen)
        else:
            _ui(host, chosen, with_worker=role is Role.ALL)


def _ui(host: str, port: int, *, with_worker: bool) -> None:
    from igfleet import log
    from igfleet.cli.database import database_url, service_url
    from igfleet.cli.side_worker import serve_with_worker
    from igfleet.settings import UiSettings, load, make_data_dir
    from igfleet.ui import migrating
    from igfleet.ui.app import serve

    settings = load(UiSettings)
    make_data_dir(settings)
    log.set_up(settings.log_format, settings.log_level)
    with database_url(settings, keep=True) as owner_url:
        migrating.upgrade(owner_url)
        url = service_url(settings, owner_url)
        invitation = asyncio.run(_invitation(settings, url))

        def announce(address: str) -> None:
            _announce(address, invitation)

        if with_worker:
            asyncio.run(serve_with_worker(settings, url, host, port, announce))
        else:
            import uvloop

            asyncio.run(serve(settings, url, host, port, announce), loop_factory=uvloop.new_event_loop)


def _announce(address: str, invitation: str | None) -> None:
    """Where the ui is; while nobody can sign in yet, the link that makes the first admin.

    What stands by now is no garbage: to go through it at each full collection would halt every page for 0.2 s.
    """
    gc.freeze()
    print(f"igfleet is at {address}", flush=True)
    if invitation is not None:
        print(f"Nobody can sign in yet. Make the first admin at {address}/setup?token={invitation}", flush=True)


async def _invitation(settings: "UiSettings", url: str) -> str | None:
    """A fresh one-time token for the set-up, when there is no user yet."""
    from igfleet.ui.context import opened
    from igfleet.ui.invitations import first_admin

    async with opened(settings, url) as ui, ui.database.sessions.begin() as session:
        return await first_admin(session)


def _worker(host: str, port: int) -> None:
    from igfleet import log
    from igfleet.settings import WorkerSettings, load, make_data_dir
    from igfleet.worker.app import serve

    settings = load(WorkerSettings)
    make_data_dir(settings)
    log.set_up(settings.log_format, settings.log_level)
    asyncio.run(serve(settings, host, port, lambda address: print(f"the worker is at {address}", flush=True)))
