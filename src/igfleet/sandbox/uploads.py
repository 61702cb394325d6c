"""Bytes on their way to being published: resumable, by upload name, and by upload id."""

import hashlib
from dataclasses import dataclass, field

from pydantic import JsonValue


@dataclass
class Upload:
    """The bytes received so far of one upload."""

    upload_id: str
    size: int
    data: bytearray = field(default_factory=bytearray)
    facts: dict[str, JsonValue] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        return len(self.data) == self.size

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@dataclass
class Uploads:
    """Videos and covers, each by account and name; found by account and upload id when they are configured."""

    by_name: dict[tuple[str, str], Upload] = field(default_factory=dict)
    videos: dict[tuple[str, str], Upload] = field(default_factory=dict)
    covers: dict[tuple[str, str], Upload] = field(default_factory=dict)

    def receive(self, account: str, name: str, offset: int, size: int, upload_id: str, data: bytes) -> Upload | None:
        """Add bytes at an offset. None when the offset is not where the upload stands."""
        upload = self.by_name.setdefault((account, name), Upload(upload_id, size))
        if offset > len(upload.data):
            return None
        del upload.data[offset:]
        upload.data += data[: size - offset]
        return upload
