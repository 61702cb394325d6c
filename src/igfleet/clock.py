"""The clocks of igfleet: wall time for people, boot time for durations.

Deadlines that matter across machines are kept by the database's clock. Boot time goes on while a process is
stopped or the machine sleeps, so a frozen worker sees, when it wakes, how late it is.
"""

import time
from datetime import UTC, datetime

_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def now() -> datetime:
    """The present wall time in UTC."""
    return datetime.now(UTC)


def boot_seconds() -> float:
    """Seconds since the machine started, sleep included."""
    return time.clock_gettime(_BOOT)
