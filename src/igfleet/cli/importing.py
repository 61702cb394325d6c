"""What importing accounts and importing proxies print alike."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from igfleet.cli.exits import Exit
from igfleet.cli.output import as_json, say, table

if TYPE_CHECKING:
    from igfleet.ui.imports.verdicts import Preview


def read(path: Path) -> str:
    """The text of the file. Raises `Invalid`, `TooLarge`."""
    from igfleet.errors import Invalid
    from igfleet.ui.imports.source import decoded

    try:
        return decoded(path.read_bytes())
    except OSError as error:
        raise Invalid(f"Cannot read {path}: {error.strerror}") from error


def preview_of(told: dict[str, Any]) -> "Preview":
    """The verdicts that another ui tells."""
    from igfleet.ui.imports.verdicts import LineVerdict, Preview, Verdict

    lines = (
        LineVerdict(one["line"], Verdict(one["verdict"]), one["subject"], tuple(one["changed"]), one["why"])
        for one in told["lines"]
    )
    return Preview(tuple(lines))


def report(preview: "Preview", *, json: bool, applied: bool, bad_lines: Path | None) -> None:
    """Print the verdicts. The exit code is 1 when a line could not be imported."""
    counts = {verdict.value: count for verdict, count in preview.counts.items()}
    lines = [
        {"line": line.line, "verdict": line.verdict, "subject": line.subject, "changed": line.changed, "why": line.why}
        for line in preview.lines
    ]
    if json:
        as_json({"applied": applied, "counts": counts, "lines": lines})
    else:
        table(("line", "verdict", "subject", "what"), ((*_shown(line),) for line in lines))
        say(
            ", ".join(f"{count} {verdict}" for verdict, count in counts.items()) + ("" if applied else " (not applied)")
        )
    if bad_lines is not None:
        bad_lines.write_text(preview.bad_csv(), encoding="utf-8", newline="")
    if preview.bad:
        raise typer.Exit(Exit.NOT_ALL_DONE)


def _shown(line: dict[str, object]) -> tuple[object, object, object, object]:
    return line["line"], line["verdict"], line["subject"], line["why"] or line["changed"]
