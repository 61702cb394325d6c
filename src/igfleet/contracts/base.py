"""The base of every contract and the types they share."""

import math
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, PlainSerializer, SecretStr


class Contract(BaseModel):
    """A message between ui and worker.

    Unknown fields are ignored, so that two roles one version apart understand each other. Fields are added with a
    default and never renamed.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Strict(BaseModel):
    """A value made on this side, where an unknown field is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _reveal(secret: SecretStr) -> str:
    return secret.get_secret_value()


WireSecret = Annotated[SecretStr, PlainSerializer(_reveal, return_type=str, when_used="json")]
"""A secret that prints as stars and is written out only into JSON for the wire."""

MOST = 2**63 - 1
"""The largest whole number that a table holds."""
_DEEPEST = 50
_YEARS = range(1970, 9000)


def _storable(value: JsonValue, depth: int = 0) -> JsonValue:
    if depth > _DEEPEST:
        raise ValueError(f"is nested more than {_DEEPEST} deep")
    if isinstance(value, str) and "\x00" in value:
        raise ValueError("contains a zero byte")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("is no finite number")
    if isinstance(value, list | dict):
        for item in [*value, *value.values()] if isinstance(value, dict) else value:
            _storable(item, depth + 1)
    return value


def _usual(moment: datetime) -> datetime:
    if moment.year not in _YEARS:
        raise ValueError("is a time that cannot be")
    return moment


Id = Annotated[int, Field(ge=1, le=MOST)]
"""A row's id."""

Whole = Annotated[int, Field(ge=0, le=MOST)]
"""A number of things."""

Facts = Annotated[dict[str, JsonValue], AfterValidator(_storable)]
"""Anything in JSON that PostgreSQL can store."""

Moment = Annotated[
    datetime, AfterValidator(_usual), Field(json_schema_extra={"pattern": r"^(19[7-9][0-9]|[2-8][0-9]{3})-"})
]
"""A time that PostgreSQL can store, whatever its offset."""

Text = Annotated[str, Field(max_length=10_000, pattern=r"^[^\x00]*$")]
"""A text of bounded length that PostgreSQL can store."""

Word = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]+$")]
"""A short name."""
