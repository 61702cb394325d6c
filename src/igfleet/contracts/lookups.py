"""Looking people up: asked of Instagram once, by one run, for all accounts and workers."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from igfleet.contracts.base import Contract, Word

PersonName = Annotated[str, Field(pattern=r"^[a-z0-9._]{1,30}$")]


class LookUpState(StrEnum):
    """How it stands with one name."""

    KNOWN = "known"
    YOURS = "yours"
    """Ask Instagram, and tell what it said."""
    TAKEN = "taken"
    """Another run is asking: look again soon."""


class LookUpWish(Contract):
    """`POST /api/leases/{id}/lookups`"""

    username: PersonName


class LookUp(Contract):
    """The answer. `user_id` is None for a known name that nobody has."""

    state: LookUpState
    user_id: str | None = None
    is_private: bool | None = None


class LookedUp(Contract):
    """`PUT /api/leases/{id}/lookups`: how the asking ended. Without an id and not missing, another run may ask."""

    username: PersonName
    user_id: Word | None = None
    is_private: bool | None = None
    is_missing: bool = False
