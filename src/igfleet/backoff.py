"""How long to wait before the next try."""

import random
from datetime import timedelta

_JITTER = random.SystemRandom()


def delay(attempt: int, *, first: timedelta, most: timedelta) -> timedelta:
    """The wait after the failed try number `attempt` (1 is the first): doubled each time, capped, ± 20 % jitter."""
    factor: int = 2 ** min(max(attempt - 1, 0), 30)
    doubled = min(first * factor, most)
    return doubled * _JITTER.uniform(0.8, 1.2)
