"""What a file is called, kept through a loss of power."""

import os
from pathlib import Path


def settle(folder: Path) -> None:
    """Return when the names in this folder are on disk: a file that was renamed into it stays there."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
