"""The calls of the first HTTP contract: aggregates, statuses, counters. For every kind, by the registry."""

from typing import Annotated, Any

from litestar import Request, get, post
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import Response

from igfleet.errors import NotFound
from igfleet.runners import KINDS
from igfleet.runners.base import Options, Runner
from igfleet.ui.api.access import require_shared
from igfleet.ui.api.leases import after_the_end
from igfleet.ui.api.seed_words import AccountAdvice, Advice, Counts, counters_of
from igfleet.ui.injected import Session, Ui
from igfleet.ui.queue import advice
from igfleet.ui.queue.aggregate import aggregate as gathered
from igfleet.ui.tokens import Caller

_BatchIndex = Annotated[int | None, QueryParameter(ge=0, le=10_000)]
_BatchCount = Annotated[int | None, QueryParameter(ge=1, le=10_000)]


def _task_kind(path: str) -> type[Runner[Options]]:
    return next((runner for runner in KINDS.values() if runner.api_path == path), None) or _unknown(path)


def _account_kind(path: str) -> type[Runner[Options]]:
    return next((runner for runner in KINDS.values() if runner.account_api_path == path), None) or _unknown(path)


def _unknown(path: str) -> type[Runner[Options]]:
    raise NotFound(f"There is no kind of task at /api/{path}.")


@get("/{kind:str}/{task_id:int}/aggregate")
async def aggregate(
    kind: FromPath[str],
    task_id: FromPath[int],
    session: Session,
    ui: Ui,
    caller: NamedDependency[Caller],
    batch_index: _BatchIndex = None,
    batch_count: _BatchCount = None,
) -> dict[str, Any]:
    """A task with its accounts, or a share of them by position."""
    share = (batch_index, batch_count) if batch_index is not None and batch_count is not None else None
    return await gathered(session, ui, _task_kind(kind), task_id, share, caller)


@post("/{kind:str}/{task_id:int}/status", status_code=200)
async def task_status(
    kind: FromPath[str], task_id: FromPath[int], data: JSONBody[Advice], ui: Ui, caller: NamedDependency[Caller]
) -> dict[str, Any]:
    """A posted status is advice for the log; the answer is the derived one."""
    require_shared(caller)
    async with ui.database.transaction() as raw:
        state = await advice.on_task(raw, _task_kind(kind).kind, task_id, data)
    ui.bus.tell("task", task_id)
    return {"ok": True, "status": advice.TASK_WORDS[state]}


@post(
    ["/bulk-accounts/{account_task_id:int}/status", "/{kind:str}/accounts/{account_task_id:int}/status"],
    status_code=200,
)
async def account_status(
    account_task_id: FromPath[int],
    data: JSONBody[AccountAdvice],
    ui: Ui,
    caller: NamedDependency[Caller],
    kind: FromPath[str | None] = None,
) -> Response[dict[str, Any]]:
    """A seed worker's word on one account: RUNNING claims it, a final word ends it. Finished never goes back."""
    require_shared(caller)
    path = "bulk-accounts" if kind is None else f"{kind}/accounts"
    async with ui.database.transaction() as raw:
        ended, word = await advice.on_account_task(raw, _account_kind(path).kind, account_task_id, data, ui.settings)
    ui.bus.tell("task", ended.task_id)
    return Response({"ok": True, "status": word}, background=BackgroundTask(after_the_end, ui, [ended]))


@post(
    ["/bulk-accounts/{account_task_id:int}/counters", "/{kind:str}/accounts/{account_task_id:int}/counters"],
    status_code=200,
)
async def account_counters(
    account_task_id: FromPath[int],
    request: Request[Any, Any, Any],
    data: JSONBody[Counts],
    ui: Ui,
    caller: NamedDependency[Caller],
    kind: FromPath[str | None] = None,
) -> dict[str, Any]:
    """Amounts to be added. An `Idempotency-Key` header, or `seq` in the body, makes a repeat harmless."""
    require_shared(caller)
    path = "bulk-accounts" if kind is None else f"{kind}/accounts"
    key, amounts = counters_of(data, request.headers.get("idempotency-key"))
    async with ui.database.transaction() as raw:
        task_id, counters = await advice.count(raw, _account_kind(path).kind, account_task_id, key, amounts)
    ui.bus.tell("task", task_id)
    if kind is None:
        return {
            "ok": True,
            "uploaded_success_count": counters.get("success", 0),
            "uploaded_failed_count": counters.get("failed", 0),
        }
    return {"ok": True, "counters": counters}


HANDLERS = [aggregate, task_status, account_status, account_counters]
