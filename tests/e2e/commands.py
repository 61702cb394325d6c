"""The command line, each command in a process of its own, forked from one that has imported everything already."""

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

_SECONDS = 240
_LOOK_S = 0.02
_parents: list[subprocess.Popen[str]] = []


class Begun:
    """A command that goes on: what `subprocess.Popen` tells and does, for a process that is another one's child."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code; None while it runs."""
        if self.returncode is None:
            self.returncode = _ask(poll=self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, at its end. Raises `subprocess.TimeoutExpired`."""
        end = time.monotonic() + (_SECONDS if timeout is None else timeout)
        while (code := self.poll()) is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or _SECONDS)
            time.sleep(_LOOK_S)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def run(arguments: tuple[str, ...], environment: Mapping[str, str], folder: Path) -> tuple[int, str, str]:
    """The exit code, what was printed, and the errors."""
    with tempfile.TemporaryDirectory() as told:
        out, err = Path(told, "out"), Path(told, "err")
        code = _ask(run=_order("igfleet", arguments, environment, folder, out, err) | {"seconds": _SECONDS})
        return int(code), out.read_text(), err.read_text()


def begin(module: str, arguments: tuple[str, ...], environment: Mapping[str, str], folder: Path, log: Path) -> Begun:
    """Run a module as `python -m` would, and go on; what it prints is added to `log`."""
    log.touch()
    return Begun(_ask(begin=_order(module, arguments, environment, folder, log, log)))


def parent() -> int:
    """The process that all are children of. It ends with this one."""
    return _parent().pid


def _order(
    module: str, arguments: tuple[str, ...], environment: Mapping[str, str], folder: Path, out: Path, err: Path
) -> dict[str, Any]:
    told = {"arguments": arguments, "environment": dict(environment), "folder": str(folder)}
    return {"module": module, **told, "out": str(out), "err": str(err)}


def _ask(**order: Any) -> Any:
    parent = _parent()
    assert parent.stdin is not None
    assert parent.stdout is not None
    print(json.dumps(order), file=parent.stdin, flush=True)
    return json.loads(parent.stdout.readline())


def _parent() -> subprocess.Popen[str]:
    if not _parents:
        command = [sys.executable, "-m", "tests.e2e.commands"]
        root = Path(__file__).parents[2]
        _parents.append(subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        atexit.register(_end, _parents[0])
    return _parents[0]


def _end(parent: subprocess.Popen[str]) -> None:
    assert parent.stdin is not None
    parent.stdin.close()
    parent.wait(10)


def _serve() -> None:
    """Do what is ordered, one after the other. Whoever ends is taken leave of at once, so that nobody waits for it."""
    import gc
    import importlib

    from sqlalchemy.orm import configure_mappers

    for name in _IMPORTED:
        importlib.import_module(name)
    configure_mappers()
    gc.collect()
    gc.freeze()
    codes: dict[int, int] = {}
    signal.signal(signal.SIGCHLD, lambda *_: codes.update(_ended()))
    for line in sys.stdin:
        ((what, order),) = json.loads(line).items()
        if what == "poll":
            print(json.dumps(codes.get(order)), flush=True)
            continue
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _become(**order)
        while what == "run" and child not in codes:
            time.sleep(_LOOK_S / 4)
        print(json.dumps(codes[child] if what == "run" else child), flush=True)


def _ended() -> Iterator[tuple[int, int]]:
    """The children that have ended, with their codes."""
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            yield ended[0], os.waitstatus_to_exitcode(ended[1])


_IMPORTED = (
    *("asyncpg", "uvloop", "igfleet.cli.app", "igfleet.cli.serve", "igfleet.sandbox.sandbox", "igfleet.worker.app"),
    *("igfleet.ui.app", "igfleet.ui.imports.accounts", "igfleet.ui.migrating", "igfleet.ui.planning.draft"),
    *("igfleet.ui.planning.start", "igfleet.worker.child", "igfleet.worker.kinds"),
)


def _become(
    module: str,
    arguments: list[str],
    environment: dict[str, str],
    folder: str,
    out: str,
    err: str,
    seconds: int | None = None,
) -> None:
    """Never returns. The alarm ends a command that takes too long; one without end leads a session of its own."""
    import runpy

    if seconds is None:
        os.setsid()
    else:
        signal.alarm(seconds)
    nothing = os.open(os.devnull, os.O_RDONLY)
    written = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    for number, file in enumerate((nothing, os.open(out, written, 0o644), os.open(err, written, 0o644))):
        os.dup2(file, number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = [module, *arguments]
    sys.stdin = open(os.devnull)  # noqa: SIM115  # it lasts as long as the process
    runpy.run_module(module, run_name="__main__", alter_sys=True)
    sys.exit(0)


if __name__ == "__main__":
    _serve()
