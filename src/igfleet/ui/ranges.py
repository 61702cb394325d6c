"""`Range` and `If-Range` of HTTP (RFC 9110, single ranges of bytes)."""

import re
from dataclasses import dataclass

_ONE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes from `start` up to, not including, `end`."""

    start: int
    end: int
    is_partial: bool


def span_of(wanted: str | None, if_range: str | None, etag: str, size: int) -> Span | None:
    """What to send; None when the range lies outside. Anything not understood means the whole."""
    whole = Span(0, size, is_partial=False)
    found = _ONE.fullmatch((wanted or "").strip())
    if found is None or (if_range is not None and if_range.strip() != etag):
        return whole
    first, last = found.groups()
    if not first and not last:
        return whole
    if not first:
        start, end = max(size - int(last), 0), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
    return Span(start, end, is_partial=True) if start < end else None
