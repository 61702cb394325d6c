"""The APIs described by OpenAPI. Paths and parameters are Litestar's; bodies and answers are pydantic's own schemas,
which know examples and what each field means. Every status that a call may answer with is named."""

import inspect
import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from litestar import Litestar, Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.routes import HTTPRoute
from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from igfleet.contracts.base import MOST
from igfleet.contracts.worker_api import Problem

type Json = dict[str, Any]
OPERATORS = "/api/v1"
EVERYTHING = ("/api", "/health", "/metrics")
RANGED = "ranged"
"""In a handler's `opt`: the sorts of file that it answers with, whole or a range of it."""
PLAYABLE = {RANGED: ("video/mp4", "image/jpeg")}
"""The `opt` of the library's files."""
RAW = "raw"
"""In a handler's `opt`: its body is bytes."""
MAY = "may"
"""In a handler's `opt`: further statuses that it refuses with."""
_REF = "#/components/schemas/{model}"
_ABOUT = (
    "Everything that the dashboard does. Send a key of yours as `Authorization: Bearer igfk_…`. Lists are pages: pass "
    "`next_cursor` on as `cursor` until it is null. Send an `Idempotency-Key` with what changes something, and the "
    "same request again is answered again and not done again. Errors are problems by RFC 9457 with a `reason_code`."
)
_WHOLE = (
    "What programs call: below `/api/v1` those of people, with a key of theirs; below `/api` workers, with a worker's "
    "token; and what watches over this igfleet. Errors are problems by RFC 9457 with a `reason_code`."
)
_BEARER = {"type": "http", "scheme": "bearer", "description": "A key of the operator API, or a worker's token"}
_WORDS = {
    400: "No HTTP or no JSON that could be read",
    401: "No token or key that is known here",
    403: "The token or key does not open this",
    404: "Not there, or not for this token or key",
    409: "Not as things are now",
    413: "Larger than is taken",
    416: "No such range",
    422: "Not as it should be: each field is named",
    423: "Not permitted now: the budget is spent, or something is paused",
    502: "Another server that had to be asked did not answer",
    503: "The database does not answer, or this process is stopping: the same request may be repeated",
}


@cache
def description(app: Litestar) -> Json:
    """The operator API, as an OpenAPI 3.1 document."""
    return _document(app, "igfleet operator API", _ABOUT, (OPERATORS,))


@cache
def whole_description(app: Litestar) -> Json:
    """The same of everything that programs call."""
    return _document(app, "igfleet", _WHOLE, EVERYTHING)


class Described(JsonRenderPlugin):
    """What `/schema` answers, in place of Litestar's own document."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: Json) -> bytes:
        """The document as JSON."""
        return json.dumps(whole_description(request.app)).encode()


def _document(app: Litestar, title: str, about: str, roots: tuple[str, ...]) -> Json:
    told = app.openapi_schema.to_schema()
    handlers = dict(_handlers(app, roots))
    kinds = {(repr(kind), mode): kind for handler in handlers.values() for kind, mode in _kinds(handler)}
    kinds[repr(Problem), "serialization"] = Problem
    inputs = [(name, mode, TypeAdapter(kind)) for (name, mode), kind in sorted(kinds.items(), key=lambda one: one[0])]
    refs, defined = TypeAdapter.json_schemas(inputs, ref_template=_REF)
    paths: Json = {}
    for (path, method), handler in handlers.items():
        one = told["paths"][path][method]
        parameters = [_bounded(_inlined(each, told["components"]["schemas"])) for each in one.get("parameters", [])]
        paths.setdefault(path, {})[method] = _operation({**one, "parameters": parameters}, handler, refs)
    return {
        "openapi": told["openapi"],
        "info": {"title": title, "version": told["info"]["version"], "description": about},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": defined["$defs"], "securitySchemes": {"bearer": _BEARER}},
        "security": [{"bearer": []}],
    }


def _handlers(app: Litestar, roots: tuple[str, ...]) -> Iterator[tuple[tuple[str, str], HTTPRouteHandler]]:
    """By path and method, in the order in which they are written down."""
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.path.startswith(roots):
            for handler in route.route_handlers:
                if handler.include_in_schema is not False:
                    for method in sorted(str(one).lower() for one in handler.http_methods - {"OPTIONS", "HEAD"}):
                        yield (route.path_format, method), handler


def _kinds(handler: HTTPRouteHandler) -> Iterator[tuple[Any, JsonSchemaMode]]:
    body, answer = _body(handler), _answer(handler)
    if body is not None:
        yield body, "validation"
    if answer is not None:
        yield answer, "serialization"


def _operation(told: Json, handler: HTTPRouteHandler, refs: Mapping[Any, Json]) -> Json:
    """Litestar's operation with our words and schemas in it."""
    made: Json = {name: told[name] for name in ("tags", "operationId", "parameters") if name in told}
    made["description"] = " ".join((inspect.getdoc(handler.fn) or "").split())
    body, answer = _body(handler), _answer(handler)
    if body is not None:
        schema = refs[repr(body), "validation"]
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    elif handler.opt.get(RAW):
        made["requestBody"] = {"required": False, "content": {"application/octet-stream": {"schema": {}}}}
    code, good = next((code, good) for code, good in told["responses"].items() if code.startswith("2"))
    if answer is not None:
        good = {"content": {"application/json": {"schema": refs[repr(answer), "serialization"]}}}
    made["responses"] = {code: {"description": "Done", "content": good["content"]}}
    if handler.opt.get(RANGED):
        content: Json = {sort: {"schema": {}} for sort in handler.opt[RANGED]}
        made["responses"] = {code: {"description": words, "content": content} for code, words in _FILE.items()}
    if handler.opt.get("public"):
        made["security"] = []
    problem = {"application/problem+json": {"schema": refs[repr(Problem), "serialization"]}}
    for status in sorted(_refusals(handler, made)):
        made["responses"][str(status)] = {"description": _WORDS[status], "content": problem}
    return made


_FILE = {"200": "The file", "206": "A range of it", "416": _WORDS[416]}


def _refusals(handler: HTTPRouteHandler, made: Json) -> set[int]:
    """The statuses of the problems that it may answer with."""
    found = {422, 503, *handler.opt.get(MAY, ())}
    if not handler.opt.get("public"):
        found |= {401, 403}
    if made.get("parameters") or "requestBody" in made:
        found |= {404}
    if handler.http_methods - {"GET", "HEAD", "OPTIONS"}:
        found |= {400, 409, 413}
    return found


def _inlined(value: Any, known: Json) -> Any:
    """With what is referred to in its place: words of an enum, of which a parameter has nothing but the name."""
    if isinstance(value, dict):
        ref = value.get("$ref")
        if ref is not None:
            return {name: inner for name, inner in known[ref.rsplit("/", 1)[-1]].items() if name in ("type", "enum")}
        return {name: _inlined(inner, known) for name, inner in value.items()}
    return [_inlined(inner, known) for inner in value] if isinstance(value, list) else value


def _bounded(parameter: Json) -> Json:
    """With what holds for every parameter of this kind: see `ui/security/sound.py`."""
    schema: Json = parameter["schema"]
    kinds = [schema, *schema.get("oneOf", ())]
    for kind in kinds:
        if kind.get("type") == "integer":
            limits = {"minimum": 0, "maximum": MOST} | kind
            kind |= {name: min(int(limits[name]), MOST) for name in ("minimum", "maximum")}  # Litestar's are floats
        elif kind.get("type") == "string" and not kind.keys() & {"enum", "format", "pattern"}:
            kind["pattern"] = r"^[0-9a-f]{64}$" if parameter["name"] == "sha256" else r"^[^\x00]*$"
    return parameter


def _body(handler: HTTPRouteHandler) -> Any:
    data = handler.parsed_fn_signature.parameters.get("data")
    return data.raw if data is not None else None


def _answer(handler: HTTPRouteHandler) -> Any:
    """What stands in the JSON of its answer; None when that is no JSON."""
    returned = handler.parsed_fn_signature.return_type
    kind = returned.inner_types[0] if returned.is_subclass_of(Response) and returned.inner_types else returned
    return None if kind.annotation in (Any, str, bytes) else kind.annotation
