"""Becomes another program, within limits that the program cannot lift.

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
    os.nice(_NICE)  # leases are renewed while it works
    os.execv(sys.argv[4], sys.argv[4:])


def _limit(what: int, most: int) -> None:
    """Where the system does not know a limit, the time limit of the caller is left."""
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    main()
