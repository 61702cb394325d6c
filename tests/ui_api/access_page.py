"""`python -m tests.ui_api.access_page` writes docs/security/access.md: who may call what, from the routes."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.ui_api.routes import Route, all_routes
from tests.ui_api.test_access import WHO

from igfleet.ui.models import Role

PAGE = Path(__file__).parent.parent.parent / "docs" / "security" / "access.md"
_HEAD = """# Who may call what

Made from the routes by `python -m tests.ui_api.access_page`; not to be edited. Besides what stands here, each person
sees only the accounts of their clients, each key only those of its scope, and each worker only what is leased to it.
Everything that changes something and is used in a browser wants a form token of that session, and is refused when
another site sent it.
"""


def written(folder: Path) -> str:
    """The page."""
    routes = all_routes(folder)
    parts = {
        "Pages": [route for route in routes if route.is_page],
        "Operator API": [route for route in routes if route.is_operator_api],
        "Workers": [route for route in routes if route.is_api],
    }
    return "\n".join([_HEAD, *(line for title, some in parts.items() for line in _table(title, some))])


def _table(title: str, routes: list[Route]) -> Iterator[str]:
    yield from (f"## {title}", "| call | who |", "|---|---|")
    for route in routes:
        yield f"| `{route.name}` | {_who(route)} |"
    yield ""


def _who(route: Route) -> str:
    if route.is_public:
        return "anybody"
    if route.is_api:
        return f"the shared token; {WHO[route.name].value}"
    least = route.opt.get("role", Role.VIEWER if route.is_safe else Role.OPERATOR)
    if route.is_page:
        return f"{least} and above" if least is not Role.ADMIN else "admin"
    limits = [] if route.is_safe else ["may write"]
    limits += ["is not limited to some accounts"] if route.opt.get("fleet") else []
    return f"a key of {least} and above" + (f" that {' and '.join(limits)}" if limits else "")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        PAGE.write_text(written(Path(name)), encoding="utf-8")
