"""The description of the API, arranged for reading."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from litestar import Litestar

from igfleet.ui.api.description import description

type Json = dict[str, Any]
_REF = "#/components/schemas/"
_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a field of a body or an answer."""

    name: str
    where: str
    """`path`, `query`, `header`, or `body`."""
    type: str
    is_needed: bool
    about: str


@dataclass(frozen=True, slots=True)
class Operation:
    method: str
    path: str
    about: str
    takes: Sequence[Field]
    example: Json | None
    answers: str
    """The name of what it answers with."""
    fields: Sequence[Field] = ()
    """Of the answer, or of one item of a page."""

    @property
    def anchor(self) -> str:
        """A name for links within the page."""
        words = "".join(one if one.isalnum() else "-" for one in f"{self.method}-{self.path}")
        return "-".join(part for part in words.lower().split("-") if part)


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    operations: list[Operation] = field(default_factory=list)


@cache
def groups_of(app: Litestar) -> list[Group]:
    """The operations by their tag, in the order of the description."""
    document = description(app)
    schemas = document["components"]["schemas"]
    found: dict[str, Group] = {}
    for path, item in document["paths"].items():
        for method in (one for one in _METHODS if one in item):
            operation = item[method]
            name = operation.get("tags", ["Other"])[0]
            found.setdefault(name, Group(name)).operations.append(_read(method, path, operation, schemas))
    return list(found.values())


def _read(method: str, path: str, operation: Json, schemas: Json) -> Operation:
    body = _content(operation.get("requestBody", {}))
    good = [answer for code, answer in operation["responses"].items() if code.startswith("2")]
    answer = _content(good[0])
    shown = _resolved(answer, schemas)
    items = shown.get("properties", {}).get("items", {}).get("items", {})
    example = next(iter(_resolved(body, schemas).get("examples", [])), None)
    return Operation(
        method=method.upper(),
        path=path,
        about=str(operation.get("description", "")),
        takes=[*_parameters(operation, schemas), *_fields(body, schemas)],
        example=example,
        answers=_type(answer, schemas),
        fields=list(_fields(items or answer, schemas)),
    )


def _parameters(operation: Json, schemas: Json) -> Iterator[Field]:
    for one in operation.get("parameters", []):
        schema = one.get("schema", {})
        about = one.get("description") or schema.get("description") or ""
        yield Field(one["name"], one["in"], _type(schema, schemas), bool(one.get("required")), about)


def _fields(schema: Json, schemas: Json) -> Iterator[Field]:
    whole = _resolved(schema, schemas)
    for name, inner in whole.get("properties", {}).items():
        about = inner.get("description") or ""
        yield Field(name, "body", _type(inner, schemas), name in whole.get("required", []), about)


def _content(holder: Json) -> Json:
    kinds: Json = holder.get("content", {})
    found: Json = next(iter(kinds.values()))["schema"] if kinds else {}
    return found


def _resolved(schema: Json, schemas: Json) -> Json:
    ref = schema.get("$ref", "")
    found: Json = schemas.get(ref.removeprefix(_REF), {}) if ref else schema
    return found


def _type(schema: Json, schemas: Json) -> str:
    """In a few words: `integer`, `string, date-time`, `list of AccountView`, `one of a, b`."""
    if "$ref" in schema:
        target = _resolved(schema, schemas)
        return _type(target, schemas) if "enum" in target else str(target.get("title", "object"))
    if "oneOf" in schema or "anyOf" in schema:
        kinds = [_type(one, schemas) for one in [*schema.get("oneOf", ()), *schema.get("anyOf", ())]]
        return " or ".join(dict.fromkeys(kinds))
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    kind = schema.get("type", "anything")
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "array":
        return f"list of {_type(schema.get('items', {}), schemas)}"
    return f"{kind}, {schema['format']}" if "format" in schema else str(kind)
