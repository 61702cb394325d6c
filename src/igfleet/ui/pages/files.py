"""Exports as answers: the screen's filter, as CSV or JSON."""

from litestar import Response

from igfleet.ui.exports import Sheet
from igfleet.ui.security.gate import AnyRequest

ENDINGS = (".csv", ".json")


def both(path: str) -> list[str]:
    """The address of an export in each form."""
    return [path + ending for ending in ENDINGS]


def sheet_file(request: AnyRequest, sheet: Sheet, name: str) -> Response[bytes]:
    """A file to be saved, in the form that the address ends with."""
    is_json = request.url.path.endswith(".json")
    text, media_type = (sheet.json(), "application/json") if is_json else (sheet.csv(), "text/csv; charset=utf-8")
    ending = ENDINGS[is_json]
    headers = {"Content-Disposition": f'attachment; filename="{name}{ending}"'}
    return Response(text.encode(), media_type=media_type, headers=headers)
