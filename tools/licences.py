"""`python -m tools.licences` writes docs/licences.md; `--check` says what is missing in it."""

import sys
from collections.abc import Iterable

from tools.dependencies import ROOT, Dependency, locked, vendored

PAGE = ROOT / "docs/licences.md"
_HEAD = """# Licences of what igfleet is made of

Made from the locks and the installed packages by `python -m tools.licences`; not to be edited. Each licence is as the
package itself tells it. ffmpeg comes with `imageio-ffmpeg` and `av` (GPL and LGPL builds), Chromium and PostgreSQL are
programs of the machine.
"""


def page(dependencies: Iterable[Dependency], files: Iterable[Dependency]) -> str:
    """The whole page."""
    every = list(dependencies)
    parts = {
        "To run it": [one for one in every if one.is_shipped],
        "Vendored files": list(files),
        "To work on it": [one for one in every if not one.is_shipped],
    }
    return _HEAD + "".join(_table(title, rows) for title, rows in parts.items())


def unknown(dependencies: Iterable[Dependency]) -> list[str]:
    """Whose licence nobody knows."""
    return [f"{one.name} {one.version} tells no licence" for one in dependencies if not one.licence]


def _table(title: str, rows: Iterable[Dependency]) -> str:
    lines = "".join(f"| {one.name} | {one.version} | {one.licence} |\n" for one in rows)
    return f"\n## {title}\n| | version | licence |\n|---|---|---|\n{lines}"


def main() -> int:
    dependencies, files = locked(), vendored()
    wrong = unknown([*dependencies, *files])
    made = page(dependencies, files)
    if "--check" not in sys.argv:
        PAGE.write_text(made)
    elif PAGE.read_text() != made:
        wrong.append("docs/licences.md is out of date: run .venv/bin/python -m tools.licences")
    print("\n".join(wrong), end="\n" if wrong else "", file=sys.stderr)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
