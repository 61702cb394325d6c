"""Caption templates: nested alternatives `{a|b|{c|d}}` and variables `{{username}}`.

A backslash makes the next `{`, `|`, `}` or `\\` an ordinary character; `\\n` breaks the line.
"""

import math
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass

from igfleet.runners.caption_errors import CaptionError

VARIABLES: Mapping[str, str] = {
    "username": "the account's user name",
    "n": "number of the post within its account, from 1",
    "total": "how many posts the account gets",
    "video": "name of the video's file, without its ending",
    "date": "the day of publishing, as in 2026-05-31",
}
"""What may stand between double braces, and what it stands for."""
_VARIABLE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Variable:
    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    options: tuple["Template", ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed caption, or a part of one."""

    parts: tuple[str | Variable | Choice, ...]

    def render(self, draw: random.Random, **variables: object) -> str:
        """One caption. The same `draw` state and variables give the same text."""
        return "".join(_rendered(part, draw, variables) for part in self.parts)

    @property
    def variants(self) -> int:
        """How many different choices the template allows, variables aside."""
        choices = (part for part in self.parts if isinstance(part, Choice))
        return math.prod(sum(option.variants for option in choice.options) for choice in choices)


def seeded(seed: int, *place: object) -> random.Random:
    """Random numbers that depend on the task's seed and the place in the plan only, on every machine."""
    return random.Random(":".join(map(str, (seed, *place))))  # repeatable choice, no secret


def parse_template(text: str) -> Template:
    """Read a template. Raises `CaptionError` for a brace without its partner or an unknown variable."""
    return _Parser(text).whole()


def _rendered(part: str | Variable | Choice, draw: random.Random, variables: Mapping[str, object]) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Variable):
        return str(variables.get(part.name, ""))
    return draw.choice(part.options).render(draw, **variables)


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def whole(self) -> Template:
        template = self._sequence("", 0)
        if self._at < len(self._text):
            raise self._error(self._at, "This } closes nothing: write \\} for a brace")
        return template

    def _sequence(self, stops: str, depth: int) -> Template:
        parts: list[str | Variable | Choice] = []
        while self._at < len(self._text):
            character = self._text[self._at]
            if character == "}" or character in stops:
                break
            parts.append(self._part(character, depth))
        return Template(_joined(parts))

    def _part(self, character: str, depth: int) -> str | Variable | Choice:
        if character == "\\":
            return self._escape()
        if character != "{":
            self._at += 1
            return character
        variable = _VARIABLE.match(self._text, self._at)
        return self._variable(variable) if variable else self._choice(depth + 1)

    def _escape(self) -> str:
        following = self._text[self._at + 1 : self._at + 2]
        if following == "n":
            self._at += 2
            return "\n"
        if following and following in "{|}\\":
            self._at += 2
            return following
        self._at += 1
        return "\\"

    def _variable(self, match: re.Match[str]) -> Variable:
        name = match[1].lower()
        if name not in VARIABLES:
            raise self._error(self._at, f"There is no variable {match[1]!r}. Known: {', '.join(VARIABLES)}")
        self._at = match.end()
        return Variable(name)

    def _choice(self, depth: int) -> Choice:
        start = self._at
        if depth > _DEEPEST:
            raise self._error(start, f"More than {_DEEPEST} braces within one another")
        options = []
        while self._text[self._at : self._at + 1] in ("{", "|"):
            self._at += 1
            options.append(self._sequence("|", depth))
            if self._text[self._at : self._at + 1] != "|":
                break
        if self._text[self._at : self._at + 1] != "}":
            raise self._error(start, "This { is never closed: write \\{ for a brace")
        self._at += 1
        return Choice(tuple(options))

    def _error(self, at: int, message: str) -> CaptionError:
        before = self._text[:at]
        return CaptionError(before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1, message)


def _joined(parts: list[str | Variable | Choice]) -> tuple[str | Variable | Choice, ...]:
    joined: list[str | Variable | Choice] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return tuple(joined)
