"""The declarative base, shared column types and the naming of constraints."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    CheckConstraint,
    ColumnElement,
    DateTime,
    Identity,
    MetaData,
    any_,
    cast,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, mapped_column

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

Moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]
Created = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]
Key = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
Json = Annotated[dict[str, Any], mapped_column(JSONB)]


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)
    # read by SQLAlchemy
    type_annotation_map = {datetime: DateTime(timezone=True), int: BigInteger, dict[str, Any]: JSONB}


def among(
    column: ColumnElement[int] | InstrumentedAttribute[int], ids: Iterable[int] | BindParameter[Any]
) -> ColumnElement[bool]:
    """Whether a column holds one of these ids; as one parameter, so that there may be any number of them.

    A statement that is built once names the parameter, and gets a list with each execution.
    """
    return column == any_(cast(ids if isinstance(ids, BindParameter) else list(ids), ARRAY(BigInteger)))


def one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    """A text column holds one word of an enum: text and a check, so that adding a word is a cheap migration."""
    listed = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")
