"""The master keys: the present one, which wraps, and earlier ones, which still open what they wrapped.

They stand in the environment or in files of mode 0600 in the data folder, never in the database.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from igfleet.errors import Conflict, SecretUnreadable, SetupError
from igfleet.renaming import settle
from igfleet.settings import UiSettings
from igfleet.ui.sealing import ciphers


class MasterKey:
    """One key that wraps data keys. What it wrapped is bound to its id and to the owner of the data key."""

    def __init__(self, raw: bytes) -> None:
        self._cipher = AESGCM(raw)
        self.id = hashlib.sha256(b"igfleet master key id" + raw).hexdigest()[:12]

    def __repr__(self) -> str:
        return f"MasterKey(id={self.id})"

    def wrap(self, data_key: bytes, owner: str, owner_id: int) -> bytes:
        return ciphers.seal(self._cipher, data_key, self._purpose(owner, owner_id))

    def unwrap(self, wrapped: bytes, owner: str, owner_id: int) -> bytes:
        """Raises `SecretUnreadable`."""
        return ciphers.unseal(self._cipher, wrapped, self._purpose(owner, owner_id))

    def _purpose(self, owner: str, owner_id: int) -> bytes:
        return f"igfleet/data-key/{self.id}/{owner}/{owner_id}".encode()


class KeyFiles:
    """`master.key`, made when there is none, and those before it, by their ids."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.path = folder, folder / "master.key"

    def present(self) -> MasterKey:
        """The key of the file; a fresh one when there is no file. Raises `SetupError`."""
        return MasterKey(ciphers.read(kept_key(self.path), str(self.path)))

    def earlier(self) -> Iterator[MasterKey]:
        for path in sorted((self._folder / "earlier").glob("*.key")):
            yield MasterKey(ciphers.read(path.read_text(encoding="ascii").strip(), str(path)))

    def stamp(self) -> tuple[int, int] | None:
        """Changes when another process has put another key in its place."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns

    def replace(self) -> None:
        """Put a fresh key in place of the present one, which joins the earlier ones. May die at any point: the next
        call goes on, and no key is ever lost."""
        fresh = self._folder / "next.key"
        kept_key(fresh)
        old = self.present()
        aside = self._folder / "earlier" / f"{old.id}.key"
        aside.parent.mkdir(mode=0o700, exist_ok=True)
        _write(aside, self.path.read_bytes())
        fresh.replace(self.path)
        settle(self._folder)


class Ring:
    """All keys that are given. Files are looked at again when they change: a rotation needs no restart."""

    def __init__(self, present: MasterKey, earlier: Iterable[MasterKey] = (), files: KeyFiles | None = None) -> None:
        self._present, self._files = present, files
        self._all = {key.id: key for key in (*earlier, present)}
        self._stamp = files.stamp() if files else None
        self.is_fresh = False
        """The file was made just now: there was no key at all."""

    @classmethod
    def from_settings(cls, settings: UiSettings) -> "Ring":
        """The configured keys, or those of the data folder; the first is made on first use. Raises `SetupError`."""
        files = KeyFiles(settings.data_dir / "keys")
        given = settings.master_keys_before.get_secret_value() if settings.master_keys_before else ""
        before = [
            MasterKey(ciphers.read(part.strip(), "MASTER_KEYS_BEFORE")) for part in given.split(",") if part.strip()
        ]
        if settings.master_key is not None:
            present = MasterKey(ciphers.read(settings.master_key.get_secret_value(), "MASTER_KEY"))
            return cls(present, before)  # what lies in the folder is not asked: a wrong MASTER_KEY is refused
        is_fresh = files.stamp() is None
        made = cls(files.present(), [*before, *files.earlier()], files)
        made.is_fresh = is_fresh
        return made

    @property
    def has_files(self) -> bool:
        """Whether the present key is igfleet's own to change."""
        return self._files is not None

    def present(self) -> MasterKey:
        """The key that wraps now."""
        if self._files is not None and self._files.stamp() != self._stamp:
            self._look_again()  # of a file that is gone meanwhile the key is still known
        return self._present

    def knows(self, key_id: str) -> bool:
        """Whether what this key wrapped can be opened."""
        if key_id not in self._all:
            self._look_again()
        return key_id in self._all

    def unwrap(self, key_id: str, wrapped: bytes, owner: str, owner_id: int) -> bytes:
        """What the key of this id wrapped. Raises `SecretUnreadable`."""
        if not self.knows(key_id):
            raise SecretUnreadable(f"A stored secret does not open: it was sealed with the master key {key_id}")
        return self._all[key_id].unwrap(wrapped, owner, owner_id)

    def open(self, sealed: bytes, owner: str, owner_id: int) -> bytes:
        """What any of the keys wrapped. Raises `SecretUnreadable`."""
        present = self.present()
        for key in [*self._all.values()]:
            try:
                return key.unwrap(sealed, owner, owner_id)
            except SecretUnreadable:
                continue
        return present.unwrap(sealed, owner, owner_id)

    def replace(self) -> None:
        """Take a fresh key from now on. Raises `Conflict` when the present one is not igfleet's own to change."""
        if self._files is None:
            raise Conflict(
                "The master key is given by MASTER_KEY. Make another with `igfleet keys generate`, give it as "
                "MASTER_KEY and the present one as MASTER_KEYS_BEFORE, restart every ui, then rotate."
            )
        self._files.replace()
        self._look_again()

    def refuse(self, key_id: str) -> SetupError:
        """The error of a start without the key that the database needs."""
        if self.is_fresh and self._files is not None:
            self._files.path.unlink(missing_ok=True)  # made a moment ago, and of no use
            return SetupError(
                f"MASTER_KEY: the database was sealed with key {key_id}, and there is no key here. Put its file back "
                f"as {self._files.path}, or give the key as MASTER_KEY."
            )
        return SetupError(
            f"MASTER_KEY: the database was sealed with key {key_id}, this is key {self._present.id}. Give the key that "
            "it was sealed with, as MASTER_KEY or among MASTER_KEYS_BEFORE."
        )

    def _look_again(self) -> None:
        if self._files is not None and (stamp := self._files.stamp()) is not None:
            self._stamp = stamp
            self._present = self._files.present()
            self._all |= {key.id: key for key in (*self._files.earlier(), self._present)}


def kept_key(path: Path) -> str:
    """The base64 key in the file, made with 0600 when there is none; two processes at once agree on one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        _write(fresh, ciphers.written().encode())
        os.link(fresh, path)
    except FileExistsError:
        pass
    except OSError as error:
        raise SetupError(f"Cannot write the key file {path}: {error.strerror}. Set IGFLEET_DATA_DIR.") from error
    finally:
        fresh.unlink(missing_ok=True)
    return path.read_text(encoding="ascii").strip()


def _write(path: Path, data: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
