"""What the captions of a set look like when they are used. No database here."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from igfleet.errors import Invalid
from igfleet.runners.captions import one_per_line, parse_csv, parse_template, seeded
from igfleet.ui.planning.draft import CaptionForm, Captions

SHOWN = 10
_SEED = 1
_DAY = "2026-05-31"


@dataclass(frozen=True, slots=True)
class Sample:
    """One caption as it would be published."""

    of: str
    """What it is for: a line, a video, an account."""
    caption: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """The first captions, and how many there are; a template has so many different ones, variables aside."""

    samples: Sequence[Sample]
    count: int


def read(captions: Captions) -> Preview:
    """The first ten. Raises `CaptionError` with line and column, and `Invalid` for an empty text."""
    text = captions.text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise Invalid("There is no caption yet.", {"text": "is empty"})
    match captions.form:
        case CaptionForm.ONE:
            return Preview([Sample("every video", text)], 1)
        case CaptionForm.LINES:
            return _lines(text)
        case CaptionForm.TEMPLATE:
            return _template(text)
        case CaptionForm.CSV:
            return _csv(text, captions.timezone)


def _lines(text: str) -> Preview:
    lines = one_per_line(text, text.removesuffix("\n").count("\n") + 1)
    return Preview([Sample(f"video {number}", line) for number, line in enumerate(lines[:SHOWN], 1)], len(lines))


def _template(text: str) -> Preview:
    template = parse_template(text)
    samples = []
    for number in range(1, SHOWN + 1):
        who = f"nord_{number:02}"
        values = {"username": who, "n": 1, "total": 1, "video": f"clip_{number}", "date": _DAY}
        samples.append(Sample(f"@{who}", template.render(seeded(_SEED, "preview", number), **values)))
    return Preview(samples, template.variants)


def _csv(text: str, zone: str) -> Preview:
    rows = parse_csv(text, ZoneInfo(zone))
    samples = []
    for row in rows[:SHOWN]:
        told = (
            f"@{row.account}" if row.account else "",
            f"at {row.publish_at:%Y-%m-%d %H:%M}" if row.publish_at else "",
            row.location.name if row.location else "",
            " ".join(f"@{name}" for name in row.mentions),
            f"cover {row.cover}" if row.cover else "",
        )
        samples.append(Sample(row.video, row.caption, ", ".join(part for part in told if part)))
    return Preview(samples, len(rows))
