"""When a breaker opens and when a task pauses by itself: rules as data, weighed without a database."""

from datetime import timedelta

import pytest

from igfleet.reasons import ReasonCode
from igfleet.runners.base import Options
from igfleet.ui.models import Scope
from igfleet.ui.queue.breaker_rules import BY_NAME, LONGEST_REST, RULES, Failure, Rule
from igfleet.ui.queue.stop_rules import Ended, why_stop

_R = ReasonCode
NEW = timedelta(seconds=1)
SHARED = [rule for rule in RULES if rule.scope is not Scope.ACCOUNT]


def _met(rule: Rule, accounts: int, times: int = 1, age: timedelta = NEW) -> list[Failure]:
    reason = min(rule.reasons)
    return [Failure(account, reason, age) for account in range(accounts) for _ in range(times)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_opens_at_its_count_and_not_one_before(rule: Rule) -> None:
    if rule.scope is Scope.ACCOUNT:
        enough, few = _met(rule, 1, rule.count), _met(rule, 1, rule.count - 1)
    else:
        enough, few = _met(rule, rule.count), _met(rule, rule.count - 1)

    assert rule.trips(enough)
    assert not rule.trips(few)


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if rule.scope is not Scope.ACCOUNT], ids=lambda rule: rule.name
)
def test_one_account_that_fails_again_and_again_is_one_account(rule: Rule) -> None:
    assert not rule.trips(_met(rule, rule.count - 1, times=50))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_what_is_older_than_the_window_or_of_another_reason_does_not_count(rule: Rule) -> None:
    old = _met(rule, 50, age=rule.within + NEW)
    other = [Failure(number, _R.NETWORK_TROUBLE, NEW) for number in range(50)]

    assert not rule.trips(old)
    assert not rule.trips(other)


def test_the_example_of_the_order_is_a_rule() -> None:
    """Three accounts challenged within ten minutes on one proxy."""
    rule = BY_NAME["proxy_challenged"]

    assert (rule.scope, rule.count, rule.within) == (Scope.PROXY, 3, timedelta(minutes=10))
    assert rule.trips(
        [
            Failure(1, _R.CODE_REQUIRED, NEW),
            Failure(2, _R.CHECKPOINT_REQUIRED, NEW),
            Failure(3, _R.CHALLENGE_REQUIRED, NEW),
        ]
    )


def test_rests_double_and_end() -> None:
    rule, rest = BY_NAME["proxy_challenged"], timedelta(hours=1)

    rests = [rest := rule.next_rest(rest) for _ in range(5)]

    assert rests == [timedelta(hours=hours) for hours in (2, 4, 8, 12, 12)]
    assert rests[-1] == LONGEST_REST


def _ended(outcomes: str, reason: _R = _R.SERVER_TROUBLE, age: timedelta = NEW) -> list[Ended]:
    """The newest first: x failed, . did not."""
    return [Ended(number, one == "x", reason if one == "x" else None, age) for number, one in enumerate(outcomes)]


_OFTEN = "4 of the last 8 attempts failed, which is more than 49 %."
_AT_ONCE = "A run ended for a reason that stops this task: Instagram answered with an error of its own."


@pytest.mark.parametrize(
    ("outcomes", "given", "said"),
    [
        ("xxx", {"stop_in_a_row": 3}, "3 attempts in a row failed."),
        ("xx", {"stop_in_a_row": 3}, None),
        ("xx.x", {"stop_in_a_row": 3}, None),
        (".xxx", {"stop_in_a_row": 3}, None),
        ("xxxxx", {"stop_in_a_row": 0}, None),
        ("x.x.x.x.", {"stop_percent": 49, "stop_of_last": 8}, _OFTEN),
        ("x.x.x.x.", {"stop_percent": 50, "stop_of_last": 8}, None),
        ("x.x.x.x", {"stop_percent": 10, "stop_of_last": 8}, None),
        ("x.......x.......xxxxx", {"stop_percent": 20, "stop_of_last": 10}, None),
        ("xxxxxxxxx", {"stop_in_a_row": 0, "stop_percent": 100, "stop_of_last": 5}, None),
        ("x", {"stop_reasons": ["server_trouble"]}, _AT_ONCE),
        ("x", {"stop_reasons": ["bad_password"]}, None),
        ("", {"stop_in_a_row": 1}, None),
    ],
)  # fmt: skip
def test_stop_rules(outcomes: str, given: dict[str, object], said: str | None) -> None:
    assert why_stop(Options.model_validate(given), _ended(outcomes)) == said


def test_new_challenges_stop_a_task_and_old_ones_do_not() -> None:
    options = Options(stop_challenges=3, stop_challenges_min=10)

    new = why_stop(options, _ended("xxx", _R.CODE_REQUIRED))
    old = why_stop(options, _ended("xxx", _R.CODE_REQUIRED, timedelta(minutes=11)))
    same = why_stop(options, [Ended(1, True, _R.CODE_REQUIRED, NEW)] * 3)

    assert new == "Instagram asked 3 accounts to confirm who they are within 10 minutes."
    assert (old, same) == (None, None)


def test_by_default_a_task_stops_when_it_goes_badly_wrong_and_not_sooner() -> None:
    assert why_stop(Options(), _ended("x" * 9)) is None
    assert why_stop(Options(), _ended("x" * 10)) is not None
    assert why_stop(Options(), _ended("x." * 10)) is None
    assert why_stop(Options(), _ended("xx" + "x." * 9)) is not None
