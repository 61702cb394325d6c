"""Jinja2 for the pages: escaped always, undefined names are errors, words of states from one table."""

import re
import shlex
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template.config import TemplateConfig
from markupsafe import Markup, escape

from igfleet import __version__, clock, resources
from igfleet.plurals import counted, number
from igfleet.reasons import REASONS
from igfleet.runners import KINDS, runner_of
from igfleet.settings import UiSettings
from igfleet.ui import static_files
from igfleet.ui.icons import drawings
from igfleet.ui.verification import incidents
from igfleet.ui.words import ORIGINS, look

_REEL = re.compile(r"https://www\.instagram\.com/(reel/[A-Za-z0-9_-]+/?)")
_TO_THE_SECOND = len("2026-01-01 00:00:00")
_JUST_NOW_S, _TENTHS_BELOW_S = 2, 10
_LISTED = 8
"""So many values of a list are written out."""
_SIGNS = ("icon", "badge", "kind_icon")
"""Macros of `_signs.html`. A list calls them hundreds of times with the same few words, so each is written once."""
_REASONS = {code.value: reason for code, reason in REASONS.items()}
_STEPS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


class _Compiled(BytecodeCache):
    """Templates are compiled once in a process, also when several environments use them."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if found := self._kept.get(bucket.key):
            bucket.bytecode_from_string(found)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


_compiled = _Compiled()


def config(settings: UiSettings) -> TemplateConfig[JinjaTemplateEngine]:
    """The template engine of the app."""
    return TemplateConfig(instance=JinjaTemplateEngine.from_environment(environment(settings)))


def environment(settings: UiSettings) -> Environment:
    """The environment with our filters and globals."""
    made = Environment(
        loader=FileSystemLoader(resources.folder("templates")),
        autoescape=True,
        auto_reload=False,  # it would look at each file again for each include
        undefined=StrictUndefined,
        bytecode_cache=_compiled,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        plain=plain,
        words=words,
        flat=flat,
        counted=counted,
        when=when,
        ago=ago,
        lasts=lasts,
        latency=latency,
        size=size,
        number=number,
        shell=shlex.quote,
        coded=coded,
    )
    made.globals.update(
        static=static_files.address,
        icons=drawings(),
        look=look,
        origins=ORIGINS,
        reason_of=reason_of,
        kinds=KINDS,
        kind_of=runner_of,
        incident_told=incidents.told,
        incident_known=incidents.known,
        is_sandbox=not settings.is_live,
        version=__version__,
        post_link=lambda link, mode: post_link(settings, link, mode),
        with_query=with_query,
        now=lambda: clock.now().isoformat(),
    )
    signs = made.get_template("_signs.html").module
    made.globals.update({name: lru_cache(1024)(getattr(signs, name)) for name in _SIGNS})
    return made


def when(moment: datetime | None) -> str:
    """A time as people read it, in UTC."""
    return moment.astimezone(UTC).isoformat(" ", "seconds")[:_TO_THE_SECOND] if moment else "–"


def ago(moment: datetime | None) -> str:
    """How long ago, as an element that the page keeps true: "5 s ago", "3 h ago"."""
    if moment is None:
        return "never"
    seconds = int((clock.now() - moment).total_seconds())
    words = "just now"
    for length, unit in _STEPS:
        if seconds >= max(length, _JUST_NOW_S):
            words = f"{seconds // length}\u00a0{unit}\u00a0ago"
            break
    at = moment.astimezone(UTC).isoformat()
    title = at[:_TO_THE_SECOND].replace("T", " ")
    # All of it is made here, so that there is nothing to escape: lists hold hundreds of these.
    return Markup(f'<time data-ago datetime="{at}" title="{title} UTC">{words}</time>')


def lasts(seconds: float | None) -> str:
    """A length of time in its largest fitting unit; tenths below ten seconds."""
    if seconds is None:
        return "–"
    for length, unit in _STEPS:
        if seconds >= max(length, _TENTHS_BELOW_S):
            return f"{seconds / length:.0f}\u00a0{unit}"
    return f"{seconds:.1f}".removesuffix(".0") + "\u00a0s"


def latency(milliseconds: int) -> str:
    """A short time: "312 ms", "4.2 s"."""
    if milliseconds < 1000:
        return f"{milliseconds}\u00a0ms"
    seconds = milliseconds / 1000
    return f"{seconds:.1f}\u00a0s" if seconds < 10 else f"{seconds:.0f}\u00a0s"


def size(count: float | None) -> str:
    """Bytes in the largest fitting unit."""
    if count is None:
        return "–"
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024 or unit == "GiB":
            return f"{count:.0f}\u00a0{unit}" if unit == "B" else f"{count:.1f}\u00a0{unit}"
        count /= 1024
    return f"{count:.1f}\u00a0GiB"


def coded(text: str) -> str:
    """What stands between backticks as code, the rest as it is; all of it escaped."""
    parts = enumerate(text.split("`"))
    return Markup("").join(Markup("<code>{}</code>").format(part) if at % 2 else escape(part) for at, part in parts)


def reason_of(code: str | None) -> Any:
    """The four answers for a reason code; None when there is none."""
    return _REASONS.get(code or "")


def post_link(settings: UiSettings, link: str | None, mode: str) -> str | None:
    """Where a post can be looked at: a simulated one on the sandbox's own page."""
    if link is None or mode == "live":
        return link
    found = _REEL.fullmatch(link)
    return f"{settings.sandbox_url.rstrip('/')}/{found.group(1)}" if found and settings.sandbox_url else None


def plain(value: Any) -> str:
    """A value of a result as people read it."""
    if value is None or value == "" or value == [] or value == {}:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{words(str(name))}: {plain(inner)}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        more = len(value) - _LISTED
        return ", ".join(plain(inner) for inner in value[:_LISTED]) + (f" and {more} more" if more > 0 else "")
    return f"{value:g}" if isinstance(value, float) else str(value)


def flat(values: list[Any]) -> list[Any]:
    """A list without lists in it: one value, or a list of them, alike."""
    return [inner for value in values for inner in (value if isinstance(value, list) else [value])]


def words(name: str) -> str:
    """A name of the code as words: `signed_in` is "signed in"."""
    return name.replace("_", " ")


def with_query(given: Mapping[str, str], **changes: str | int | None) -> str:
    """A query string: the present one with changes; None and empty ones are left out."""
    merged = {**given, **{name: value for name, value in changes.items() if value is not None}}
    return "?" + urlencode({name: value for name, value in merged.items() if value != ""})
