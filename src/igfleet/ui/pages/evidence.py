"""Evidence: screenshots and traces of failed runs, for who is signed in."""

from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from igfleet.ui import evidence
from igfleet.ui.api.media import ranged
from igfleet.ui.injected import Session, Ui
from igfleet.ui.security.gate import AnyRequest


@get("/evidence/{evidence_id:int}")
async def one(request: AnyRequest, evidence_id: FromPath[int], session: Session, ui: Ui) -> Response[Any]:
    """The file, to be saved; a picture can be shown by an `img` as well."""
    found = await evidence.find(session, evidence_id)
    return ranged(request, ui, found.sha256, found.media_type, name=found.name)


HANDLERS = [one]
