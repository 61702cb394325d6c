"""The two steps of every import: a verdict for each line, then the good lines."""

from typing import Any

from litestar.datastructures import UploadFile

from igfleet.errors import Invalid
from igfleet.ui.imports.source import decoded
from igfleet.ui.imports.verdicts import Preview

SHOWN = 500


async def text_of(form: dict[str, Any]) -> str:
    """What was pasted, or the file that was chosen. Raises `Invalid` when there is neither."""
    file = form.get("file")
    if isinstance(file, UploadFile) and file.filename:
        return decoded(await file.read())
    text = str(form.get("text", ""))
    if not text.strip():
        raise Invalid("Paste some lines, or choose a file.")
    return decoded(text.encode())


def shown(preview: Preview) -> dict[str, Any]:
    """A preview for the template: the bad lines first."""
    ordered = sorted(preview.lines, key=lambda line: line.verdict.value != "error")
    return {
        "preview": preview,
        "counts": preview.counts,
        "lines": ordered[:SHOWN],
        "hidden": max(len(ordered) - SHOWN, 0),
    }
