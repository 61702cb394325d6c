"""What outlives a restart of the sandbox: JSON documents in one small SQLite file, and the bytes of published media."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from pydantic import JsonValue


class Store:
    """Documents by (kind, key). Every `put` is on disk when it returns."""

    def __init__(self, folder: Path) -> None:
        self._files = folder / "published"
        self._files.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._db = sqlite3.connect(folder / "sandbox.sqlite", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS documents "
            "(kind TEXT, key TEXT, body TEXT, PRIMARY KEY (kind, key)) WITHOUT ROWID"
        )

    def put(self, kind: str, key: str, body: dict[str, JsonValue]) -> None:
        self._db.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", (kind, key, json.dumps(body)))

    def all(self, kind: str) -> Iterator[dict[str, JsonValue]]:
        """Every document of a kind, by key."""
        for (body,) in self._db.execute("SELECT body FROM documents WHERE kind = ? ORDER BY key", (kind,)).fetchall():
            yield json.loads(body)

    def clear(self) -> None:
        """Forget everything."""
        self._db.execute("DELETE FROM documents")
        for path in self._files.iterdir():
            path.unlink()

    def keep_bytes(self, sha256: str, data: bytes) -> None:
        path = self._files / sha256
        if not path.exists():
            path.write_bytes(data)

    def bytes_of(self, sha256: str) -> bytes | None:
        path = self._files / sha256
        return path.read_bytes() if path.exists() else None

    def close(self) -> None:
        self._db.close()
