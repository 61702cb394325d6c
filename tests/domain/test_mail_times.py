"""When a person is told by mail: pace, quiet hours, and the nights on which the clocks change."""

from datetime import UTC, datetime, time, timedelta

import pytest

from igfleet.ui.mail.times import is_due, quiet_until
from igfleet.ui.models import MailChoice

_SECOND = timedelta(seconds=1)


def _choice(pace: str = "at_once", at: str = "08:00", quiet: str = "", zone: str = "Europe/Berlin") -> MailChoice:
    begin, end = (time.fromisoformat(part) for part in quiet.split("-")) if quiet else (None, None)
    return MailChoice(
        pace=pace, digest_at=time.fromisoformat(at), quiet_from=begin, quiet_until=end, timezone=zone,
        urgent=["worker_lost"], events=["worker_lost", "post_failed"],
    )  # fmt: skip


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("choice", "noted", "told"),
    [
        (_choice(), "2026-06-01 10:00", "2026-06-01 10:01"),
        (_choice("hourly", "00:15"), "2026-06-01 10:15", "2026-06-01 11:15"),
        (_choice("hourly", "00:15", zone="Asia/Kolkata"), "2026-06-01 10:40", "2026-06-01 10:45"),  # 16:15 there
        (_choice("daily"), "2026-06-01 05:59", "2026-06-01 06:00"),
        (_choice("daily"), "2026-06-01 06:00", "2026-06-02 06:00"),
        (_choice("daily"), "2026-03-28 12:00", "2026-03-29 06:00"),  # the clocks went forward in between
        (_choice("daily"), "2026-10-24 12:00", "2026-10-25 07:00"),  # and back
        (_choice("daily", "02:30"), "2026-03-28 12:00", "2026-03-29 01:30"),  # skipped: 03:30 by the clock
        (_choice("daily", "02:30"), "2026-10-24 12:00", "2026-10-25 00:30"),  # twice: the first
        (_choice("daily", "02:30"), "2026-10-25 00:30", "2026-10-26 01:30"),  # and not a second time
        (_choice("daily", zone="Moon/Crater"), "2026-06-01 05:59", "2026-06-01 08:00"),  # taken for UTC
        (_choice(quiet="22:00-07:00"), "2026-06-01 20:00", "2026-06-02 05:00"),
        (_choice(quiet="22:00-07:00"), "2026-06-01 19:58:59", "2026-06-01 19:59:59"),
        (_choice(quiet="22:00-07:00"), "2026-03-28 23:00", "2026-03-29 05:00"),
        (_choice(quiet="22:00-07:00"), "2026-10-24 23:00", "2026-10-25 06:00"),
        (_choice(quiet="12:00-14:00"), "2026-06-01 10:30", "2026-06-01 12:00"),
        (_choice("daily", "06:00", "22:00-07:00"), "2026-06-01 10:00", "2026-06-02 05:00"),
    ],
)
def test_what_is_noted_is_told_at_its_time_and_not_before(choice: MailChoice, noted: str, told: str) -> None:
    at = _utc(told)

    assert not is_due(choice, "post_failed", _utc(noted), at - _SECOND)
    assert is_due(choice, "post_failed", _utc(noted), at)


def test_what_is_urgent_waits_for_no_digest_and_no_morning() -> None:
    choice, noted = _choice("daily", quiet="22:00-07:00"), _utc("2026-06-01 23:00")

    assert is_due(choice, "worker_lost", noted, noted + timedelta(minutes=1))
    assert not is_due(choice, "post_failed", noted, noted + timedelta(minutes=1))


def test_what_was_due_while_igfleet_was_down_is_not_told_in_the_night() -> None:
    choice, noted = _choice(quiet="22:00-07:00"), _utc("2026-06-01 18:00")

    assert not is_due(choice, "post_failed", noted, _utc("2026-06-01 23:00"))
    assert is_due(choice, "post_failed", noted, _utc("2026-06-02 05:00"))


def test_the_hour_that_comes_twice_is_quiet_once() -> None:
    choice = _choice(quiet="22:00-02:30")

    assert quiet_until(choice, _utc("2026-10-25 00:15")) == _utc("2026-10-25 00:30")
    assert quiet_until(choice, _utc("2026-10-25 01:15")) == _utc("2026-10-25 01:15")
