"""The site's own answers, as JSON, and what a refusal among them means."""

import json
from dataclasses import dataclass

from pydantic import JsonValue

from igfleet.errors import RunError
from igfleet.instagram.adapters.refusal import Phase, Refusal
from igfleet.instagram.adapters.translate import run_error

_OK = 200
_LOGIN_PAGE = "/accounts/login"
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class SiteAnswer:
    """One answer."""

    status: int
    text: str
    place: str = ""
    """Path at which a redirected request ended."""
    date: str = ""
    """When it was given, by the site's clock, as HTTP writes it."""

    @property
    def body(self) -> dict[str, JsonValue]:
        """The JSON object; an empty one when it is anything else."""
        try:
            body = json.loads(self.text)
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}

    @property
    def is_ok(self) -> bool:
        return self.status == _OK and self.body.get("status") == "ok"

    def refusal(self, username: str, phase: Phase) -> RunError:
        """The error for an answer that is not ok, by the table that all adapters share."""
        body = self.body
        message = str(body.get("message") or ("" if body else self.text))[:_LONGEST]
        if not body and self.place.startswith(_LOGIN_PAGE):
            message = "login_required"
        challenge = body.get("challenge")
        address = str(challenge.get("url") or "") if isinstance(challenge, dict) else ""
        refused = Refusal(
            phase=phase,
            names=frozenset() if body or message else frozenset({"ClientJSONDecodeError"}),
            message=f"{message} {address}".strip().lower(),
            error_type=str(body.get("error_type") or "").lower(),
            status=self.status,
        )
        return run_error(username, refused)
