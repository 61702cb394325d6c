"""The guard of a run: a small process above the run's own that leaves nothing of it behind.

It ends the run when the supervisor is gone or asks for it, and with the run everything the run has started: also
what has put itself into a session of its own, as browsers do. It reaps what it ends.
"""

import contextlib
import ctypes
import os
import resource
import select
import signal
import time
from multiprocessing.connection import Connection

import psutil

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LOOK_MS = 100
_SWEEP_S = 5


def stand_guard(pipe: Connection) -> None:
    """Return in a new process that leads a session of its own; the calling one watches over it and never returns."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold the account's secrets
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    guard = os.getpid()
    run = os.fork()
    if run:
        _leave_as(_watch(pipe, run))
    os.setsid()
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != guard:
        os._exit(1)


def _watch(pipe: Connection, run: int) -> int:
    """Wait for the run's end or the supervisor's; the run's wait status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: _kill_session(run))
    poller = select.poll()
    poller.register(pipe.fileno(), 0)  # only the hang-up: the messages are the run's
    wait_ms = _LOOK_MS
    if hasattr(os, "pidfd_open"):
        poller.register(os.pidfd_open(run), select.POLLIN)
        wait_ms = 60_000
    while True:
        if any(descriptor == pipe.fileno() for descriptor, _ in poller.poll(wait_ms)):
            _kill_session(run)
            wait_ms = _LOOK_MS
            poller.unregister(pipe.fileno())
        ended, status = os.waitpid(run, os.WNOHANG)
        if ended:
            _kill_session(run)
            _sweep()
            return status


def _sweep() -> None:
    """End and reap every process that the run has left: they are this process's children now."""
    end = time.monotonic() + _SWEEP_S
    while _has_children() and time.monotonic() < end:
        for left in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                left.kill()
        time.sleep(0.01)


def _has_children() -> bool:
    """Reaps what has ended. Whoever the run left behind is this process's child, or below one: nobody else looks."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def _kill_session(run: int) -> None:
    """Also when the run has not come to lead its session yet."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(run, signal.SIGKILL)


def _leave_as(status: int) -> None:
    """End as the run has ended, so that whoever waits for this process sees it."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def _prctl(option: int, value: int) -> None:
    """Where the system does not know it, the end of the pipe still tells."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value)
