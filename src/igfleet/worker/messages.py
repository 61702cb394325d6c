"""What a run's process and its supervisor say to each other: JSON over a pipe, so that nothing hostile is unpickled."""

import json
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from igfleet import errors
from igfleet.errors import IgfleetError, PermitRefused, RunError
from igfleet.instagram.gateway import Browser
from igfleet.mail_servers import MailRules
from igfleet.reasons import ReasonCode


class Ask(StrEnum):
    """What a run asks for, and waits for the answer."""

    FETCH = "fetch"
    STORE = "store"
    TOTP = "totp"
    SPEND = "spend"
    CHECK_PROXY = "check_proxy"
    SESSION = "session"
    SESSION_REFUSED = "session_refused"
    LOOK_UP = "look_up"
    """Is somebody known, or who finds out?"""
    LOOKED_UP = "looked_up"
    CODE_WANTED = "code_wanted"
    """Instagram wants a code: open a challenge."""
    CODE = "code"
    """Has anybody answered it?"""
    CODE_JUDGED = "code_judged"
    """What Instagram made of the answer."""
    INTENT = "intent"
    PERMIT = "permit"
    OUTCOME = "outcome"
    READING = "reading"
    DONE = "done"


class Tell(StrEnum):
    """What a run says without waiting."""

    LINE = "line"
    COUNT = "count"
    STEP = "step"
    REMEMBER = "remember"


class Stop(StrEnum):
    """Why a run is to end at its next safe point."""

    CANCELLED = "cancelled"
    WORKER_STOPPING = "worker_stopping"
    JOB_STOPPED = "job_stopped"
    """The job was stopped on this worker only."""


@dataclass(frozen=True)
class Setup:
    """All that a run's process gets at its start."""

    lease: str
    """The lease as JSON, secrets opened."""
    runner: str
    """Dotted path of the runner's class: `igfleet.runners.bulk_upload:BulkUpload`."""
    adapter: str
    """Dotted path of the adapter's opening function; empty when no account is driven."""
    proxy_url: str
    """The gate of this run."""
    ca_file: Path | None
    folder: Path
    shelf: Path
    browser: Browser
    mail: MailRules
    challenge_wait_s: float
    """How long a run waits for a person's answer."""
    journal: Path
    log_format: str
    log_level: str


_AWAY = (errors.LeaseLost.__name__, errors.Unavailable.__name__, "Away")
"""Without the ui a run cannot go on: it is given back, and does not count as an attempt."""


def send(pipe: Connection, message: dict[str, Any]) -> None:
    pipe.send_bytes(json.dumps(message).encode())


def receive(pipe: Connection) -> dict[str, Any]:
    """The next message. Raises `EOFError` when the other side is gone."""
    message = json.loads(pipe.recv_bytes())
    if not isinstance(message, dict):
        raise EOFError("not a message")  # noqa: TRY004  # a line that cannot be understood is a line that ended
    return message


def packed(error: IgfleetError) -> dict[str, Any]:
    """An error for the way through the pipe."""
    told: dict[str, Any] = {"class": type(error).__name__, "message": str(error)}
    if isinstance(error, RunError | PermitRefused):
        wait = error.after if isinstance(error, RunError) else error.retry_after
        told |= {"reason": error.reason.value, "after_s": wait.total_seconds() if wait else None}
    return told


def unpacked(told: dict[str, Any]) -> RunError:
    """What the run raises for it: every refusal of the ui ends an attempt in its own way."""
    after = timedelta(seconds=told["after_s"]) if told.get("after_s") is not None else None
    reason = ReasonCode(told["reason"]) if told.get("reason") else None
    message = str(told.get("message", ""))
    if told["class"] == PermitRefused.__name__:
        return _permit_refused(message, reason, after)
    kind = getattr(errors, str(told["class"]), None)
    if isinstance(kind, type) and issubclass(kind, RunError):
        return kind(message, reason, after)
    if told["class"] == errors.SecretUnreadable.__name__:
        return errors.NeedsPerson(message, ReasonCode.SECRET_UNREADABLE)
    if told["class"] in _AWAY:
        return errors.WorkerStopping(message, ReasonCode.WORKER_LOST)
    return errors.RetryLater(message, ReasonCode.NETWORK_TROUBLE)


def _permit_refused(message: str, reason: ReasonCode | None, after: timedelta | None) -> RunError:
    if reason is ReasonCode.CANCELLED:
        return errors.Cancelled(message)
    if reason is ReasonCode.BUDGET_SPENT:
        return errors.BudgetSpent(message, after=after)
    if reason is ReasonCode.PAUSED:
        return errors.Paused(message, after=after)
    if reason is ReasonCode.ACTION_BLOCKED:
        return errors.ActionRests(message, after=after)
    if reason is ReasonCode.CLIENT_OUTDATED:
        return errors.NotNow(message, reason, after)
    return errors.NeedsPerson(message, reason)
