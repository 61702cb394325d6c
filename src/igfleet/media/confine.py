"""Becomes another program, within limits that the program cannot lift, and without a network where the kernel allows.

Run as `python confine.py MEMORY_BYTES CPU_S FILE_BYTES PROGRAM ARGUMENT…`; needs nothing but the standard library.
"""

import contextlib
import os
import resource
import sys

_NICE = 5


def main() -> None:
    memory, cpu_s, file_bytes = map(int, sys.argv[1:4])
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_CPU, cpu_s)
    _limit(resource.RLIMIT_FSIZE, file_bytes)
    _limit(resource.RLIMIT_CORE, 0)
    _leave_the_network()
    os.nice(_NICE)  # leases are renewed while it works
    os.execv(sys.argv[4], sys.argv[4:])


def _leave_the_network() -> None:
    """Into a network of its own, which has nothing in it.

    Root may do so; others in a user namespace of their own, which some systems and most containers forbid: then the
    named demuxer and the list of protocols stand alone.
    """
    alone: int | None = getattr(os, "CLONE_NEWNET", None)
    if alone is None:
        return
    for what in (alone, alone | os.CLONE_NEWUSER):
        with contextlib.suppress(OSError):
            os.unshare(what)
            return


def _limit(what: int, most: int) -> None:
    """Where the system does not know a limit, the time limit of the caller is left."""
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    main()
