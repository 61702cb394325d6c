"""The base of every contract and the types they share."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, SecretStr


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

Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
"""A row's id."""

Text = Annotated[str, Field(max_length=10_000, pattern=r"^[^\x00]*$")]
"""A text of bounded length that PostgreSQL can store."""

Word = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]+$")]
"""A short name."""
