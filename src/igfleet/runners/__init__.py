"""The kinds of task: one file each, found by name."""

from collections.abc import Mapping

from pydantic import JsonValue, ValidationError

from igfleet.errors import Invalid, NotFound
from igfleet.runners.avatar import Avatar
from igfleet.runners.base import Options, Runner
from igfleet.runners.bio import Bio
from igfleet.runners.bulk_login import BulkLogin
from igfleet.runners.bulk_upload import BulkUpload
from igfleet.runners.follow import Follow
from igfleet.runners.media_uniq import MediaUniq
from igfleet.runners.proxy_diag import ProxyDiag
from igfleet.runners.verify import Verify
from igfleet.runners.warmup import Warmup

_RUNNERS = (BulkUpload, BulkLogin, Warmup, Avatar, Bio, Follow, ProxyDiag, MediaUniq)
KINDS: dict[str, type[Runner[Options]]] = {runner.kind: runner for runner in _RUNNERS}  # type: ignore[misc]  # a registry holds runners of every options model

SYSTEM_KINDS: dict[str, type[Runner[Options]]] = {Verify.kind: Verify}  # type: ignore[dict-item]  # as above
"""Kinds that igfleet orders by itself: leased and run like the others, offered to nobody."""


def runner_of(kind: str) -> type[Runner[Options]]:
    """The runner of a kind. Raises `NotFound`."""
    try:
        return KINDS[kind] if kind in KINDS else SYSTEM_KINDS[kind]
    except KeyError:
        raise NotFound(f"There is no kind of task named {kind!r}. Known: {', '.join(KINDS)}") from None


def kind_of_path(api_path: str) -> type[Runner[Options]]:
    """The runner whose seed path in the ui's API is `api_path`. Raises `NotFound`."""
    for runner in KINDS.values():
        if runner.api_path == api_path:
            return runner
    raise NotFound(f"There is no kind of task at {api_path!r}")


def options_of(kind: str, given: Mapping[str, JsonValue]) -> Options:
    """The kind's options from what was given. Raises `Invalid` with a message for each field."""
    runner = runner_of(kind)
    try:
        return runner.options.model_validate(dict(given))
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        fields = {
            ".".join(map(str, one["loc"])) or "options": one["msg"].removeprefix("Value error, ") for one in found
        }
        raise Invalid("; ".join(f"{name}: {message}" for name, message in fields.items()), fields) from None
