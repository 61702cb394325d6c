"""Places at which a test makes a process die, stop, fail or wait. Nothing happens without the test flag.

`IGFLEET_TEST_FAULTS` names a folder (the flag), `IGFLEET_FAULT=point:nth:kill|stop|raise|full|delay[=seconds]` one or
more faults with commas between. The nth time is counted over all processes, by files in that folder.
"""

import errno
import itertools
import os
import signal
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

POINTS = (
    "started",
    "prepared",
    "intended",
    "permitted",
    "checked",
    "taken",
    "given_up",
    "answered",
    "journaled",
    "reported",
)
"""In the order in which the run of a post reaches them. `checked`: the clock was looked at, nothing has left yet.
`taken`, `given_up`: a browser holds the publish request that the worker is to send, and does so no more."""
_DELAY_S = 1.0


class Planted(Exception):
    """Raised by a `raise` fault: an error that nobody expects."""


@dataclass(frozen=True, slots=True)
class _Fault:
    point: str
    nth: int
    act: str
    seconds: float


def reach(point: str) -> None:
    """Say that this place was reached."""
    here = [fault for fault in _planted() if fault.point == point]
    if not here:
        return
    nth = _count(point)
    for fault in here:
        if fault.nth == nth:
            _act(fault)


@cache
def _planted() -> tuple[_Fault, ...]:
    if not os.environ.get("IGFLEET_TEST_FAULTS"):
        return ()
    return tuple(_fault(text) for text in os.environ.get("IGFLEET_FAULT", "").split(",") if text)


def _fault(text: str) -> _Fault:
    point, nth, act = text.split(":")
    act, _, seconds = act.partition("=")
    if point not in POINTS or act not in ("kill", "stop", "raise", "full", "delay"):
        raise ValueError(f"IGFLEET_FAULT: {text!r} is no fault; points: {', '.join(POINTS)}")
    return _Fault(point, int(nth), act, float(seconds or _DELAY_S))


def _count(point: str) -> int:
    """How many processes have come here, this one included."""
    folder = Path(os.environ["IGFLEET_TEST_FAULTS"])
    folder.mkdir(parents=True, exist_ok=True)
    for number in itertools.count(1):
        try:
            os.close(os.open(folder / f"{point}.{number}", os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            continue
        return number
    raise AssertionError("unreachable")


def _act(fault: _Fault) -> None:
    match fault.act:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "full":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        case "delay":
            time.sleep(fault.seconds)
        case _:
            raise Planted(f"planted at {fault.point}")
