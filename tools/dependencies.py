"""What igfleet is made of: every locked package with its hashes and licence, and every vendored file with its own."""

import hashlib
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from tools.locks import pins

ROOT = Path(__file__).parent.parent
VENDORED = ROOT / "src/igfleet/ui/static/vendor"
_BLOCK = re.compile(r"^(\S+?)(?:\[[^]]*\])?==(\S+)(.*?)(?=^\S|\Z)", re.MULTILINE | re.DOTALL)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_READ_BY_HAND = {"colorama": "BSD-3-Clause", "axe-playwright-python": "MIT"}
"""One is for Windows only and not installed elsewhere, the other forgot to say it: as their repositories tell."""
_SAYS_NOTHING = ("", "UNKNOWN")


@dataclass(frozen=True, slots=True)
class Dependency:
    name: str
    version: str
    licence: str
    """Empty when it is not known."""
    sha256: tuple[str, ...]
    is_shipped: bool
    """Needed to run igfleet, not only to work on it."""


def locked(root: Path = ROOT) -> list[Dependency]:
    """All of the locks, by name."""
    run = (root / "requirements/run.txt").read_text()
    texts = [run, *((root / f"requirements/{name}.txt").read_text() for name in ("dev", "boot"))]
    shipped = pins(run)
    found: dict[str, Dependency] = {}
    for name, version, rest in (match.groups() for text in texts for match in _BLOCK.finditer(text)):
        is_shipped = name in shipped
        found.setdefault(name, Dependency(name, version, _licence(name), tuple(_HASH.findall(rest)), is_shipped))
    return [found[name] for name in sorted(found)]


def vendored(folder: Path = VENDORED) -> list[Dependency]:
    """The files of others that lie in the repository, as their manifest says."""
    told = json.loads((folder / "manifest.json").read_text())
    return [Dependency(one["name"], one["version"], one["licence"], (one["sha256"],), True) for one in told]


def mistakes(folder: Path = VENDORED) -> Iterator[str]:
    """Vendored files that are not what the manifest says, are not in it, or are missing."""
    told = {one["file"]: one["sha256"] for one in json.loads((folder / "manifest.json").read_text())}
    there = {path.name for path in folder.iterdir() if path.name != "manifest.json" and "LICENSE" not in path.name}
    yield from (f"{name} is vendored and not in the manifest" for name in sorted(there - set(told)))
    yield from (f"{name} is in the manifest and not there" for name in sorted(set(told) - there))
    for name in sorted(there & set(told)):
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != told[name]:
            yield f"{name} is not the file that the manifest names: its sha256 differs"


def _licence(name: str) -> str:
    if name in _READ_BY_HAND:
        return _READ_BY_HAND[name]
    try:
        told = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return ""
    for field in ("License-Expression", "License"):
        value = (told.get(field) or "").strip().partition("\n")[0]
        if value not in _SAYS_NOTHING and len(value) < 60:
            return value
    marks = [one.rpartition("::")[2].strip() for one in told.get_all("Classifier") or () if one.startswith("License")]
    return " AND ".join(mark for mark in marks if mark != "DFSG approved")


if __name__ == "__main__":
    wrong = list(mistakes())
    print("\n".join(wrong), end="\n" if wrong else "", file=sys.stderr)
    sys.exit(bool(wrong))
