"""A small client of the control API, for the demo, the command line and tests."""

from typing import Self

import httpx
from pydantic import JsonValue

_TIMEOUT_S = 10


class SandboxControl:
    """Synchronous calls to a running sandbox. Raises `httpx.HTTPError`."""

    def __init__(self, control_url: str) -> None:
        self._http = httpx.Client(base_url=control_url, timeout=_TIMEOUT_S, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, **query: str) -> dict[str, JsonValue]:
        """A reading call, for example `get("ledger")`."""
        return self._checked(self._http.get(f"/v1/{path}", params=query))

    def post(self, path: str, **body: JsonValue) -> dict[str, JsonValue]:
        """A changing call, for example `post("faults", act="drop_after", path="configure")`."""
        return self._checked(self._http.post(f"/v1/{path}", json=body))

    def _checked(self, response: httpx.Response) -> dict[str, JsonValue]:
        response.raise_for_status()
        body: dict[str, JsonValue] = response.json()
        return body
