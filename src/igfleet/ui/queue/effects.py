"""What the result of a finished run means for the rest of the tables, by kind. Most kinds need nothing here."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pydantic import JsonValue

from igfleet.ui.queue.proxy_checks import keep_check
from igfleet.ui.raw import Raw

type Keep = Callable[[Raw, Any, Mapping[str, JsonValue]], Awaitable[None]]
"""Called in the transaction that ends the run, with the account task's row (`id, task_id, account_id, kind, share,
media_ids, proxy_id`) and the run's result."""

_HAS_FAILURES = "UPDATE account_tasks SET has_failures = true WHERE id = $1"


async def _keep_variants(raw: Raw, row: Any, result: Mapping[str, JsonValue]) -> None:
    """The variants came one by one; what is left to say is whether any are missing."""
    if result.get("failed"):
        await raw.execute(_HAS_FAILURES, row["id"])


KEEPS: dict[str, Keep] = {"proxy_diag": keep_check, "media_uniq": _keep_variants}
"""By kind."""


async def keep(raw: Raw, row: Any, result: Mapping[str, JsonValue]) -> None:
    """Take over what the run found out."""
    if result and row["kind"] in KEEPS:
        await KEEPS[row["kind"]](raw, row, result)
