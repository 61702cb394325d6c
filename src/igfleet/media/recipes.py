"""Recipes: how a variant of a video is made. Each amount is fixed, or a range from which the seed draws."""

import random
from enum import StrEnum
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

_BETWEEN = ".."


class _Fixed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)


class Span(_Fixed):
    """From `low` to `high`; a fixed amount when both are the same."""

    low: float
    high: float

    @property
    def is_fixed(self) -> bool:
        return self.low == self.high

    def drawn(self, seed: int, name: str, digits: int) -> float:
        """The amount that the seed draws for the field `name`: it depends on nothing else."""
        draw = random.Random(f"{seed}:{name}")  # repeatable choice, no secret
        return round(draw.uniform(self.low, self.high), digits)


def _parsed(value: object) -> object:
    """`5`, `"5"` and `"2..5"` are spans too."""
    if isinstance(value, int | float):
        return {"low": value, "high": value}
    if isinstance(value, str):
        low, is_range, high = value.replace(",", ".").partition(_BETWEEN)
        return {"low": _number(low), "high": _number(high if is_range else low)}
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("is neither a number nor a range: write it as 2 or 1..4") from None


def _written(span: Span) -> float | str:
    return span.low if span.is_fixed else f"{span.low:g}{_BETWEEN}{span.high:g}"


def _within(least: float, most: float) -> AfterValidator:
    def check(span: Span) -> Span:
        if span.high < span.low:
            raise ValueError(f"the first must not be larger than the second: {span.high:g}{_BETWEEN}{span.low:g}")
        if span.low < least or span.high > most:
            raise ValueError(f"must be from {least:g} to {most:g}: a number, or a range such as {least:g}..{most:g}")
        return span

    return AfterValidator(check)


type Amount = Annotated[
    Span,
    BeforeValidator(_parsed),
    PlainSerializer(_written),
    WithJsonSchema({"type": "string", "form": "text"}),
]
"""A number, or a range written as `2..5`."""


class Frame(StrEnum):
    """The size of the picture."""

    KEEP = "keep"
    REEL = "1080x1920"
    """Scaled to fit, with bars where it does not fill it."""


class Corner(StrEnum):
    TOP_LEFT = "top_left"
    TOP_RIGHT = "top_right"
    BOTTOM_LEFT = "bottom_left"
    BOTTOM_RIGHT = "bottom_right"
    CENTRE = "centre"


class Codec(StrEnum):
    H264 = "h264"
    HEVC = "hevc"


class Preset(StrEnum):
    """How long the encoder works for a small file."""

    ULTRAFAST = "ultrafast"
    SUPERFAST = "superfast"
    VERYFAST = "veryfast"
    FASTER = "faster"
    FAST = "fast"
    MEDIUM = "medium"
    SLOW = "slow"


class Overlay(_Fixed):
    """A logo (a picture of the library) or a text on top of the video; nothing when neither is given."""

    text: Annotated[str, Field(max_length=80, pattern=r"^[^\x00-\x1f]*$")] = ""
    """Written on the video, white with a dark rim."""
    logo_media_id: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None
    """A picture of the library, instead of a text."""
    corner: Corner = Corner.BOTTOM_RIGHT
    size_percent: Annotated[float, Field(ge=1, le=100)] = 20
    """Width of the logo or text, of the width of the picture."""
    opacity: Annotated[float, Field(ge=0.05, le=1)] = 1

    @property
    def is_there(self) -> bool:
        return self.logo_media_id is not None or bool(self.text.strip())

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.logo_media_id is not None and self.text.strip():
            raise ValueError("give a logo or a text, not both")
        return self


class Recipe(_Fixed):
    """What is done to the video. Metadata is removed in any case."""

    trim_start_ms: Annotated[Amount, _within(0, 10_000)] = Span(low=0, high=0)
    """Cut off, 0 to 10000."""
    trim_end_ms: Annotated[Amount, _within(0, 10_000)] = Span(low=0, high=0)
    crop_percent: Annotated[Amount, _within(0, 20)] = Span(low=0, high=0)
    """Of width and height, the same on both sides; 0 to 20."""
    frame: Frame = Frame.REEL
    """Scaled to 1080x1920 with bars where it does not fill it, or kept as it is."""
    brightness: Annotated[Amount, _within(-0.2, 0.2)] = Span(low=0, high=0)
    """-0.2 to 0.2; 0 leaves it."""
    contrast: Annotated[Amount, _within(0.7, 1.3)] = Span(low=1, high=1)
    """0.7 to 1.3; 1 leaves it."""
    saturation: Annotated[Amount, _within(0.5, 1.5)] = Span(low=1, high=1)
    """0.5 to 1.5; 1 leaves it."""
    hue_degrees: Annotated[Amount, _within(-30, 30)] = Span(low=0, high=0)
    """-30 to 30; 0 leaves it."""
    speed: Annotated[Amount, _within(0.8, 1.25)] = Span(low=1, high=1)
    """0.8 to 1.25; 1 leaves it."""
    overlay: Overlay = Overlay()
    audio_gain_db: Annotated[Amount, _within(-12, 12)] = Span(low=0, high=0)
    """-12 to 12 decibels; 0 leaves it."""
    codec: Codec = Codec.H264
    crf: Annotated[Amount, _within(15, 35)] = Span(low=23, high=23)
    """Even quality: 15 is finest, 35 is smallest."""
    preset: Preset = Preset.VERYFAST
    bitrate_kbps: Annotated[Amount, _within(300, 25_000)] | None = None
    """An average bit rate, instead of the even quality of `crf`."""
    least_ssim: Annotated[float, Field(ge=0.5, le=0.99)] = 0.85
    """How alike the picture must stay (structural similarity of the brightness, 1 is the same)."""

    @property
    def varies(self) -> bool:
        """Whether two seeds make two variants."""
        amounts = (getattr(self, name) for name in Recipe.model_fields)
        return any(isinstance(amount, Span) and not amount.is_fixed for amount in amounts)


class Drawn(_Fixed):
    """A recipe whose amounts are settled."""

    trim_start_ms: int
    trim_end_ms: int
    crop_percent: float
    frame: Frame
    brightness: float
    contrast: float
    saturation: float
    hue_degrees: float
    speed: float
    overlay: Overlay
    audio_gain_db: float
    codec: Codec
    crf: int
    preset: Preset
    bitrate_kbps: int | None


_DIGITS = {
    "trim_start_ms": 0,
    "trim_end_ms": 0,
    "crop_percent": 2,
    "brightness": 3,
    "contrast": 3,
    "saturation": 3,
    "hue_degrees": 1,
    "speed": 3,
    "audio_gain_db": 1,
    "crf": 0,
    "bitrate_kbps": 0,
}


def drawn(recipe: Recipe, seed: int) -> Drawn:
    """The amounts that a seed draws: the same on every machine."""
    settled: dict[str, object] = {}
    for name in Drawn.model_fields:
        value = getattr(recipe, name)
        settled[name] = value.drawn(seed, name, _DIGITS[name]) if isinstance(value, Span) else value
    return Drawn.model_validate(settled)


def words(settled: Drawn) -> list[str]:
    """What is done to the video, for people: only what changes something."""
    told = {
        "trim_start_ms": f"{settled.trim_start_ms} ms cut off the start",
        "trim_end_ms": f"{settled.trim_end_ms} ms cut off the end",
        "crop_percent": f"cropped by {settled.crop_percent:g} %",
        "brightness": f"brightness {settled.brightness:+g}",
        "contrast": f"contrast × {settled.contrast:g}",
        "saturation": f"saturation × {settled.saturation:g}",
        "hue_degrees": f"hue {settled.hue_degrees:+g}°",
        "speed": f"speed × {settled.speed:g}",
        "audio_gain_db": f"sound {settled.audio_gain_db:+g} dB",
    }
    neutral = drawn(Recipe(), 0)
    found = [text for name, text in told.items() if getattr(settled, name) != getattr(neutral, name)]
    if settled.overlay.is_there:
        found.append(f"“{settled.overlay.text.strip()}” on top" if settled.overlay.text.strip() else "a logo on top")
    return [*found, "1080 × 1920" if settled.frame is Frame.REEL else "its own size"]
