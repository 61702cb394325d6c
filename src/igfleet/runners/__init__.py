"""The kinds of task: one file each, found by name."""

from igfleet.errors import NotFound
from igfleet.runners.base import Options, Runner
from igfleet.runners.bulk_upload import BulkUpload

KINDS: dict[str, type[Runner[Options]]] = {runner.kind: runner for runner in (BulkUpload,)}  # type: ignore[misc]  # a registry holds runners of every options model


def runner_of(kind: str) -> type[Runner[Options]]:
    """The runner of a kind. Raises `NotFound`."""
    try:
        return KINDS[kind]
    except KeyError:
        raise NotFound(f"There is no kind of task named {kind!r}. Known: {', '.join(KINDS)}") from None


def kind_of_path(api_path: str) -> type[Runner[Options]]:
    """The runner whose seed path in the ui's API is `api_path`. Raises `NotFound`."""
    for runner in KINDS.values():
        if runner.api_path == api_path:
            return runner
    raise NotFound(f"There is no kind of task at {api_path!r}")
