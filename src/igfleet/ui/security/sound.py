"""Requests that no table can answer are refused before any handler sees them: one rule for every route."""

from collections.abc import Iterable
from typing import Any

from litestar.connection import ASGIConnection, Request
from litestar.handlers import BaseRouteHandler

from igfleet.contracts.base import MOST
from igfleet.errors import Invalid, NotFound

ZERO = "\x00"


class SoundRequest(Request[Any, Any, Any]):
    """A request whose broken body is the caller's fault, in every way in which it can be broken."""

    async def json(self) -> Any:
        """The body as JSON. Raises `Invalid`, and what Litestar raises."""
        try:
            return await super().json()
        except UnicodeDecodeError:
            raise Invalid("The body is not UTF-8.") from None
        except RecursionError:
            raise Invalid("The body is nested too deep.") from None


async def only_sound(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Ids are within 64 bits, and no text holds a zero byte. Raises `NotFound`, `Invalid`."""
    for value in connection.path_params.values():
        if (isinstance(value, int) and not 0 <= value <= MOST) or ZERO in str(value):
            raise NotFound("There is nothing at this address.")
    for name, value in connection.query_params.multi_items():
        if ZERO in name or ZERO in value:
            raise Invalid("The address contains a zero byte.", {name.replace(ZERO, "")[:50]: "contains a zero byte"})


def sound_field(name: str, value: object) -> object:
    """A field of a form. Raises `Invalid`."""
    if isinstance(value, str) and ZERO in value:
        raise Invalid("The form contains a zero byte: paste it as plain text.", {name[:50]: "contains a zero byte"})
    return value


def ids_of(texts: Iterable[str]) -> list[int]:
    """The ids among these, in their order."""
    found = (id_of(text) for text in texts)
    return [key for key in found if key is not None]


def id_of(text: str) -> int | None:
    """The id that a field holds; None for anything else."""
    if not text.isascii() or not text.isdecimal() or len(text) > len(str(MOST)) or int(text) > MOST:
        return None
    return int(text)
