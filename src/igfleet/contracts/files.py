"""Files that a run hands to the ui: what they are for, and how much of one has arrived."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from igfleet.contracts.base import Contract, Facts, Id, Word
from igfleet.contracts.posts import LeasedMedia

FileName = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f/\\]+$")]


class Purpose(StrEnum):
    """What becomes of the file."""

    VARIANT = "variant"
    """Enters the library, linked to the file that it was made of."""
    PICTURE = "picture"
    """Enters the library: a picture that would be lost otherwise, such as an avatar that was replaced."""
    EVIDENCE = "evidence"
    """Kept with the attempt, outside of the library: a screenshot, a trace."""


class Origin(StrEnum):
    """How a file came into the library."""

    UPLOADED = "uploaded"
    VARIANT = "variant"
    PICTURE = "picture"
    CONVERTED = "converted"


class FileOffer(Contract):
    """`PUT /api/leases/{id}/files/{sha256}`: announces a file, and finishes it when all of it has arrived.

    The same call twice gives the same answer. Between the calls the bytes are sent by `PATCH` to the same address,
    each part with the header `Upload-Offset`.
    """

    name: FileName
    """Unique within the account task: a file stored under it is stored once over all attempts."""
    purpose: Purpose
    size_bytes: Id
    source_id: Id | None = None
    """The file of the library that it was made of."""
    facts: Facts = {}
    """How it was made; shown with it."""
    counter: Word | None = None
    """A counter of the account task that grows by one with it, exactly once."""


class FileStanding(Contract):
    """The answer: how many bytes are safely there, and the file when it is whole and kept."""

    offset: int
    file: LeasedMedia | None = None


def stored_key(name: str) -> str:
    """The checkpoint under which the ui notes a stored file."""
    return f"stored:{name}"
