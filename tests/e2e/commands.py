"""The command line, each command in a process of its own, forked from one that has imported everything already."""

import atexit
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

_SECONDS = 240
_parents: list[subprocess.Popen[str]] = []


def run(arguments: tuple[str, ...], environment: dict[str, str], folder: Path) -> tuple[int, str, str]:
    """The exit code, what was printed, and the errors."""
    with tempfile.TemporaryDirectory() as told:
        order = {"arguments": arguments, "environment": environment, "folder": str(folder), "told": told}
        parent = _parent()
        assert parent.stdin is not None
        assert parent.stdout is not None
        print(json.dumps(order), file=parent.stdin, flush=True)
        code = int(parent.stdout.readline())
        return code, Path(told, "out").read_text(), Path(told, "err").read_text()


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
    """Run what is ordered, one after the other. The alarm ends a command that takes too long."""
    import asyncpg  # noqa: F401
    from sqlalchemy.orm import configure_mappers

    import igfleet.cli.app
    import igfleet.ui.context
    import igfleet.ui.imports.accounts
    import igfleet.ui.migrating
    import igfleet.ui.planning.draft
    import igfleet.ui.planning.start  # noqa: F401

    configure_mappers()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(**json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(arguments: list[str], environment: dict[str, str], folder: str, told: str) -> None:
    import signal

    from igfleet.cli import main

    signal.alarm(_SECONDS)
    nothing = os.open(os.devnull, os.O_RDONLY)
    paths = [Path(told, name) for name in ("out", "err")]
    for number, file in enumerate([nothing, *(os.open(path, os.O_WRONLY | os.O_CREAT) for path in paths)]):
        os.dup2(file, number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["igfleet", *arguments]
    sys.stdin = open(os.devnull)  # noqa: SIM115  # it lasts as long as the process
    main()
    sys.exit(0)


if __name__ == "__main__":
    _serve()
