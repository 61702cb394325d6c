"""Days and times of zones whose clocks jump, and what repeats by them."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from igfleet.ui.schedule.calendar import View, day_of, hour_of, shown_days, stepped
from igfleet.ui.schedule.recurrence import Fate, Missed, Rule, fates, upcoming

BERLIN = "Europe/Berlin"
DAILY = frozenset(range(7))
_TWICE = ["00:00", "01:00", "02:00 CEST", "02:00 CET", "03:00"]


@pytest.mark.parametrize(
    ("zone", "day", "hours", "first", "note"),
    [
        (BERLIN, date(2026, 3, 28), 24, ["00:00", "01:00", "02:00"], ""),
        (BERLIN, date(2026, 3, 29), 23, ["00:00", "01:00", "03:00"], "forward: 02:00 to 03:00 does not exist"),
        (BERLIN, date(2026, 10, 25), 25, _TWICE, "back: 02:00 to 03:00 comes twice"),
        ("America/New_York", date(2026, 3, 8), 23, ["00:00", "01:00", "03:00"], "02:00 to 03:00 does not exist"),
        ("Australia/Lord_Howe", date(2026, 10, 4), 24, ["00:00", "01:00", "02:30"], "02:00 to 02:30 does not exist"),
        ("Australia/Lord_Howe", date(2026, 4, 5), 25, ["00:00", "01:00", "01:30 +1030"], "01:30 to 02:00 comes twice"),
        ("America/Havana", date(2026, 11, 1), 25, ["00:00 CDT", "00:00 CST", "01:00"], "00:00 to 01:00 comes twice"),
        ("Asia/Beirut", date(2026, 3, 29), 23, ["01:00", "02:00"], "00:00 to 01:00 does not exist"),
        ("Asia/Kolkata", date(2026, 3, 29), 24, ["00:00", "01:00"], ""),
        ("Pacific/Apia", date(2011, 12, 30), 0, [], "does not exist in this zone"),
    ],
)
def test_a_day_has_the_hours_that_its_clocks_show(
    zone: str, day: date, hours: int, first: list[str], note: str
) -> None:
    shown = day_of(day, ZoneInfo(zone))

    assert len(shown.hours) == hours
    assert [hour.label for hour in shown.hours][: len(first)] == first
    assert note in shown.note
    assert bool(note) == bool(shown.note)


@pytest.mark.parametrize("zone", [BERLIN, "Australia/Lord_Howe", "America/St_Johns", "Asia/Beirut", "UTC"])
def test_the_days_of_a_year_leave_no_moment_out(zone: str) -> None:
    days = [day_of(date(2026, 1, 1) + timedelta(days=number), ZoneInfo(zone)) for number in range(366)]

    for before, after in pairwise(days):
        assert before.ends == after.begins
        assert before.hours[-1].ends == before.ends
        assert all(one.ends == other.begins for one, other in pairwise(before.hours))


def test_each_of_two_equal_hours_has_its_own_moments() -> None:
    day = day_of(date(2026, 10, 25), ZoneInfo(BERLIN))

    assert hour_of(day.hours, datetime(2026, 10, 25, 0, 30, tzinfo=UTC)).label == "02:00 CEST"
    assert hour_of(day.hours, datetime(2026, 10, 25, 1, 30, tzinfo=UTC)).label == "02:00 CET"


def test_views_show_whole_weeks() -> None:
    march = shown_days(View.MONTH, date(2026, 3, 29))
    week = shown_days(View.WEEK, date(2026, 3, 29))

    assert (march[0], march[-1], len(march)) == (date(2026, 2, 23), date(2026, 4, 5), 42)
    assert (week[0], week[-1]) == (date(2026, 3, 23), date(2026, 3, 29))
    assert stepped(View.MONTH, date(2026, 1, 31), -1) == date(2025, 12, 1)
    assert stepped(View.WEEK, date(2026, 3, 29), 1) == date(2026, 4, 5)


@pytest.mark.parametrize(
    ("zone", "at", "after", "expected"),
    [
        (BERLIN, time(9), "2026-03-28T12:00", ["03-29T07:00", "03-30T07:00", "03-31T07:00"]),
        (BERLIN, time(2, 30), "2026-03-28T00:00", ["03-28T01:30", "03-29T01:30", "03-30T00:30"]),
        (BERLIN, time(2, 30), "2026-10-24T00:00", ["10-24T00:30", "10-25T00:30", "10-26T01:30"]),
        ("America/New_York", time(2, 15), "2026-03-08T00:00", ["03-08T07:15", "03-09T06:15", "03-10T06:15"]),
        ("Asia/Kolkata", time(0), "2026-03-28T18:30", ["03-29T18:30", "03-30T18:30", "03-31T18:30"]),
    ],
)
def test_a_daily_time_follows_the_clock_and_comes_once_a_day(
    zone: str, at: time, after: str, expected: list[str]
) -> None:
    found = upcoming(Rule(DAILY, at, zone), datetime.fromisoformat(after).replace(tzinfo=UTC), 3)

    assert [f"{one:%m-%dT%H:%M}" for one in found] == expected


def test_a_date_that_a_zone_left_out_has_no_time_of_its_own() -> None:
    found = upcoming(Rule(DAILY, time(9), "Pacific/Apia"), datetime(2011, 12, 28, tzinfo=UTC), 4)

    assert [f"{one.astimezone(ZoneInfo('Pacific/Apia')):%d}" for one in found] == ["28", "29", "31", "01"]


def test_some_days_of_the_week() -> None:
    found = upcoming(Rule(frozenset({0, 4}), time(9), "UTC"), datetime(2026, 3, 28, tzinfo=UTC), 3)

    assert [f"{one:%a}" for one in found] == ["Mon", "Fri", "Mon"]


_HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("missed", "late", "expected"),
    [
        (Missed.SKIP, timedelta(minutes=5), [Fate.MAKE]),
        (Missed.SKIP, timedelta(minutes=6), [Fate.SKIP]),
        (Missed.LATE, _HOUR, [Fate.MAKE]),
        (Missed.LATE, _HOUR + timedelta(seconds=1), [Fate.SKIP]),
        (Missed.HOLD, 20 * _HOUR, [Fate.HOLD]),
        (Missed.HOLD, 50 * _HOUR, [Fate.SKIP, Fate.SKIP, Fate.HOLD]),
        (Missed.LATE, 48 * _HOUR, [Fate.SKIP, Fate.SKIP, Fate.MAKE]),
    ],
)
def test_what_becomes_of_missed_times(missed: Missed, late: timedelta, expected: list[Fate]) -> None:
    first = datetime(2026, 3, 28, 9, tzinfo=UTC)

    found = fates(Rule(DAILY, time(9), "UTC"), missed, _HOUR, first, first + late)

    assert [fate for _, fate in found] == expected
    assert found[0][0] == first
