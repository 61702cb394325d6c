"""Whom a failed run is blamed on: what the gate saw is surer than what a client library made of it."""

from igfleet.contracts.leases import Ending, LeaseOutcome
from igfleet.reasons import REASONS, ReasonCode, Retry
from igfleet.worker.upstream import Refused

_R = ReasonCode
_OF_THE_WAY_OUT = {
    _R.NETWORK_TROUBLE,
    _R.PROXY_UNREACHABLE,
    _R.PROXY_AUTH_FAILED,
    _R.PROXY_MISSING,
    _R.EGRESS_REFUSED,
}
"""Reasons that a closed way out may hide behind."""


def blamed(outcome: LeaseOutcome, trouble: Refused | None) -> LeaseOutcome:
    """The outcome with the gate's reason when the gate refused the run's last connection."""
    if trouble is None or outcome.reason_code not in _OF_THE_WAY_OUT or trouble.reason not in _OF_THE_WAY_OUT:
        return outcome
    asks_person = REASONS[trouble.reason].retry is Retry.WHEN_RESUMED
    ending = Ending.NEEDS_PERSON if asks_person else Ending.RETRY_LATER
    text = str(trouble)
    message = f"{text[:1].upper()}{text[1:]}"
    return outcome.model_copy(update={"outcome": ending, "reason_code": trouble.reason, "message": message})
