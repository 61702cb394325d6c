"""A child that must not outlive its parent."""

import os
import signal
import threading
import time

_LOOK_S = 0.5


def watch(parent: int) -> None:
    """Send this process SIGTERM as soon as `parent` is no longer its parent."""

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_S)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=look, name="parent-watch", daemon=True).start()
