"""igfleet sandbox: the simulated Instagram, and igfleet demo: the first five minutes."""

from pathlib import Path
from typing import Annotated

import typer

from igfleet.cli.exits import plain_errors
from igfleet.cli.output import AsJson


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("sandbox")(sandbox)
    app.command("demo")(demo)
    app.command("screenshots")(screenshots)


def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the proxy; 0 picks a free one.")] = 8890,
    control_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the control API; 0: a free one.")] = 0,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    folder: Annotated[
        Path | None, typer.Option(help="Where it keeps its world; in the data folder by default.")
    ] = None,
    json: AsJson = False,
    parent: Annotated[int | None, typer.Option(hidden=True, help="Stop when this process is gone.")] = None,
) -> None:
    """Run a simulated Instagram on this machine until Ctrl-C."""
    with plain_errors():
        import asyncio

        from igfleet.processes import watch

        if parent is not None:
            watch(parent)
        asyncio.run(_serve(folder, host, port, control_port, json=json))


def demo(
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port of the dashboard; 0: a free one. [default: 8000, or a free one]"),
    ] = None,
) -> None:
    """Run the ui, two workers and the sandbox with example accounts and clips, until Ctrl-C."""
    with plain_errors():
        from igfleet.demo import run

        run(port=port)


def screenshots(
    out: Annotated[Path, typer.Option(help="Folder for the pictures; made when it is not there.")],
) -> None:
    """Play a demo through and take a picture of every screen, in both themes, at three widths. Needs Chromium."""
    with plain_errors():
        import asyncio

        from igfleet.demo.screens import take

        count = asyncio.run(take(out, lambda line: typer.echo(line, err=True)))
        typer.echo(f"{count} pictures in {out}")


async def _serve(folder: Path | None, host: str, port: int, control_port: int, *, json: bool) -> None:
    import asyncio
    import signal
    import sys
    from json import dumps

    from igfleet import log
    from igfleet.errors import SetupError
    from igfleet.sandbox.sandbox import serve
    from igfleet.settings import Settings, load

    settings = load(Settings)
    log.set_up(settings.log_format, settings.log_level)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    def announce(addresses: dict[str, str]) -> None:
        if json:
            print(dumps(addresses))
        else:
            print("\n".join(f"{name}: {address}" for name, address in addresses.items()))
        sys.stdout.flush()

    try:
        await serve(folder or settings.data_dir / "sandbox", host, port, control_port, announce, stop)
    except OSError as error:
        raise SetupError(
            f"The sandbox cannot listen on {host}:{port}: {error.strerror}. Give another --port."
        ) from error
