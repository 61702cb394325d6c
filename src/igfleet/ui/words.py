"""The words, icons and colours of every state: one table for badges, bars, filters and exports.

Amber means that a person is needed, red that something is broken, pink that it is simulated, and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from igfleet.contracts.files import Origin
from igfleet.contracts.proxy_checks import ProxyVerdict
from igfleet.contracts.states import (
    AccountStatus,
    AccountTaskState,
    ChallengeState,
    CheckState,
    ConversionState,
    MediaState,
    PostState,
    ProxyState,
    TaskState,
    WorkerState,
)
from igfleet.ui.models.people import UserState
from igfleet.ui.system.checks import Grade


@dataclass(frozen=True, slots=True)
class Look:
    """How a state is shown: never by colour alone."""

    label: str
    icon: str
    colour: str
    """One of: quiet, blue, green, amber, red, pink."""


_A, _T, _P, _S, _X, _M, _W = AccountTaskState, TaskState, PostState, AccountStatus, ProxyState, MediaState, WorkerState
_C, _V, _N, _K, _U = ChallengeState, ProxyVerdict, ConversionState, CheckState, UserState
ORIGINS: dict[str, str] = {
    Origin.UPLOADED: "uploaded",
    Origin.VARIANT: "variant",
    Origin.CONVERTED: "converted",
    Origin.PICTURE: "picture of an account",
}
"""How a file came into the library."""
LOOKS: dict[str, Mapping[str, Look]] = {
    "account_task": {
        _A.SCHEDULED: Look("scheduled", "calendar", "quiet"),
        _A.AVAILABLE: Look("waiting", "hourglass", "quiet"),
        _A.RUNNING: Look("running", "loader", "blue"),
        _A.RETRYABLE: Look("will retry", "refresh", "quiet"),
        _A.SUSPENDED: Look("needs you", "alert-triangle", "amber"),
        _A.COMPLETED: Look("done", "circle-check", "green"),
        _A.DISCARDED: Look("failed", "circle-x", "red"),
        _A.CANCELLED: Look("cancelled", "ban", "quiet"),
    },
    "finding": {
        Grade.OK: Look("ok", "circle-check", "green"),
        Grade.NOTE: Look("note", "info-circle", "quiet"),
        Grade.BAD: Look("bad", "circle-x", "red"),
    },
    "user": {
        _U.ACTIVE: Look("active", "circle-check", "green"),
        _U.INVITED: Look("invited", "hourglass", "quiet"),
        _U.DISABLED: Look("disabled", "ban", "quiet"),
    },
    "task": {
        _T.DRAFT: Look("draft", "edit", "quiet"),
        _T.QUEUED: Look("waiting", "hourglass", "quiet"),
        _T.RUNNING: Look("running", "loader", "blue"),
        _T.COMPLETED: Look("done", "circle-check", "green"),
        _T.PARTIALLY_COMPLETED: Look("done with failures", "alert-circle", "red"),
        _T.FAILED: Look("failed", "circle-x", "red"),
        _T.CANCELLED: Look("cancelled", "ban", "quiet"),
    },
    "post": {
        _P.PLANNED: Look("planned", "circle-dashed", "quiet"),
        _P.PREPARING: Look("preparing", "upload", "blue"),
        _P.PUBLISHING: Look("publishing", "send", "blue"),
        _P.PUBLISHED: Look("published", "circle-check", "green"),
        _P.SIMULATED: Look("simulated", "flask", "pink"),
        _P.UNKNOWN: Look("outcome unknown", "help-circle", "amber"),
        _P.RECONCILING: Look("checking if live", "search", "blue"),
        _P.NEEDS_PERSON: Look("needs you", "alert-triangle", "amber"),
        _P.FAILED: Look("failed", "circle-x", "red"),
        _P.CANCELLED: Look("cancelled", "ban", "quiet"),
    },
    "challenge": {
        _C.OPEN: Look("needs you", "alert-triangle", "amber"),
        _C.ANSWERED: Look("being checked", "loader", "blue"),
        _C.VERIFIED: Look("settled", "circle-check", "green"),
        _C.REFUSED: Look("did not hold", "circle-x", "red"),
        _C.SKIPPED: Look("skipped", "ban", "quiet"),
        _C.EXPIRED: Look("overtaken", "clock", "quiet"),
    },
    "account": {
        _S.ACTIVE: Look("active", "circle-check", "green"),
        _S.LIMITED: Look("resting", "clock", "quiet"),
        _S.BLOCKED: Look("blocked", "ban", "red"),
        _S.SUSPENDED: Look("suspended", "circle-x", "red"),
        _S.PHONE_VERIFICATION_REQUIRED: Look("phone check", "alert-triangle", "amber"),
        _S.HUMAN_VERIFICATION_REQUIRED: Look("needs you", "alert-triangle", "amber"),
        _S.INACTIVE: Look("stopped", "player-pause", "quiet"),
    },
    "proxy": {
        _X.UNCHECKED: Look("not checked yet", "circle-dashed", "quiet"),
        _X.OK: Look("works", "plug-connected", "green"),
        _X.FAILING: Look("failing", "plug-connected-x", "red"),
        _X.DISABLED: Look("switched off", "ban", "quiet"),
    },
    "verdict": {
        _V.OK: Look("works", "circle-check", "green"),
        _V.SLOW: Look("slow", "hourglass", "quiet"),
        _V.AUTH_FAILED: Look("refuses the password", "key", "red"),
        _V.UNREACHABLE: Look("unreachable", "plug-connected-x", "red"),
        _V.TIMEOUT: Look("no answer", "clock", "red"),
        _V.INTERCEPTED: Look("opens TLS", "eye", "red"),
        _V.TARGET_BLOCKED: Look("target blocked", "ban", "red"),
    },
    "media": {
        _M.PROBING: Look("being checked", "loader", "blue"),
        _M.READY: Look("ready", "circle-check", "green"),
        _M.UNPUBLISHABLE: Look("not publishable", "alert-circle", "red"),
        _M.BROKEN: Look("unreadable", "circle-x", "red"),
    },
    "conversion": {
        _N.WAITING: Look("waiting", "hourglass", "quiet"),
        _N.RUNNING: Look("converting", "loader", "blue"),
        _N.DONE: Look("converted", "circle-check", "green"),
        _N.FAILED: Look("failed", "circle-x", "red"),
    },
    "check": {
        _K.DUE: Look("not looked yet", "clock", "quiet"),
        _K.VERIFIED: Look("verified", "circle-check", "green"),
        _K.CHANGED: Look("caption changed", "edit", "red"),
        _K.MISSING: Look("missing", "circle-x", "red"),
        _K.UNVERIFIABLE: Look("not verifiable", "help-circle", "quiet"),
    },
    "bulk": {
        "waiting": Look("waiting", "hourglass", "quiet"),
        "running": Look("running", "loader", "blue"),
        "done": Look("done", "circle-check", "green"),
        "failed": Look("failed", "circle-x", "red"),
        "cancelled": Look("cancelled", "ban", "quiet"),
    },
    "health": {
        "good": Look("good", "heart", "green"),
        "fair": Look("fair", "alert-circle", "quiet"),
        "poor": Look("poor", "alert-circle", "red"),
    },
    "worker": {
        _W.ONLINE: Look("online", "heartbeat", "green"),
        _W.LATE: Look("late", "clock", "quiet"),
        _W.LOST: Look("lost", "circle-x", "red"),
        _W.DRAINING: Look("draining", "hourglass", "quiet"),
        _W.STOPPED: Look("stopped", "player-stop", "quiet"),
    },
}
"""By kind first: two tables may use the same word for different things."""


def look(kind: str, state: str) -> Look:
    """The look of a stored state, for example `look("post", "published")`."""
    return LOOKS[kind][state]
