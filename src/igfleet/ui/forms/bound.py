"""The fields of a kind's form with what stands in them, ready for a template."""

from collections.abc import Mapping
from dataclasses import dataclass

from igfleet.contracts.tasks import Method
from igfleet.runners.base import Options, Runner
from igfleet.ui.forms.fields import Field, Widget, fields_of

COMMON = frozenset(Options.model_fields)
"""The options that every kind has; the shell asks for them, not the kind's own form."""
_ALL_METHODS = tuple(method.value for method in Method)


@dataclass(frozen=True, slots=True)
class Bound:
    """A field, the text in it, and what is wrong with it."""

    field: Field
    text: str
    wrong: str
    choices: tuple[str, ...]
    labels: Mapping[str, str]


def bound(
    runner: type[Runner[Options]], texts: Mapping[str, str], wrong: Mapping[str, str], pictures: Mapping[str, str]
) -> dict[str, Bound]:
    """All fields of the kind by name. Of the methods only those that the kind can be done by.

    `pictures` are those of the library: number and name.
    """
    return {
        name: Bound(
            field,
            texts.get(name, ""),
            _wrong(name, wrong),
            _choices(runner, field, pictures),
            pictures if field.widget is Widget.PICTURE else {},
        )
        for name, field in fields_of(runner.options).items()
    }


def own(fields: Mapping[str, Bound]) -> dict[str, Bound]:
    """The fields of the kind alone. A choice of one is none."""
    return {
        name: one for name, one in fields.items() if name not in COMMON and not (one.choices and len(one.choices) == 1)
    }


def _wrong(name: str, wrong: Mapping[str, str]) -> str:
    """Of the field itself, or of a place within it: `rows.3.link_url`."""
    if name in wrong:
        return wrong[name]
    within = [text for place, text in wrong.items() if place.startswith(f"{name}.")]
    return "; ".join(within[:3])


def _choices(runner: type[Runner[Options]], field: Field, pictures: Mapping[str, str]) -> tuple[str, ...]:
    if field.widget is Widget.PICTURE:
        return ("", *pictures)
    if field.choices == _ALL_METHODS:
        return tuple(method.value for method in runner.methods)
    return field.choices
