"""A run's own process: from the lease to its ending. Knows no token and no database."""

import asyncio
import errno
import importlib
import os
import secrets
import signal
import sys
import tempfile
from datetime import timedelta
from multiprocessing.connection import Connection
from typing import Any

from pydantic import JsonValue

from igfleet import log
from igfleet.contracts.leases import Ending, Lease, LeaseOutcome
from igfleet.errors import Cancelled, GiveUp, NeedsPerson, NotNow, RetryLater, RunError, WorkerStopping
from igfleet.faultpoints import reach
from igfleet.reasons import ReasonCode
from igfleet.worker.guard import stand_guard
from igfleet.worker.line import Line
from igfleet.worker.messages import Ask, Setup
from igfleet.worker.run_context import PipeContext

_log = log.get(__name__)
_CLOSE_S = 10
_LONGEST_REST = timedelta(days=7)
"""What the contract allows; what is not due then either rests again."""
_ENDINGS: tuple[tuple[type[RunError], Ending], ...] = (
    (Cancelled, Ending.CANCELLED),
    (WorkerStopping, Ending.RELEASED),
    (NotNow, Ending.NOT_NOW),
    (NeedsPerson, Ending.NEEDS_PERSON),
    (GiveUp, Ending.GAVE_UP),
    (RetryLater, Ending.RETRY_LATER),
)


def main(pipe: Connection, setup: Setup) -> None:
    """The process's first call. It leads a session of its own, which dies with the supervisor."""
    stand_guard(pipe)
    reach("started")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the supervisor says when to stop
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # for the process's life: libraries print codes
    tempfile.tempdir = os.environ["TMPDIR"] = str(setup.folder)  # its programs leave nothing elsewhere either
    log.set_up("json" if setup.log_format == "json" else "text", setup.log_level)
    lease = Lease.model_validate_json(setup.lease)
    _learn_secrets(lease)
    asyncio.run(_run(pipe, setup, lease))


async def _run(pipe: Connection, setup: Setup, lease: Lease) -> None:
    line = Line(pipe)
    outcome = await outcome_of(line, setup, lease)
    await line.ask(Ask.DONE, outcome=outcome.model_dump(mode="json"))


async def outcome_of(line: Line, setup: Setup, lease: Lease) -> LeaseOutcome:
    """Run it, and say how it ended: the only place where every error is caught."""
    result: dict[str, JsonValue] = {}
    try:
        runner = load(setup.runner)
        options = runner.options.model_validate(lease.options)
        context = PipeContext(lease, setup, line, load(setup.adapter) if setup.adapter else None)
        result = context.result
        try:
            await runner().run(context, options)
        finally:
            await _close(context)
        outcome = LeaseOutcome(outcome=Ending.COMPLETED)
    except RunError as error:
        outcome = _of_run_error(error)
    except Exception as error:
        outcome = _of_full_disk(error) if is_full_disk(error) else _of_bug(error)
    return outcome.model_copy(update={"result": result})


async def _close(context: PipeContext) -> None:
    """What goes wrong here changes nothing of what was done."""
    try:
        async with asyncio.timeout(_CLOSE_S):
            await context.close()
    except Exception as error:
        _log.warning("close_failed", error=f"{type(error).__name__}: {error}")


def is_full_disk(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def load(path: str) -> Any:
    """The thing at `module:name`."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


def _of_run_error(error: RunError) -> LeaseOutcome:
    ending = next((ending for kind, ending in _ENDINGS if isinstance(error, kind)), Ending.RETRY_LATER)
    after = min(max(error.after, timedelta()), _LONGEST_REST).total_seconds() if error.after is not None else None
    _log.info("run_ended", ending=ending.value, reason=error.reason.value, message=str(error))
    return LeaseOutcome(outcome=ending, reason_code=error.reason, message=_told(error), retry_after_s=after)


def _told(error: Exception) -> str:
    """The message without secrets, as long as a contract allows."""
    return log.redactor.text(str(error))[:2000]


def _of_full_disk(error: Exception) -> LeaseOutcome:
    _log.error("worker_disk", error=str(error))
    message = "The worker's disk is full"
    return LeaseOutcome(outcome=Ending.RETRY_LATER, reason_code=ReasonCode.WORKER_DISK, message=message)


def _of_bug(error: Exception) -> LeaseOutcome:
    number = secrets.token_hex(4)
    _log.error("unexpected_error", id=number, exc_info=error)
    message = f"Unexpected error {number} ({type(error).__name__}). It is in the worker's log under this id."
    return LeaseOutcome(outcome=Ending.RETRY_LATER, reason_code=ReasonCode.UNEXPECTED_ERROR, message=message)


def _learn_secrets(lease: Lease) -> None:
    account, proxy = lease.account, lease.proxy
    if account is not None:
        known = [account.password, account.email_password, *(one.settings for one in account.sessions)]
        log.redactor.learn(*(secret.get_secret_value() for secret in known if secret))
    if proxy is not None and proxy.password is not None:
        log.redactor.learn(proxy.password.get_secret_value())
