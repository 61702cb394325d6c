"""The fields of a form, read from a pydantic model: so that a new kind needs no form of its own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from pydantic import BaseModel, JsonValue

type Schema = Mapping[str, Any]

_LONG = 300
"""A text that may be longer is written in an area."""
_ANY_TEXT = (None, r"^[^\x00]+$", r"^[^\x00]*$")


class Widget(StrEnum):
    """How a value is asked for, and how its text is read."""

    NUMBER = "number"
    TEXT = "text"
    AREA = "area"
    LINES = "lines"
    """A list of texts, one a line."""
    WORDS = "words"
    """A list of names, with spaces, commas or line ends between."""
    CHOICE = "choice"
    TICK = "tick"
    PLACE = "place"
    """`lat,lng | Name`, or a name."""
    PICTURE = "picture"
    """A picture of the library, by its number."""
    JSON = "json"
    """Whatever has no better form."""


@dataclass(frozen=True, slots=True)
class Field:
    """One value to be asked for. `name` has dots where models are nested: `recipe.crop.low`."""

    name: str
    label: str
    hint: str
    widget: Widget
    default: JsonValue = None
    least: float | None = None
    most: float | None = None
    is_whole: bool = False
    """A whole number, or a list of such."""
    choices: tuple[str, ...] = ()

    @property
    def path(self) -> tuple[str, ...]:
        return tuple(self.name.split("."))

    @property
    def id(self) -> str:
        return self.name.replace(".", "-")


@cache
def fields_of(model: type[BaseModel]) -> dict[str, Field]:
    """The fields of a model by name, in its order."""
    schema = model.model_json_schema(mode="validation")
    found = _walk(schema, schema.get("$defs", {}), (), {})
    return {field.name: field for field in found}


def _walk(schema: Schema, known: Schema, path: tuple[str, ...], default: Mapping[str, Any]) -> Iterator[Field]:
    for name, part in schema.get("properties", {}).items():
        yield from _field(part, known, (*path, name), default.get(name, part.get("default")))


def _field(part: Schema, known: Schema, path: tuple[str, ...], default: Any) -> Iterator[Field]:
    real = _real(part, known)
    if "form" not in real and (pair := _range(real, known)) is not None:
        yield from _pair(pair, real, known, path, default)
    elif "form" not in real and real.get("type") == "object" and "properties" in real:
        yield from _walk(real, known, path, default if isinstance(default, dict) else {})
    else:
        yield _leaf(real, known, path, default)


def _real(part: Schema, known: Schema) -> dict[str, Any]:
    """The schema itself, behind references and "or none"."""
    own = {name: value for name, value in part.items() if name not in ("$ref", "anyOf", "allOf")}
    if "$ref" in part:
        return _real(known[part["$ref"].rpartition("/")[2]], known) | own
    options = [one for one in part.get("anyOf", part.get("allOf", ())) if one.get("type") != "null"]
    if len(options) == 1:
        return _real(options[0], known) | own
    return dict(part)


def _range(real: Schema, known: Schema) -> Schema | None:
    """What one end of a range looks like; None when it is no range: a pair, or a pair or a single number."""
    for one in [real, *(_real(option, known) for option in real.get("anyOf", ()))]:
        ends = one.get("prefixItems", ())
        if len(ends) == 2 and all(_real(end, known).get("type") in ("number", "integer") for end in ends):
            return _real(ends[0], known)
    return None


def _pair(end: Schema, real: Schema, known: Schema, path: tuple[str, ...], default: Any) -> Iterator[Field]:
    low, high = default if isinstance(default, list | tuple) else (default, default)
    yield _leaf({**end, "title": real.get("title"), "description": real.get("description")}, known, (*path, "0"), low)
    yield _leaf({**end, "title": "to", "description": ""}, known, (*path, "1"), high)


def _leaf(real: Schema, known: Schema, path: tuple[str, ...], default: Any) -> Field:
    return Field(
        name=".".join(path),
        label=_label(real, path),
        hint=" ".join(str(real.get("description") or "").split()),
        widget=Widget.PICTURE if path[-1].endswith("media_id") else _widget(real, known),
        default=default,
        least=real.get("minimum", real.get("exclusiveMinimum")),
        most=real.get("maximum", real.get("exclusiveMaximum")),
        is_whole="integer" in (real.get("type"), _items(real, known).get("type")),
        choices=tuple(map(str, real.get("enum", ()))),
    )


def _label(real: Schema, path: tuple[str, ...]) -> str:
    words = path[-1].replace("_", " ")
    title = str(real.get("title") or "")
    if title and title.lower() != words and "enum" not in real and "properties" not in real:
        return title
    for ending, unit in ((" s", "seconds"), (" h", "hours"), (" ms", "milliseconds"), (" percent", "%")):
        if words.endswith(ending):
            return f"{words.removesuffix(ending).capitalize()} ({unit})"
    return words.capitalize()


def _widget(real: Schema, known: Schema) -> Widget:
    if "form" in real:
        return Widget(real["form"])
    match real.get("type"):
        case "boolean":
            return Widget.TICK
        case "integer" | "number":
            return Widget.NUMBER
        case "string" if "enum" in real:
            return Widget.CHOICE
        case "string":
            return Widget.AREA if real.get("maxLength", 0) > _LONG else Widget.TEXT
        case "array":
            return _list_widget(_items(real, known))
    return Widget.JSON


def _list_widget(items: Schema) -> Widget:
    if items.get("type") == "integer":
        return Widget.WORDS
    if items.get("type") != "string":
        return Widget.JSON
    return Widget.LINES if items.get("pattern") in _ANY_TEXT else Widget.WORDS


def _items(real: Schema, known: Schema) -> Schema:
    return _real(real.get("items", {}), known)
