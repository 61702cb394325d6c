"""Forms made from an options model: every sort of value there and back, and messages at the field."""

from enum import StrEnum
from typing import Annotated

import pytest
from pydantic import BaseModel, Field

from igfleet.contracts.tasks import Place
from igfleet.errors import Invalid
from igfleet.runners import KINDS
from igfleet.ui.forms.fields import Widget, fields_of
from igfleet.ui.forms.reading import read, texts


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Crop(BaseModel):
    percent: tuple[float, float] | float = (0, 5)
    centre: bool = True


class Options(BaseModel):
    amount: Annotated[int, Field(ge=1, le=9)] = 3
    limit: float | None = None
    colour: Colour = Colour.RED
    loud: bool = False
    labels: tuple[str, ...] = ()
    names: tuple[Annotated[str, Field(pattern=r"^[a-z0-9_]+$")], ...] = ()
    rows: Annotated[str, Field(max_length=10_000)] = ""
    crop: Crop = Crop()
    place: Annotated[Place | None, Field(json_schema_extra={"form": "place"})] = None
    extra: dict[str, int] = {}


FIELDS = fields_of(Options)


def test_each_sort_of_value_has_its_widget() -> None:
    assert {name: field.widget for name, field in FIELDS.items()} == {
        "amount": Widget.NUMBER,
        "limit": Widget.NUMBER,
        "colour": Widget.CHOICE,
        "loud": Widget.TICK,
        "labels": Widget.LINES,
        "names": Widget.WORDS,
        "rows": Widget.AREA,
        "crop.percent.0": Widget.NUMBER,
        "crop.percent.1": Widget.NUMBER,
        "crop.centre": Widget.TICK,
        "place": Widget.PLACE,
        "extra": Widget.JSON,
    }
    assert (FIELDS["amount"].least, FIELDS["amount"].most, FIELDS["amount"].is_whole) == (1, 9, True)


def test_a_filled_form_becomes_options() -> None:
    form = {
        "amount": "4",
        "limit": "2,5",
        "colour": "blue",
        "loud": ["no", "yes"],
        "labels": "one two\r\nthree\r\n",
        "names": "@nord_01, nord_02\nnord_03",
        "rows": "a,b\r\nc,d",
        "crop.percent.0": "1",
        "crop.percent.1": "3",
        "crop.centre": "no",
        "place": "59.9,10.7 | Oslo",
        "extra": '{"a": 1}',
    }

    made = Options.model_validate(read(FIELDS.values(), form))

    assert made.model_dump(mode="json") == {
        "amount": 4,
        "limit": 2.5,
        "colour": "blue",
        "loud": True,
        "labels": ["one two", "three"],
        "names": ["nord_01", "nord_02", "nord_03"],
        "rows": "a,b\nc,d",
        "crop": {"percent": [1, 3], "centre": False},
        "place": {"name": "Oslo", "lat": 59.9, "lng": 10.7},
        "extra": {"a": 1},
    }


def test_options_fill_the_form_they_came_from() -> None:
    options = Options(amount=4, labels=("a b", "c"), crop=Crop(percent=2.5), place=Place(name="Oslo"))

    shown = texts(FIELDS.values(), options.model_dump(mode="json"))

    assert Options.model_validate(read(FIELDS.values(), shown)) == options.model_copy(
        update={"crop": Crop(percent=(2.5, 2.5))}
    )


def test_an_empty_form_gives_the_defaults() -> None:
    assert Options.model_validate(read(FIELDS.values(), {name: "" for name in FIELDS if name != "loud"})) == Options()


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("amount", "many", "is not a number"),
        ("amount", "nan", "is not a number that can be used"),
        ("extra", "{", "is not JSON"),
        ("place", "x | y", "A location is written as"),
    ],
)
def test_what_cannot_be_read_is_told_at_its_field(name: str, text: str, told: str) -> None:
    with pytest.raises(Invalid) as caught:
        read(FIELDS.values(), {name: text})

    assert caught.value.fields[name].startswith(told)


@pytest.mark.parametrize("kind", KINDS)
def test_the_form_of_each_kind_gives_back_its_defaults(kind: str) -> None:
    model = KINDS[kind].options
    fields = fields_of(model).values()

    assert model.model_validate(read(fields, texts(fields, {}))) == model.model_validate({})
