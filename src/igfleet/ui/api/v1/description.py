"""The operator API described by OpenAPI. Paths and parameters are Litestar's; bodies and answers are pydantic's own
schemas, which know examples and what each field means."""

import inspect
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from igfleet.contracts.worker_api import Problem

type Json = dict[str, Any]
type Model = tuple[type[BaseModel], JsonSchemaMode]
_ROOT = "/api/v1"
_REF = "#/components/schemas/{model}"
_ABOUT = (
    "Everything that the dashboard does. Send a key of yours as `Authorization: Bearer igfk_…`. Lists are pages: pass "
    "`next_cursor` on as `cursor` until it is null. Send an `Idempotency-Key` with what changes something, and the "
    "same request again is answered again and not done again. Errors are problems by RFC 9457 with a `reason_code`."
)
_BEARER = {"type": "http", "scheme": "bearer", "description": "A key of the operator API"}


@cache
def description(app: Litestar) -> Json:
    """An OpenAPI 3.1 document."""
    whole = app.openapi_schema.to_schema()
    handlers = dict(_handlers(app))
    models: set[Model] = {(Problem, "serialization")}
    models.update(one for handler in handlers.values() for one in _models(handler))
    refs, defined = models_json_schema(sorted(models, key=repr), ref_template=_REF)
    paths: Json = {}
    for (path, method), handler in handlers.items():
        told = whole["paths"][path][method]
        told = {**told, "parameters": _inlined(told.get("parameters", []), whole["components"]["schemas"])}
        paths.setdefault(path, {})[method] = _operation(told, handler, refs)
    return {
        "openapi": whole["openapi"],
        "info": {"title": "igfleet operator API", "version": whole["info"]["version"], "description": _ABOUT},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": defined["$defs"], "securitySchemes": {"bearer": _BEARER}},
        "security": [{"bearer": []}],
    }


def _handlers(app: Litestar) -> Iterator[tuple[tuple[str, str], HTTPRouteHandler]]:
    """By path and method, in the order in which they are written down."""
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.path.startswith(_ROOT):
            for handler in route.route_handlers:
                if handler.include_in_schema is not False:
                    for method in sorted(str(one).lower() for one in handler.http_methods - {"OPTIONS", "HEAD"}):
                        yield (route.path_format, method), handler


def _models(handler: HTTPRouteHandler) -> Iterator[Model]:
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
        schema = refs[body, "validation"]
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    code, good = next((code, good) for code, good in told["responses"].items() if code.startswith("2"))
    if answer is not None:
        good = {"content": {"application/json": {"schema": refs[answer, "serialization"]}}}
    problem = {"application/problem+json": {"schema": refs[Problem, "serialization"]}}
    made["responses"] = {
        code: {**good, "description": "Done"},
        "default": {"description": "A problem: nothing was changed, unless it says so", "content": problem},
    }
    return made


def _inlined(value: Any, known: Json) -> Any:
    """With what is referred to in its place: words of an enum, of which a parameter has nothing but the name."""
    if isinstance(value, dict):
        ref = value.get("$ref")
        if ref is not None:
            return {name: inner for name, inner in known[ref.rsplit("/", 1)[-1]].items() if name in ("type", "enum")}
        return {name: _inlined(inner, known) for name, inner in value.items()}
    return [_inlined(inner, known) for inner in value] if isinstance(value, list) else value


def _body(handler: HTTPRouteHandler) -> type[BaseModel] | None:
    data = handler.parsed_fn_signature.parameters.get("data")
    return _model(data.annotation) if data is not None else None


def _answer(handler: HTTPRouteHandler) -> type[BaseModel] | None:
    returned = handler.parsed_fn_signature.return_type
    inner = returned.inner_types[0] if returned.inner_types and not _model(returned.annotation) else returned
    return _model(inner.annotation)


def _model(kind: Any) -> type[BaseModel] | None:
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None
