"""What the dashboard takes, described for schemathesis: addresses and queries from the routes, fields of forms from the
pages that they stand on."""

import copy
import re
from collections import defaultdict
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

import httpx
from litestar import Litestar
from litestar.openapi import OpenAPIConfig
from litestar.plugins.pydantic import PydanticPlugin

from igfleet.ui import app, pages
from tests.walks.screens import SCREENS, address

LEFT_OUT = re.compile(
    r"^/(events|health|metrics|schema|signin|signout|setup|invitation|me/(password|sessions|second)"
    r"|users/\{user_id\}/(role|disabling|signout))"
)
"""What has no end, or ends the session by which all else is asked."""
_FORM = "application/x-www-form-urlencoded"

type Fields = dict[str, set[str]]
"""By name, the values that the page offers; none where anything may be typed."""


async def description(browser: httpx.AsyncClient) -> dict[str, Any]:
    """The calls of somebody who is signed in, as OpenAPI."""
    forms = await _forms(browser)
    found: dict[str, Any] = _routes()
    paths = {path: one for path, one in found["paths"].items() if not LEFT_OUT.search(path)}
    for path, methods in paths.items():
        for method, call in methods.items():
            call["responses"] = {"200": {"description": "A page"}}
            call.pop("requestBody", None)
            if method == "post":
                call["requestBody"] = {"content": {_FORM: {"schema": _schema(_fields_of(path, forms))}}}
    return {**found, "paths": paths}


def fields_on(page: str, path: str) -> list[tuple[str, str, str]]:
    """Where each field is sent, its name, and a value that it offers; of the page that is at this path."""
    reader = _Reader(path)
    reader.feed(page)
    return reader.found


def _routes() -> dict[str, Any]:
    [router] = pages.ROUTES
    shown = copy.deepcopy(router)
    shown.include_in_schema = True
    given = {"ui": app.provide_ui, "jobs": app.provide_jobs, "session": app.provide_session}
    config = OpenAPIConfig(title="pages", version="1")
    described = Litestar([shown], openapi_config=config, dependencies=given, plugins=[PydanticPlugin()])
    return dict(described.openapi_schema.to_schema())


def _schema(fields: Mapping[str, set[str]]) -> dict[str, Any]:
    """Each field may be left out, hold what the page offers, or anything."""
    anything: dict[str, Any] = {"type": "string"}
    sorts = {
        name: {"anyOf": [{"enum": sorted(values)}, anything]} if values else anything for name, values in fields.items()
    }
    return {"type": "object", "properties": sorts, "additionalProperties": False}


def _fields_of(path: str, forms: Mapping[str, Fields]) -> Fields:
    pattern = re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)))
    found: Fields = defaultdict(set)
    for action, fields in forms.items():
        if pattern.fullmatch(action):
            for name, values in fields.items():
                found[name] |= values
    return found


async def _forms(browser: httpx.AsyncClient) -> dict[str, Fields]:
    """The forms of every screen, by where they are sent."""
    found: dict[str, Fields] = defaultdict(lambda: defaultdict(set))
    for screen in SCREENS:
        answer = await browser.get(address(screen), headers={"Accept": "text/html"}, follow_redirects=True)
        for action, name, value in fields_on(answer.text, answer.url.path):
            found[action][name] |= {value} if value else set()
    return found


class _Reader(HTMLParser):
    """Gathers the fields of a page."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []
        self._path, self._action, self._select = path, path, ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._action = (given.get("action") or self._path).partition("?")[0]
        elif tag == "option" and self._select:
            self.found.append((self._action, self._select, given.get("value", "")))
        elif tag in ("input", "select", "textarea", "button") and given.get("name"):
            self._select = given["name"] if tag == "select" else ""
            action = given.get("formaction", self._action)
            is_offer = given.get("type") in ("hidden", "radio", "checkbox") or tag == "button"
            self.found.append((action, given["name"], given.get("value", "") if is_offer else ""))
