"""A ui process that benchmarks look at."""

import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Self

TOKEN = secrets.token_urlsafe(32)


class UiProcess:
    """`with UiProcess(folder, url) as ui: …`. It is ended with the block."""

    def __init__(self, folder: Path, url: str) -> None:
        self._own = {
            "DATABASE_URL": url,
            "IGFLEET_DATA_DIR": str(folder),
            "WORKER_API_TOKEN": TOKEN,
            "LOG_LEVEL": "warning",
        }
        self._process: subprocess.Popen[str] | None = None
        self.address = ""

    def __enter__(self) -> Self:
        self._start("0")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(60)

    def restart(self) -> None:
        """-9, and a new one at the same address; it answers when this returns."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._start(self.address.rpartition(":")[2])

    def _start(self, port: str) -> None:
        command = [sys.executable, "-m", "igfleet", "serve", "--role", "ui", "--port", port]
        self._process = subprocess.Popen(command, env=os.environ | self._own, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().split()[-1]
