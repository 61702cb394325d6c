"""What a run leaves behind in the rest of the tables, by kind. Most kinds need nothing here."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pydantic import JsonValue

from igfleet.ui.queue import rests
from igfleet.ui.queue.met import keep_met
from igfleet.ui.queue.proxy_checks import keep_check
from igfleet.ui.raw import Raw

type Keep = Callable[[Raw, Any, Mapping[str, JsonValue]], Awaitable[None]]
"""Called in the transaction that ends the run, with the account task's row (`id, task_id, account_id, kind, share,
media_ids, proxy_id, dry_run`) and the run's result, or its checkpoints."""

_HAS_FAILURES = "UPDATE account_tasks SET has_failures = true WHERE id = $1"


async def _keep_variants(raw: Raw, row: Any, result: Mapping[str, JsonValue]) -> None:
    """The variants came one by one; what is left to say is whether any are missing."""
    if result.get("failed"):
        await raw.execute(_HAS_FAILURES, row["id"])


KEEPS: dict[str, Keep] = {"proxy_diag": keep_check, "media_uniq": _keep_variants}
"""By kind: what the result of a finished run means."""
MEMORIES: dict[str, Keep] = {"follow": keep_met, "warmup": keep_met}
"""By kind: what is kept of the checkpoints, however the run ended."""


async def keep(raw: Raw, row: Any, result: Mapping[str, JsonValue]) -> None:
    """Take over what the run did and found out. A dry-run did nothing, whatever it says."""
    if row["kind"] in MEMORIES and not row["dry_run"]:
        await MEMORIES[row["kind"]](raw, row, row["checkpoints"])
    if row["account_id"] is not None:
        await rests.begin(raw, row["account_id"], result)
    if result and row["kind"] in KEEPS:
        await KEEPS[row["kind"]](raw, row, result)
