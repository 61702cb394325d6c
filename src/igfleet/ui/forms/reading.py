"""From the fields of a form to options, and back."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import JsonValue

from igfleet.errors import Invalid
from igfleet.runners.captions import parse_place
from igfleet.ui.forms.fields import Field, Widget

_BETWEEN_WORDS = re.compile(r"[\s,;]+")
YES, NO = "yes", "no"
_YES = (YES, "true", "on", "1")


def read(fields: Iterable[Field], form: Mapping[str, Any]) -> dict[str, JsonValue]:
    """The values that the form gives; an empty field gives none. Raises `Invalid` with a message for each field."""
    given: dict[str, JsonValue] = {}
    wrong: dict[str, str] = {}
    for field in fields:
        text = _given(form, field)
        if text is None or (not text.strip() and field.widget not in (Widget.LINES, Widget.WORDS)):
            continue
        try:
            _put(given, field.path, _value(field, text))
        except ValueError as error:
            wrong[field.name] = str(error)
    if wrong:
        raise Invalid("; ".join(f"{name}: {message}" for name, message in wrong.items()), wrong)
    return {name: _as_list(value) for name, value in given.items()}


def texts(fields: Iterable[Field], options: Mapping[str, Any]) -> dict[str, str]:
    """What stands in each field for these options; where they say nothing, the default."""
    return {field.name: _text(field, _get(options, field)) for field in fields}


def last(form: Mapping[str, Any], name: str) -> str | None:
    """The text of a field; of several of one name the last, so that a tick outweighs the hidden "no" before it."""
    value = form.get(name)
    if isinstance(value, list):
        value = value[-1] if value else None
    return value if isinstance(value, str) else None


def listed(form: Mapping[str, Any], name: str) -> list[str]:
    """All texts of a name."""
    value = form.get(name, [])
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def words(text: str) -> list[str]:
    """Names with spaces, commas or line ends between; a leading @ is dropped."""
    return [word.lstrip("@") for word in _BETWEEN_WORDS.split(text) if word.lstrip("@")]


def _given(form: Mapping[str, Any], field: Field) -> str | None:
    """A list may come as many fields of one name: ticked boxes, and an area beside them."""
    if field.widget in (Widget.LINES, Widget.WORDS) and field.name in form:
        return "\n".join(listed(form, field.name))
    return last(form, field.name)


def _value(field: Field, text: str) -> JsonValue:
    match field.widget:
        case Widget.NUMBER | Widget.PICTURE:
            return _number(text)
        case Widget.TICK:
            return text.strip().lower() in _YES
        case Widget.LINES:
            return [line.strip() for line in text.splitlines() if line.strip()]
        case Widget.WORDS if field.is_whole:
            return [_number(word) for word in words(text)]
        case Widget.WORDS:
            return list(words(text))
        case Widget.PLACE:
            place = parse_place(text.strip())
            return place.model_dump(mode="json") if place else None
        case Widget.JSON:
            return _json(text)
        case Widget.AREA:
            return text.replace("\r\n", "\n")
    return text.strip()


def _number(text: str) -> int | float:
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        raise ValueError("is not a number") from None
    if not abs(value) < 1e15:
        raise ValueError("is not a number that can be used")
    return int(value) if value.is_integer() else value


def _json(text: str) -> JsonValue:
    try:
        value: JsonValue = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}") from None
    return value


def _put(given: dict[str, JsonValue], path: tuple[str, ...], value: JsonValue) -> None:
    for name in path[:-1]:
        inner = given.setdefault(name, {})
        assert isinstance(inner, dict)
        given = inner
    given[path[-1]] = value


def _as_list(value: JsonValue) -> JsonValue:
    """A pair was gathered by place: `{"0": 1, "1": 2}` is `[1, 2]`; one end alone is both."""
    if not isinstance(value, dict):
        return value
    if value and set(value) <= {"0", "1"}:
        ends = list(value.values())
        return [ends[0], ends[-1]]
    return {name: _as_list(inner) for name, inner in value.items()}


def _get(options: Mapping[str, Any], field: Field) -> JsonValue:
    found: Any = options
    for name in field.path:
        if isinstance(found, list | tuple) and name.isdigit() and int(name) < len(found):
            found = found[int(name)]
        elif isinstance(found, Mapping) and name in found:
            found = found[name]
        elif isinstance(found, int | float) and not isinstance(found, bool):
            break  # a single number where a range may stand is both ends of it
        else:
            return field.default
    value: JsonValue = found
    return value


def _text(field: Field, value: Any) -> str:
    if value is None:
        return ""
    match field.widget:
        case Widget.TICK:
            return YES if value else NO
        case Widget.LINES:
            return "\n".join(map(str, value))
        case Widget.WORDS:
            return " ".join(map(str, value))
        case Widget.PLACE:
            at = f"{value['lat']},{value['lng']} | " if value.get("lat") is not None else ""
            return f"{at}{value['name']}"
        case Widget.JSON:
            return json.dumps(value, ensure_ascii=False, indent=1)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
