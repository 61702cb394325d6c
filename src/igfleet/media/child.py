"""Runs a program on foreign media: with limits, in a group of its own, killed as a whole."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_CONFINE = Path(__file__).with_name("confine.py")
_ERROR_LINES = 40
_LONGEST_LINE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended. `code` is None when it was killed for being too slow."""

    code: int | None
    out: bytes
    err: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What a program may take of the machine."""

    memory_bytes: int = 6 * 1024**3
    """Of address space, of which a program uses a part."""
    cpu_s: int = 2 * 3600
    file_bytes: int = 4 * 1024**3
    """Of one file that it writes."""


def run(command: Sequence[str], timeout_s: float, limits: Limits | None = None) -> Ended:
    """Run a command to its end, or kill it and all that it started after `timeout_s`. It reads nothing.

    What it says of errors is dropped: a damaged file may make a decoder say gigabytes.
    """
    child = subprocess.Popen(  # a list of arguments, no shell
        _confined(command, limits),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=_environment(),
    )
    try:
        out, _ = child.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        return Ended(None, b"", "")
    finally:
        if child.returncode is None:
            _kill(child.pid)
            child.communicate()
    return Ended(child.returncode, out, "")


async def follow(
    command: Sequence[str], timeout_s: float, hear: Callable[[str], None], limits: Limits | None = None
) -> Ended:
    """`run` for the event loop: `hear` gets each line of its output at once; what it raises ends the program."""
    child = await asyncio.create_subprocess_exec(
        *_confined(command, limits),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        env=_environment(),
        limit=_LONGEST_LINE,
    )
    said: deque[str] = deque(maxlen=_ERROR_LINES)
    try:
        async with asyncio.timeout(timeout_s), asyncio.TaskGroup() as group:
            group.create_task(_lines(child.stdout, hear))
            group.create_task(_lines(child.stderr, said.append))
            await child.wait()
    except TimeoutError:
        return Ended(None, b"", "")
    except ExceptionGroup as group_of:
        raise group_of.exceptions[0] from None
    finally:
        if child.returncode is None:
            _kill(child.pid)
            await child.wait()
    return Ended(child.returncode, b"", "\n".join(said))


async def _lines(stream: asyncio.StreamReader | None, hear: Callable[[str], None]) -> None:
    """Until the end of the stream. A line without an end is heard in pieces."""
    assert stream is not None
    while True:
        try:
            line = await stream.readuntil(b"\n")
        except asyncio.IncompleteReadError as error:
            if error.partial:
                hear(error.partial.decode(errors="replace"))
            return
        except asyncio.LimitOverrunError as error:
            line = await stream.read(error.consumed)
        hear(line.decode(errors="replace").rstrip("\n"))


def _confined(command: Sequence[str], limits: Limits | None) -> list[str]:
    if limits is None:
        return list(command)
    given = (limits.memory_bytes, limits.cpu_s, limits.file_bytes)
    return [sys.executable, "-I", "-S", str(_CONFINE), *map(str, given), *command]


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _environment() -> dict[str, str]:
    """Only what a program needs to start: no secret of ours reaches a decoder."""
    kept = ("PATH", "LANG", "LD_LIBRARY_PATH", "PYTHONPATH", "TMPDIR", "SYSTEMROOT")
    return {name: os.environ[name] for name in kept if name in os.environ}
