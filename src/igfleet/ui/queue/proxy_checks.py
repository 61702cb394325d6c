"""What a finished check of a proxy leaves behind: a row of its history, and its state."""

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue, ValidationError

from igfleet import log
from igfleet.contracts.proxy_checks import ProxyCheck
from igfleet.contracts.states import ProxyState
from igfleet.ui.raw import Raw

_log = log.get(__name__)
_LONGEST = 500
_KEEP = """
INSERT INTO proxy_checks (proxy_id, verdict, sentence, latency_ms, exit_ip, country, worker_id, task_id)
SELECT proxy_id, $2, $3, $4, $5, $6, lease_holder, task_id FROM account_tasks WHERE id = $1 AND proxy_id IS NOT NULL
"""
_STATE = """
UPDATE proxies SET state = $2, trouble = $3, checked_at = now()
WHERE id = $1 AND state <> 'disabled'
  AND (SELECT coalesce((options->>'set_state')::boolean, true) FROM tasks WHERE id = $4)
"""


async def keep_check(raw: Raw, row: Any, result: Mapping[str, JsonValue]) -> None:
    """A result that is no check is noted in the log and leaves nothing: it comes from a worker."""
    if row["proxy_id"] is None or "verdict" not in result:
        return
    try:
        check = ProxyCheck.model_validate(dict(result))
    except ValidationError as error:
        _log.warning("check_not_understood", account_task=row["id"], errors=error.error_count())
        return
    sentence = log.redactor.text(check.sentence)[:_LONGEST]
    found = check.verdict.value, sentence, check.latency_ms, check.exit_ip, check.country
    await raw.execute(_KEEP, row["id"], *found)
    state = ProxyState.OK if check.verdict.is_usable else ProxyState.FAILING
    trouble = "" if check.verdict is check.verdict.OK else sentence
    await raw.execute(_STATE, row["proxy_id"], state.value, trouble, row["task_id"])
