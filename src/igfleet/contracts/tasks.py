"""Words about tasks that both roles need: kinds of method, effect classes, counters, places."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from igfleet.contracts.base import Contract, Facts, Moment, Strict, Text, Word


class Method(StrEnum):
    """How an account is driven."""

    INSTAGRAPI = "instagrapi"
    PLAYWRIGHT = "playwright"
    DOLPHIN = "playwright+dolphin"
    """A browser profile of Dolphin Anty, attached to."""
    NONE = "none"
    """No account is driven at all."""

    @property
    def uses_browser(self) -> bool:
        """The web site is driven: it takes the bytes only in the act of publishing."""
        return self in {self.PLAYWRIGHT, self.DOLPHIN}


class Mode(StrEnum):
    """Whether the last hop is the simulated Instagram or the real one."""

    SANDBOX = "sandbox"
    LIVE = "live"


class Effect(StrEnum):
    """What may be retried: decided once per kind."""

    READ = "read"
    """Retry freely."""
    SET = "set"
    """Set-like and readable: check before a retry."""
    CREATE = "create"
    """Creates something visible: the publish protocol."""
    LOCAL = "local"
    """Touches nothing outside; content-addressed."""


class Action(StrEnum):
    """A remote act of an account that its budget pays for."""

    LOGIN = "login"
    PUBLISH = "publish"
    LIKE = "like"
    STORY_VIEW = "story_view"
    FOLLOW = "follow"
    PROFILE_EDIT = "profile_edit"
    READ = "read"
    """A look at the account's own media that nothing else needs: a verification."""


class Subject(StrEnum):
    """What one account task of a kind is about."""

    ACCOUNT = "account"
    MEDIUM = "medium"
    PROXY = "proxy"


class Place(Strict):
    """A location tag. With coordinates it is used as it stands, else it is searched by name."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    lng: Annotated[float, Field(ge=-180, le=180)] | None = None


class LogLine(Contract):
    """One line of an account task's log, as a person reads it."""

    at: Moment
    level: Annotated[str, Field(pattern=r"^(debug|info|warning|error)$")] = "info"
    event: Word
    """Short stable name of what happened."""
    text: Text
    fields: Facts = {}
    step: Text | None = None
    """What the run was doing then; None: what its report says."""


Counters = Annotated[
    dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,49}$")], Annotated[int, Field(ge=0, le=2**31)]],
    Field(json_schema_extra={"additionalProperties": False}),
]
"""Named amounts to be added."""
