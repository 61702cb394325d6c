"""`python -m tools.css` writes the rules of Tabler that a page may need; `--check` says whether they are up to date."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import tinycss2

from tools.dependencies import ROOT

_STATIC = ROOT / "src/igfleet/ui/static"
WHOLE, PRUNED = _STATIC / "vendor/tabler.min.css", _STATIC / "tabler.css"
_WRITERS = ("templates/**/*.html", "src/igfleet/ui/static/*.js")
"""What writes classes into pages. No module does: what is filled in comes after a beginning, as in `state-{{ … }}`."""
_OTHERWISE = re.compile(r"""(?:id|href)=(?:"[^"]*"|'[^']*')""")
"""Where words are no classes."""
_NO_CLASSES = {"row"}
"""Names of ours that a page never gives as a class, and Tabler does: its grid styles the children of all elements."""
_NESTING = {"media", "supports", "layer", "container"}
_FITS: dict[str, Callable[[str, str], bool]] = {
    "^=": str.startswith, "$=": str.endswith, "*=": str.__contains__,
}  # fmt: skip
"""How `[class^=…]` and its kin look at a class."""


@dataclass(frozen=True)
class Words:
    """All that could be the name of a class: too many rather than too few."""

    whole: frozenset[str]
    beginnings: tuple[str, ...]
    """Of names whose end is filled in: `state-{{ … }}`."""

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Words":
        """What these files say."""
        text = _OTHERWISE.sub("", "\n".join(texts))
        whole = frozenset(re.findall(r"[\w-]+", text)) - _NO_CLASSES
        return cls(whole, tuple(set(re.findall(r"([\w-]+-)\$?\{", text))))

    def hold(self, name: str) -> bool:
        """Whether a page may have this class, id or attribute."""
        return name in self.whole or name.startswith(self.beginnings)

    def hold_like(self, how: str, part: str) -> bool:
        """Whether a page may have a class that begins with, ends with or contains this."""
        fits = _FITS[how]
        return any(fits(word, part) for word in self.whole) or any(part in one for one in self.beginnings)


def words() -> Words:
    """Those of our pages."""
    return Words.of(path.read_text() for pattern in _WRITERS for path in sorted(ROOT.glob(pattern)))


def pruned(sheet: str, known: Words) -> str:
    """The style sheet without the selectors that no page of these words can meet."""
    return "".join(_kept(tinycss2.parse_stylesheet(sheet, skip_whitespace=True), known))


def _kept(rules: Iterable[Any], known: Words) -> Iterator[str]:
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = [one for one in _split(rule.prelude) if _may_meet(one, known) and _is_worth_it(one)]
            if selectors:
                yield f"{','.join(map(tinycss2.serialize, selectors))}{{{tinycss2.serialize(rule.content)}}}\n"
        elif rule.type == "at-rule" and rule.lower_at_keyword in _NESTING and rule.content is not None:
            inner = "".join(_kept(tinycss2.parse_rule_list(rule.content, skip_whitespace=True), known))
            if inner:
                yield f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}\n"
        elif rule.type == "error":
            raise ValueError(f"line {rule.source_line}: {rule.message}")
        else:
            yield rule.serialize() + "\n"


def _split(prelude: Sequence[Any]) -> Iterator[list[Any]]:
    """The selectors of a list."""
    selector: list[Any] = []
    for token in prelude:
        if token == ",":
            yield selector
            selector = []
        else:
            selector.append(token)
    yield selector


def _is_worth_it(selector: Sequence[Any]) -> bool:
    """Whether it is none of `x + *`: for those an element added anywhere has the whole page styled anew."""
    tokens = [token for token in selector if token.type not in ("whitespace", "comment")]
    return len(tokens) < 2 or not (tokens[-1] == "*" and tokens[-2] in ("+", "~"))


def _may_meet(selector: Sequence[Any], known: Words) -> bool:
    """What stands in `:not(…)`, `:is(…)` and their kin is taken to be met."""
    for before, token in zip([None, *selector], selector, strict=False):
        if token.type == "hash" or (token.type == "ident" and before == "."):
            is_met = known.hold(token.value)
        elif token.type == "[] block":
            is_met = _has_attribute(token.content, known)
        else:
            continue
        if not is_met:
            return False
    return True


def _has_attribute(content: Sequence[Any], known: Words) -> bool:
    names = [token.value for token in content if token.type in ("ident", "string")]
    operator = "".join(token.value for token in content if token.type == "literal")
    if names[0] == "class" and operator in _FITS:
        return known.hold_like(operator, names[1])
    return known.hold(names[0])


def main() -> int:
    made = pruned(WHOLE.read_text(), words())
    if "--check" not in sys.argv:
        PRUNED.write_text(made)
    elif not PRUNED.exists() or PRUNED.read_text() != made:
        print(f"{PRUNED.relative_to(ROOT)} is out of date: run .venv/bin/python -m tools.css", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
