"""Other roles of igfleet as processes of their own: started by one that outlives them, and ended by it."""

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress

from igfleet import log

_log = log.get(__name__)
_UI_SECRETS = ("DATABASE_URL", "DATABASE_OWNER_URL", "MASTER_KEY", "SECRET_KEY")


_LOOK_S = 0.5


async def start(
    *arguments: str, environment: Mapping[str, str], stdout: int | None = None
) -> asyncio.subprocess.Process:
    """Run a command of igfleet beside this process. It stops by itself when this process is gone.

    `environment` is added to the present one, without what only the ui may know. Signals of the terminal do not reach
    the child: whoever started it says when it ends.
    """
    inherited = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in _UI_SECRETS}
    command = [sys.executable, "-m", "igfleet", *arguments, "--parent", str(os.getpid())]
    return await asyncio.create_subprocess_exec(
        *command,
        env={**inherited, **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=stdout,
        start_new_session=True,
    )


async def end(process: asyncio.subprocess.Process, patience_s: float) -> None:
    """SIGTERM, and SIGKILL for one that is still there after `patience_s`."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), patience_s)
    except TimeoutError:
        _log.warning("process_killed", pid=process.pid, after_s=patience_s)
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def watch(parent: int) -> None:
    """Send this process SIGTERM as soon as `parent` is no longer its parent."""

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_S)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=look, name="parent-watch", daemon=True).start()


def asked_to_stop() -> asyncio.Event:
    """Set by SIGTERM and Ctrl-C from now on."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    return asked
