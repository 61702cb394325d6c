"""What schemathesis is told of our world: ids that exist. Loaded by it through SCHEMATHESIS_HOOKS."""

import json
import os
from typing import Any

import schemathesis

KNOWN = "FUZZ_KNOWN"
"""The variable that holds, as JSON, values that exist by the name of their parameter."""
_LONGEST_S = 30
_known: dict[str, list[Any]] = json.loads(os.environ.get(KNOWN, "{}"))


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Half of what is a good id anyway becomes one that exists; what is meant to be wrong stays wrong."""
    for name, value in (path_parameters or {}).items():
        known = _known.get(name, [])
        if known and _is_good(name, value, known) and path_parameters is not None:
            path_parameters[name] = _chosen(known, value)
    return path_parameters


@schemathesis.hook
def before_call(context: Any, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    """Nobody waits as long as would be allowed."""
    for given in (case.query, case.body):
        wait = given.get("wait_s") if isinstance(given, dict) else None
        if isinstance(given, dict) and isinstance(wait, int | float) and 0 < wait <= _LONGEST_S:
            given["wait_s"] = 0


def _is_good(name: str, value: Any, known: list[Any]) -> bool:
    if isinstance(known[0], int):
        return isinstance(value, int) and not isinstance(value, bool) and value > 0
    return isinstance(value, str) and (name == "kind" or len(value) == len(str(known[0]))) and value.isprintable()


def _chosen(known: list[Any], value: Any) -> Any:
    number = value if isinstance(value, int) else sum(map(ord, value))
    return known[number // 2 % len(known)] if number % 2 == 0 else value
