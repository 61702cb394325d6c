"""Runs a program on foreign media: with a limit, in a group of its own, killed as a whole."""

import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended. `code` is None when it was killed for being too slow."""

    code: int | None
    out: bytes
    err: str


def run(command: Sequence[str], timeout_s: float) -> Ended:
    """Run a command to its end, or kill it and all that it started after `timeout_s`. It reads nothing."""
    child = subprocess.Popen(  # a list of arguments, no shell
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=_environment(),
    )
    try:
        out, err = child.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        return Ended(None, b"", "")
    finally:
        _kill(child)
    return Ended(child.returncode, out, err.decode(errors="replace"))


def _kill(child: subprocess.Popen[bytes]) -> None:
    if child.returncode is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()


def _environment() -> dict[str, str]:
    """Only what a program needs to start: no secret of ours reaches a decoder."""
    kept = ("PATH", "LANG", "LD_LIBRARY_PATH", "PYTHONPATH", "TMPDIR", "SYSTEMROOT")
    return {name: os.environ[name] for name in kept if name in os.environ}
