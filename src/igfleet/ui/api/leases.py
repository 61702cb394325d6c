"""Leases: claim, renew, report, finish. What an igfleet worker uses."""

import asyncio
import random
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Request, post, put
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import Response
from sqlalchemy import select

from igfleet import clock
from igfleet import totp as codes
from igfleet.contracts.leases import (
    Ending,
    Lease,
    LeaseOutcome,
    LeaseRequest,
    OutcomeAccepted,
    Renewal,
    RenewRequest,
    Report,
    SessionKind,
    Spending,
    Spent,
    TotpCode,
)
from igfleet.errors import NotFound, SecretUnreadable
from igfleet.reasons import ReasonCode
from igfleet.ui import metering
from igfleet.ui.api.access import check_lease, worker_of
from igfleet.ui.api.description import MAY
from igfleet.ui.bus import Change
from igfleet.ui.context import UiContext
from igfleet.ui.fleet.device import device_of
from igfleet.ui.injected import Ui
from igfleet.ui.models import Account, Worker
from igfleet.ui.queue import budgets, reports
from igfleet.ui.queue.claim import Claimed, claim
from igfleet.ui.queue.compose import compose
from igfleet.ui.queue.finish import Finished
from igfleet.ui.queue.finish import finish as end
from igfleet.ui.queue.renew import renew as prolong
from igfleet.ui.queue.summary import summarise_task
from igfleet.ui.tokens import Caller

_FIELDS = {SessionKind.MOBILE: "session_mobile", SessionKind.WEB: "session_web"}
_SELF_HELP_S = (1.0, 3.0)
"""A waiting worker asks again by itself after so long, in case a change was not heard."""


@post("/leases", status_code=200)
async def lease(
    request: Request[Any, Any, Any], data: JSONBody[LeaseRequest], ui: Ui, caller: NamedDependency[Caller]
) -> list[Lease]:
    """Claim up to `limit` account tasks; wait up to `wait_s` when there is nothing. Who hangs up gets nothing."""
    async with ui.database.sessions() as session:
        worker = await worker_of(session, caller, data.worker_id)
    if worker.draining_since is not None:
        return []
    until = time.monotonic() + data.wait_s
    over = asyncio.create_task(_hung_up(request)), asyncio.create_task(ui.draining.wait())
    try:
        async with ui.bus.changes() as changes:
            while not (found := await _claim(ui, worker, data)):
                left = until - time.monotonic()
                if left <= 0:
                    return []
                await _wait_for_work(over, changes, min(left, random.uniform(*_SELF_HELP_S)))
                if any(end.done() for end in over):
                    return []
        return found
    finally:
        for one in over:
            one.cancel()


@post("/leases/renew", status_code=200)
async def renew(data: JSONBody[RenewRequest], ui: Ui, caller: NamedDependency[Caller]) -> list[Renewal]:
    """Prolong everything a worker holds, in one call."""
    async with ui.database.transaction() as raw:
        holders = "SELECT id FROM workers WHERE $1::text IS NULL OR name = $1"
        ids = [row["id"] for row in await raw.fetch(holders, caller.worker_name)]
        return await prolong(raw, data.leases, ui.settings.lease_length.total_seconds(), ids)


@post("/leases/{lease_id:uuid}/reports", status_code=200)
async def report(
    lease_id: FromPath[UUID], data: JSONBody[Report], ui: Ui, caller: NamedDependency[Caller]
) -> dict[str, bool]:
    """Lines, counters, checkpoints, a new session. Numbered: a repeat is ignored."""
    async with ui.database.transaction() as raw:
        await check_lease(raw, caller, lease_id)
        row = await reports.report(raw, lease_id, data)
    if row["account_id"] is not None:
        await _keep_session(ui, row["account_id"], data)
    ui.bus.tell("task", row["task_id"])
    return {"ok": True}


@put("/leases/{lease_id:uuid}/outcome")
async def outcome(
    lease_id: FromPath[UUID],
    data: JSONBody[LeaseOutcome],
    ui: Ui,
    caller: NamedDependency[Caller],
) -> Response[OutcomeAccepted]:
    """End the lease. The same call twice gives the same answer."""
    async with ui.database.transaction() as raw:
        await check_lease(raw, caller, lease_id)
        ended = await end(raw, lease_id, data)
    return Response(OutcomeAccepted(state=ended.state), background=BackgroundTask(after_the_end, ui, [ended]))


@post("/leases/{lease_id:uuid}/totp", status_code=200)
async def totp(lease_id: FromPath[UUID], ui: Ui, caller: NamedDependency[Caller]) -> TotpCode:
    """The present code of the leased account. Its seed stays here."""
    async with ui.database.transaction() as raw:
        await check_lease(raw, caller, lease_id)
        account_id = (await reports.held(raw, lease_id))["account_id"]
    async with ui.database.sessions.begin() as session:
        actor = f"worker:{caller.worker_name or 'shared'}"
        fields = ["totp_secret"]
        opened = await ui.vault.open(
            session, "account", account_id, fields, actor=actor, reason=f"code for lease {lease_id}"
        )
    if "totp_secret" not in opened:
        raise NotFound("No TOTP secret is stored for this account.")
    code = codes.code_at(opened["totp_secret"].get_secret_value())
    return TotpCode.model_validate({"code": code, "valid_for_s": codes.seconds_left()})


@post("/leases/{lease_id:uuid}/spendings", status_code=200, opt={MAY: (423,)})
async def spend(lease_id: FromPath[UUID], data: JSONBody[Spending], ui: Ui, caller: NamedDependency[Caller]) -> Spent:
    """Reserve an act in the account's budget. 423 when it is spent."""
    async with ui.database.transaction() as raw:
        await check_lease(raw, caller, lease_id)
        with metering.permitting(data.action):
            return await budgets.spend(raw, lease_id, data, ui.settings)


async def after_the_end(ui: UiContext, ended: Sequence[Finished]) -> None:
    """What follows after a commit: summaries, the open pages, and workers that wait for the account's next one."""
    for one in ended:
        async with ui.database.transaction() as raw:
            await summarise_task(raw, one.task_id)
        ui.bus.tell("task", one.task_id)
    ui.bus.tell("challenge")
    ui.bus.tell("work")


async def _claim(ui: UiContext, worker: Worker, data: LeaseRequest) -> list[Lease]:
    async with ui.database.transaction() as raw:
        claimed = await claim(raw, data, worker.labels, ui.settings, worker.libraries)
    if not claimed:
        return []
    leases = await _composed(ui, worker, claimed)
    for task_id in {one.task_id for one in leases}:
        ui.bus.tell("task", task_id)
    return leases


async def _composed(ui: UiContext, worker: Worker, claimed: Sequence[Claimed]) -> list[Lease]:
    """The leases. What a secret keeps from being leased needs a person, and keeps nothing else."""
    try:
        async with ui.database.sessions.begin() as session:
            return await compose(session, ui, claimed, actor=f"worker:{worker.name}")
    except SecretUnreadable as error:
        if len(claimed) > 1:
            return [lease for one in claimed for lease in await _composed(ui, worker, [one])]
        outcome = LeaseOutcome(
            outcome=Ending.NEEDS_PERSON, reason_code=ReasonCode.SECRET_UNREADABLE, message=str(error)
        )
    async with ui.database.transaction() as raw:
        ended = await end(raw, claimed[0].lease_id, outcome)
    await after_the_end(ui, [ended])
    return []


async def _hung_up(request: Request[Any, Any, Any]) -> None:
    """Returns when the caller has closed the connection: a lease would be held for one who will never hear of it."""
    while (await request.receive())["type"] != "http.disconnect":
        continue


async def _wait_for_work(over: Sequence[asyncio.Task[Any]], changes: asyncio.Queue[Change], seconds: float) -> None:
    """Return when there may be work, nobody waits any more, or the time is over."""
    end_at = time.monotonic() + seconds
    while (left := end_at - time.monotonic()) > 0:
        change = asyncio.create_task(changes.get())
        done, _ = await asyncio.wait({change, *over}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        if change not in done:
            change.cancel()
            return
        if change.result().topic == "work":
            return


async def _keep_session(ui: UiContext, account_id: int, data: Report) -> None:
    """What was learnt of the account's sessions: one that is no longer taken, a new one."""
    refused = data.refused_session
    if refused is not None:
        async with ui.database.sessions.begin() as session:
            await ui.vault.refuse(session, "account", account_id, _FIELDS[refused.kind], refused.version)
    if data.session is None:
        return
    field = _FIELDS[data.session.kind]
    async with ui.database.sessions.begin() as session:
        await ui.vault.seal(session, "account", account_id, {field: data.session.settings.get_secret_value()})
        account = (await session.execute(select(Account).where(Account.id == account_id))).scalar_one()
        if data.session.is_signed_in and data.session.kind is SessionKind.MOBILE:
            account.session_at = clock.now()
            account.device = device_of(data.session.settings.get_secret_value())
        elif data.session.is_signed_in:
            account.web_session_at = clock.now()


HANDLERS = [lease, renew, report, outcome, totp, spend]
