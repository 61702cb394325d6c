"""When a breaker opens: the rules, as data, and how one is weighed. Nothing here asks the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from igfleet.reasons import ReasonCode
from igfleet.ui.models import Scope

_R = ReasonCode
CHALLENGES = frozenset(
    {_R.CHALLENGE_REQUIRED, _R.CODE_REQUIRED, _R.CHECKPOINT_REQUIRED, _R.CONSENT_REQUIRED, _R.TWO_FACTOR_REQUIRED}
)
_SLOWED = frozenset({_R.RATE_LIMITED, _R.RATE_LIMITED_AGAIN})
_PROXY = frozenset({_R.PROXY_UNREACHABLE, _R.PROXY_AUTH_FAILED, _R.PROXY_BLOCKED, _R.PROXY_INTERCEPTS})
_BROKEN = frozenset({_R.RUNNER_DIED, _R.BROWSER_CRASHED, _R.DEADLINE_PASSED, _R.UNEXPECTED_ERROR})
_MACHINE = _BROKEN | {_R.TOOL_MISSING, _R.EGRESS_REFUSED, _R.DOLPHIN_TROUBLE, _R.WORKER_DISK}
_BLOCKED = frozenset({_R.ACTION_BLOCKED, _R.ACTION_BLOCKED_AGAIN, _R.WRITE_NOT_APPLIED})
_STRANGE = frozenset({_R.PAGE_UNEXPECTED, _R.UNEXPECTED_ERROR})
LONGEST_REST = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Rule:
    """So many, within such a time, of what they have in common: it rests."""

    name: str
    """Stored with each opening; never renamed."""
    scope: Scope
    reasons: frozenset[ReasonCode]
    count: int
    """Of different accounts; in the scope of one account, of its failures."""
    within: timedelta
    rest: timedelta
    """The first one. After a probe that fails in the same way it is twice as long, up to `LONGEST_REST`."""
    happened: str
    todo: str

    def trips(self, failures: Sequence["Failure"]) -> bool:
        """Whether it opens, given what was met in its scope of late."""
        met = [one for one in failures if one.reason in self.reasons and one.age <= self.within]
        return (len(met) if self.scope is Scope.ACCOUNT else len({one.subject for one in met})) >= self.count

    def next_rest(self, rest: timedelta) -> timedelta:
        """The rest after one that did not help."""
        return min(rest * 2, LONGEST_REST)


@dataclass(frozen=True, slots=True)
class Failure:
    """One attempt that met something."""

    subject: int
    reason: ReasonCode
    age: timedelta


def _minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


_REPLACE = "Check the proxy, or replace it on its accounts."
_RELEASE = "Read the evidence of the failed attempts; update igfleet when a newer release knows better."
RULES: tuple[Rule, ...] = (
    Rule("proxy_challenged", Scope.PROXY, CHALLENGES, 3, _minutes(10), _minutes(60),
         "Instagram asks several accounts of this proxy to confirm who they are", _REPLACE),
    Rule("proxy_slowed", Scope.PROXY, _SLOWED, 3, _minutes(15), _minutes(15),
         "Instagram asks several accounts of this proxy to slow down", "Let it rest; spread its accounts if it stays."),
    Rule("proxy_fails", Scope.PROXY, _PROXY, 3, _minutes(10), _minutes(10),
         "The proxy fails several accounts", _REPLACE),
    Rule("worker_fails", Scope.WORKER, _MACHINE, 5, _minutes(10), _minutes(15),
         "Runs of several accounts break on this worker",
         "Run `igfleet doctor` on the worker and read its log; other workers take its work."),
    Rule("kind_blocked", Scope.KIND, _BLOCKED, 5, _minutes(60), _minutes(60),
         "Instagram blocks this for several accounts", "Do less of it, then let it go on."),
    Rule("kind_fails", Scope.KIND, _STRANGE, 10, _minutes(10), _minutes(30),
         "Work of this kind fails for many accounts in a way that igfleet did not expect", _RELEASE),
    Rule("library_outdated", Scope.LIBRARY, frozenset({_R.CLIENT_OUTDATED}), 3, _minutes(60), _minutes(60),
         "Instagram tells several accounts that this client is outdated", "Update igfleet on the workers."),
    Rule("library_fails", Scope.LIBRARY, _STRANGE, 10, _minutes(30), _minutes(60),
         "Many accounts fail by this version in a way that igfleet did not expect", _RELEASE),
    Rule("account_fails", Scope.ACCOUNT, _BROKEN | _STRANGE, 6, _minutes(60), _minutes(180),
         "Runs of this account break again and again", "Read the log of its attempts."),
)  # fmt: skip
"""The first that trips names the opening. Network and server trouble are in none: they pass by themselves."""
BY_NAME = {rule.name: rule for rule in RULES}
COUNTED = frozenset().union(*(rule.reasons for rule in RULES))
