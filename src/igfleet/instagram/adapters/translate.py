"""Turns every error of the library, of requests and of Python into one of ours, at the edge."""

from datetime import timedelta
from types import TracebackType

import requests

from igfleet.errors import IgfleetError, RunError
from igfleet.instagram.adapters.dialogue import CodeNeeded
from igfleet.instagram.adapters.refusal import Phase, Refusal, of_answer, of_exception
from igfleet.instagram.adapters.rules import UNKNOWN, rule_for

_LONGEST_DETAIL = 200


class translated:  # noqa: N801  # read as a word in `with translated(...)`
    """Everything that is raised inside leaves as a `RunError` whose class says what comes next.

    The library lets anything escape, `KeyError` and `AssertionError` included, so nothing but our own errors passes.
    """

    def __init__(self, username: str, phase: Phase) -> None:
        self._username = username
        self._phase = phase

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if isinstance(error, Exception) and not isinstance(error, IgfleetError | CodeNeeded):
            raise run_error(self._username, of_exception(error, self._phase), error) from error


def refused(username: str, answer: requests.Response, phase: Phase) -> RunError:
    """The error for an answer that the library does not judge itself."""
    return run_error(username, of_answer(answer, phase))


def run_error(username: str, refusal: Refusal, error: Exception | None = None) -> RunError:
    """The error for a refusal. An unknown one carries the foreign exception's name, for whoever has to look."""
    rule = rule_for(refusal)
    says = rule.says
    if rule is UNKNOWN:
        says = f"{says}: {_detail(refusal, error)}"
    after = rule.after if refusal.retry_after_s is None else timedelta(seconds=refusal.retry_after_s)
    return rule.error(f"{username}: {says}", rule.reason, after)


def _detail(refusal: Refusal, error: Exception | None) -> str:
    name = type(error).__name__ if error else "answer"
    status = f" {refusal.status}" if refusal.status else ""
    return f"{name}{status} {refusal.message}".strip()[:_LONGEST_DETAIL]
