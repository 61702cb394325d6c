"""The reference of the operator API: made from its own description, for whoever is signed in."""

import json
from typing import Any

from litestar import get
from litestar.response import Template

from igfleet.ui.api.description import description
from igfleet.ui.api.v1.reference import groups_of
from igfleet.ui.pages.render import page
from igfleet.ui.security.gate import AnyRequest


@get("/docs/api")
async def show(request: AnyRequest) -> Template:
    """Every call: what it does, what it takes, an example that works, what it answers."""
    groups = groups_of(request.app)
    base = str(request.base_url).rstrip("/")
    return page(request, "docs/api.html", "keys", groups=groups, base=base, as_json=_as_json)


@get("/docs/api/openapi.json")
async def document(request: AnyRequest) -> dict[str, Any]:
    """The same as a file for programs."""
    return description(request.app)


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


HANDLERS = [show, document]
