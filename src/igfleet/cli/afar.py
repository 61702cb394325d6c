"""A ui on another machine, asked over its API: what commands do with `--server`. No database, no SQLAlchemy."""

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from igfleet import errors
from igfleet.cli.exits import plain_errors

if TYPE_CHECKING:
    import httpx

SERVER_VARIABLE, KEY_VARIABLE = "IGFLEET_SERVER", "IGFLEET_API_KEY"
Server = Annotated[
    str, typer.Option("--server", envvar=SERVER_VARIABLE, help="Do it on the ui at this address, over its API.")
]
Token = Annotated[str, typer.Option("--token", envvar=KEY_VARIABLE, help="The key for --server.")]

type Json = dict[str, Any]
_TIMEOUT_S = 60.0
_TRIES = 4
_PART_BYTES = 4 * 1024**2
_PAGE = 500
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_ERRORS: dict[int, type[errors.UserError]] = {
    401: errors.NotSignedIn,
    403: errors.Forbidden,
    404: errors.NotFound,
    409: errors.Conflict,
    413: errors.TooLarge,
    422: errors.Invalid,
    423: errors.Conflict,
}


def from_afar[T](server: str, token: str, work: "Callable[[Afar], T]") -> T:
    """Run a command's work on another ui. Errors for people end the process with one line, as they do here."""
    with plain_errors():
        return work(Afar(server, token))


class Afar:
    """One ui. What it refuses is raised as the same error that it would be on its own machine."""

    def __init__(self, server: str, token: str) -> None:
        """Raises `SetupError` for an address that is none or not safe, or without a key."""
        parts = urlsplit(server)
        is_here = parts.hostname in _LOOPBACK
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise errors.SetupError(f"{SERVER_VARIABLE}: {server!r} is no address. Example: https://igfleet.example")
        if parts.scheme == "http" and not is_here:
            raise errors.SetupError(f"{SERVER_VARIABLE}: the key would travel in clear text. Use https://")
        if not token:
            raise errors.SetupError(f"{KEY_VARIABLE}: is not set. Make a key in the dashboard under API.")
        import httpx

        self._client = httpx.Client(
            base_url=server.rstrip("/") + "/api/v1/",
            headers={"Authorization": f"Bearer {token}"},
            timeout=_TIMEOUT_S,
            trust_env=not is_here,
        )

    def get(self, path: str, **query: object) -> Any:
        return self._ask("GET", path, params={name: value for name, value in query.items() if value is not None})

    def post(self, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Sent again after a cut: it is done once, by its `Idempotency-Key`."""
        return self._ask("POST", path, json=body, headers={"Idempotency-Key": str(uuid.uuid4())})

    def put(self, path: str, body: Mapping[str, object]) -> Any:
        """Sent again like a post."""
        return self._ask("PUT", path, json=body, headers={"Idempotency-Key": str(uuid.uuid4())})

    def delete(self, path: str, **query: str) -> Any:
        """Sent again like a post."""
        return self._ask("DELETE", path, params=query, headers={"Idempotency-Key": str(uuid.uuid4())})

    def rows(self, path: str, **query: object) -> Iterator[Json]:
        """All rows of a list, page by page."""
        cursor = None
        while True:
            page = self.get(path, cursor=cursor, limit=_PAGE, **query)
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def upload(self, path: Path) -> int:
        """Bring a file into the library, in parts; one that broke off goes on. Its id there. Raises `Invalid`."""
        try:
            facts = path.stat()
            with path.open("rb") as file:
                body = {"name": path.name, "size": facts.st_size, "modified": facts.st_mtime_ns}
                standing = self.post("media/uploads", body)
                while standing["media_id"] is None:
                    file.seek(standing["offset"])
                    part = file.read(_PART_BYTES)
                    if not part:
                        raise errors.Invalid(f"{path} became shorter while it was sent. Send it again.")
                    headers = {"Upload-Offset": str(standing["offset"]), "Idempotency-Key": str(uuid.uuid4())}
                    standing = self._ask("PATCH", f"media/uploads/{standing['id']}", content=part, headers=headers)
        except OSError as error:
            raise errors.Invalid(f"Cannot read {path}: {error.strerror}") from error
        return int(standing["media_id"])

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        import httpx

        for left in reversed(range(_TRIES)):
            try:
                answer = self._client.request(method, path, **more)
            except httpx.HTTPError as error:
                if not left:
                    raise errors.Unavailable(f"{self._client.base_url.host} does not answer: {error}") from None
            else:
                if answer.is_success:
                    return answer.json()
                if not (left and answer.status_code in (409, 503) and _problem(answer).get("retryable")):
                    raise _error_of(answer)
            time.sleep(0.5 * (_TRIES - left))
        raise AssertionError  # the last round returned or raised


def _error_of(answer: "httpx.Response") -> errors.UserError:
    problem = _problem(answer)
    told = "; ".join(f"{one['field']}: {one['message']}" for one in problem.get("errors", ()))
    detail = str(problem.get("detail") or f"The ui answers {answer.status_code}.")
    text = f"{detail} {told}" if told and told not in detail else detail
    kind = _ERRORS.get(answer.status_code)
    return kind(text) if kind else errors.Unavailable(text)


def _problem(answer: "httpx.Response") -> Json:
    try:
        problem = answer.json()
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def picked(row: Json, names: Iterable[str]) -> Json:
    """Some fields of a row; times as times, so that they are printed as those of this machine are."""
    return {name: _revived(name, row[name]) for name in names}


def time_of(text: str | None) -> datetime | None:
    """A time as another ui tells it."""
    return datetime.fromisoformat(text) if text is not None else None


def _revived(name: str, value: object) -> object:
    is_time = (name == "at" or name.endswith("_at")) and isinstance(value, str)
    return time_of(str(value)) if is_time else value
