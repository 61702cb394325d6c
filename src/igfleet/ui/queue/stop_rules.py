"""When a task pauses by itself: its stop rules, weighed. Nothing here asks the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from igfleet.reasons import REASONS, ReasonCode
from igfleet.runners.base import Options
from igfleet.ui.queue.breaker_rules import CHALLENGES


@dataclass(frozen=True, slots=True)
class Ended:
    """One attempt of the task."""

    subject: int
    failed: bool
    reason: ReasonCode | None
    age: timedelta


def looks_back(options: Options) -> int:
    """How many attempts the rules want to see."""
    return max(options.stop_in_a_row, options.stop_of_last, 10 * options.stop_challenges, 1)


def why_stop(options: Options, ended: Sequence[Ended]) -> str | None:
    """The sentence for whoever finds the task paused; None while it may go on. `ended`: the newest first."""
    if not ended or not ended[0].failed:
        return None
    newest = ended[0]
    if newest.reason is not None and newest.reason in options.stop_reasons:
        return f"A run ended for a reason that stops this task: {REASONS[newest.reason].happened}."
    row = options.stop_in_a_row
    if row and len(ended) >= row and all(one.failed for one in ended[:row]):
        return f"{row} attempts in a row failed."
    last = ended[: options.stop_of_last]
    failed = sum(one.failed for one in last)
    if len(last) == options.stop_of_last and failed * 100 > options.stop_percent * len(last):
        return f"{failed} of the last {len(last)} attempts failed, which is more than {options.stop_percent} %."
    minutes = options.stop_challenges_min
    met = [one for one in ended if one.reason in CHALLENGES and one.age <= timedelta(minutes=minutes)]
    asked = len({one.subject for one in met})
    if options.stop_challenges and asked >= options.stop_challenges:
        return f"Instagram asked {asked} accounts to confirm who they are within {minutes} minutes."
    return None
