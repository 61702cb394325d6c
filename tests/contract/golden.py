"""One example message of each contract model, kept in `golden/`: what was written once must be understood for ever.

`python -m tests.contract.golden` writes the ones that are missing. One that no longer fits tells of a broken contract:
never rewrite it.
"""

import importlib
import json
import pkgutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

import igfleet.contracts
from igfleet.contracts.base import Contract

FOLDER = Path(__file__).parent / "golden"
_MOMENT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
_UUID = "6f1c2a90-3d6b-4c6e-9a57-0d5d8f3b7a11"
_FORMATS = {
    "date-time": _MOMENT.isoformat().replace("+00:00", "Z"),
    "uuid": _UUID,
    "uri": "https://box.example/",
    "date": "2026-03-01",
}
_BY_NAME: dict[str, Any] = {"exit_ip": "192.0.2.7", "target": "i.example:443", "echo": ["https://echo.example/ip"]}
"""Where a validator wants more than the schema says."""
_PATTERNS = {
    r"^[A-Z]{2}$": "NO",
    r"^[0-9a-f]{64}$": "ab" * 32,
    r"^[0-9a-f]{16}$": "0123456789abcdef",
    r"^[0-9]{1,19}$": "3141592653589793",
    r"^(http|https|socks5|socks5h)$": "socks5",
    r"^(debug|info|warning|error)$": "warning",
}


def contracts() -> dict[str, type[Contract]]:
    """Every contract model by name."""
    for module in pkgutil.iter_modules(igfleet.contracts.__path__, "igfleet.contracts."):
        importlib.import_module(module.name)
    found: dict[str, type[Contract]] = {}
    waiting = list(Contract.__subclasses__())
    while waiting:
        model = waiting.pop()
        waiting.extend(model.__subclasses__())
        if model.__module__.startswith("igfleet.contracts."):
            found[model.__name__] = model
    return dict(sorted(found.items()))


def example(model: type[Contract]) -> dict[str, Any]:
    """A message with every field filled in."""
    schema = model.model_json_schema(mode="validation")
    made = model.model_validate(_value(schema, schema.get("$defs", {})))
    told: dict[str, Any] = TypeAdapter(model).dump_python(made, mode="json")
    return told


def _value(part: dict[str, Any], known: dict[str, Any]) -> Any:
    """A value that fits a part of a schema."""
    if "$ref" in part:
        return _value(known[part["$ref"].rpartition("/")[2]], known)
    if options := part.get("anyOf") or part.get("allOf"):
        return _value(next(one for one in options if one.get("type") != "null"), known)
    if "const" in part or "enum" in part:
        return part.get("const", part.get("enum", [None])[-1])
    make = _BY_TYPE.get(part.get("type", ""))
    return make(part, known) if make else {"shape": "of the kind"}


def _object(part: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    if "properties" in part:
        return {name: _BY_NAME.get(name) or _value(one, known) for name, one in part["properties"].items()}
    inner = part.get("additionalProperties")
    return {"likes": _value(inner, known) if isinstance(inner, dict) else 2}


def _array(part: dict[str, Any], known: dict[str, Any]) -> list[Any]:
    return [_value(one, known) for one in part.get("prefixItems") or [part.get("items", {})]]


def _number(part: dict[str, Any], _known: dict[str, Any]) -> float:
    least = max(part.get("minimum", 2.5), part.get("exclusiveMinimum", 0) + 0.5)
    return int(least + 0.5) if part["type"] == "integer" else float(least)


def _text(part: dict[str, Any], _known: dict[str, Any]) -> str:
    if part.get("format") in _FORMATS:
        return _FORMATS[part["format"]]
    pattern = part.get("pattern", "")
    return _PATTERNS.get(pattern, "a text with an ü" if "x00" in pattern or not pattern else "plain_word_1")


def _truth(_part: dict[str, Any], _known: dict[str, Any]) -> bool:
    return True


_BY_TYPE: dict[str, Callable[[dict[str, Any], dict[str, Any]], Any]] = {
    "object": _object,
    "array": _array,
    "integer": _number,
    "number": _number,
    "string": _text,
    "boolean": _truth,
}


def write_missing() -> list[str]:
    """Write an example for each model that has none; their names."""
    FOLDER.mkdir(exist_ok=True)
    written = []
    for name, model in contracts().items():
        path = FOLDER / f"{name}.json"
        if not path.exists():
            path.write_text(json.dumps(example(model), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
            written.append(name)
    return written


if __name__ == "__main__":
    print("\n".join(write_missing()))
