"""Files of a run on their way to the ui: in parts, on from where it was cut, checked by their sha256."""

import asyncio
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from pydantic import JsonValue

from igfleet import backoff, log
from igfleet.contracts.files import FileOffer, Purpose
from igfleet.contracts.posts import LeasedMedia
from igfleet.errors import Conflict, Damaged, LeaseLost, NeedsPerson, NetworkTrouble, RetryLater, TooLarge, Unavailable
from igfleet.reasons import ReasonCode
from igfleet.worker.ui_client import UiClient

_log = log.get(__name__)
_PART_BYTES = 4 * 1024**2
_TRIES = 3
"""Of files that arrive damaged."""
_CALLS = 8
"""Without a new byte between them."""
_FIRST_WAIT, _LONGEST_WAIT = timedelta(milliseconds=200), timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Handed:
    """What a run says of a file that it hands over."""

    path: Path
    name: str
    purpose: Purpose
    facts: Mapping[str, JsonValue]
    source_id: int | None = None
    counter: str | None = None


async def send(ui: UiClient, lease: UUID, handed: Handed) -> LeasedMedia:
    """The file as the ui keeps it, under the lease.

    Raises `LeaseLost`, `NetworkTrouble`, `NeedsPerson` (library_full), `RetryLater` (worker_disk), and what else the ui
    refuses it for.
    """
    try:
        size, sha256 = await asyncio.to_thread(_measured, handed.path)
        return await _delivered(ui, lease, handed.path, sha256, _offer(handed, size))
    except TooLarge as error:
        raise NeedsPerson(str(error), ReasonCode.LIBRARY_FULL) from error
    except OSError as error:
        raise RetryLater(f"The worker's disk: {error.strerror}", ReasonCode.WORKER_DISK) from error


def _offer(handed: Handed, size: int) -> FileOffer:
    return FileOffer(
        name=handed.name,
        purpose=handed.purpose,
        size_bytes=size,
        source_id=handed.source_id,
        facts=dict(handed.facts),
        counter=handed.counter,
    )


async def _delivered(ui: UiClient, lease: UUID, path: Path, sha256: str, offer: FileOffer) -> LeasedMedia:
    """Offer, send what is missing, offer again; as often as it takes while something arrives."""
    damaged, number, most = 0, 0, -1
    while True:
        try:
            standing = await ui.offer_file(lease, sha256, offer)
            if standing.file is not None:
                return standing.file
            number = 0 if standing.offset > most else number + 1
            most = max(most, standing.offset)
            await _send_rest(ui, lease, path, sha256, standing.offset)
            continue
        except LeaseLost:
            raise
        except Damaged as error:
            damaged, most = damaged + 1, -1
            if damaged == _TRIES:
                raise NetworkTrouble(f"{offer.name} arrived damaged {_TRIES} times.") from error
            continue
        except (Unavailable, Conflict) as error:
            if number >= _CALLS:
                raise NetworkTrouble(f"{offer.name} could not be sent to the ui: {error}") from error
            _log.info("upload_cut", file=offer.name, error=str(error))
        await asyncio.sleep(backoff.delay(number + 1, first=_FIRST_WAIT, most=_LONGEST_WAIT).total_seconds())


async def _send_rest(ui: UiClient, lease: UUID, path: Path, sha256: str, offset: int) -> None:
    with path.open("rb") as file:
        file.seek(offset)
        while part := await asyncio.to_thread(file.read, _PART_BYTES):
            offset = (await ui.append_file(lease, sha256, offset, part)).offset


def _measured(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        return os.fstat(file.fileno()).st_size, hashlib.file_digest(file, "sha256").hexdigest()
