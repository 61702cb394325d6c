"""What the caller may do, what can be ordered, and the description of this API."""

from typing import Any

from litestar import Request, get
from pydantic import JsonValue

from igfleet import __version__
from igfleet.contracts.tasks import Method, Mode
from igfleet.runners import KINDS
from igfleet.runners.base import Options, Runner
from igfleet.ui.api.description import description
from igfleet.ui.api.v1.access import Caller
from igfleet.ui.api.v1.paging import Page, View
from igfleet.ui.injected import Ui
from igfleet.ui.models import Role
from igfleet.ui.progress import noun_of


class Me(View):
    """The key that calls, and this igfleet."""

    key_id: int
    key_name: str
    user_name: str
    role: Role
    may_write: bool
    kinds: list[str]
    """Empty: all."""
    tags: list[str]
    clients: list[str]
    """Both empty: all accounts."""
    limited_to: list[str]
    """The clients that the person is limited to; empty: none."""
    mode: Mode
    version: str


class KindView(View):
    """A kind of task."""

    kind: str
    title: str
    about: str
    counted: str
    """What a task of it counts."""
    takes_media: str | None
    methods: list[Method]
    counters: list[str]
    share_columns: list[str]
    result_columns: list[str]
    options: dict[str, JsonValue]
    """JSON schema of its options."""


@get("/me", tags=["About"])
async def me(caller: Caller, ui: Ui) -> Me:
    """Say whose key this is and what it opens."""
    own = {name: getattr(caller, name) for name in Me.model_fields if hasattr(caller, name)}
    return Me.model_validate(
        own | {"limited_to": list(caller.scope.clients), "mode": ui.settings.mode, "version": __version__}
    )


@get("/kinds", tags=["About"])
async def list_kinds(caller: Caller) -> Page[KindView]:
    """List the kinds of task with the schema of their options."""
    return Page[KindView](items=[_kind(runner) for runner in KINDS.values()])


@get("/openapi.json", include_in_schema=False)
async def openapi(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """This API, described by OpenAPI 3.1."""
    return description(request.app)


def _kind(runner: type[Runner[Options]]) -> KindView:
    own = {name: getattr(runner, name) for name in KindView.model_fields if hasattr(runner, name)}
    more = {"counted": noun_of(runner), "options": runner.options.model_json_schema()}
    return KindView.model_validate(own | more)


HANDLERS = [me, list_kinds, openapi]
