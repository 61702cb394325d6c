"""The list of proxies and the chart of one: what stands there follows from the checks."""

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from tests.domain import factories as make

from igfleet import clock
from igfleet.contracts.states import ProxyState
from igfleet.ui.models import Proxy, ProxyCheckEntry
from igfleet.ui.proxy_list import ProxyFilter, rows_of, sheet
from igfleet.ui.strip import SLOTS, strip

pytestmark = pytest.mark.anyio


def _entry(verdict: str, latency_ms: int | None = None, hours_ago: float = 1, **more: object) -> ProxyCheckEntry:
    at = clock.now() - timedelta(hours=hours_ago)
    return ProxyCheckEntry(**{"verdict": verdict, "sentence": "", "latency_ms": latency_ms, "at": at, **more})


async def test_the_last_check_counts_and_failures_of_a_day(session: AsyncSession) -> None:
    busy, idle = await make.proxies(session, 2)
    for entry in (
        _entry("timeout", hours_ago=30),
        _entry("timeout", hours_ago=3),
        _entry("auth_failed", hours_ago=2),
        _entry("slow", 4200, hours_ago=1),
    ):
        entry.proxy_id = busy.id
        session.add(entry)
    used = await make.accounts(session, 2, proxy_id=busy.id)
    used[1].archived_at = clock.now()
    await session.flush()

    rows = await rows_of(session, [busy, idle])

    assert [(row.fails, row.accounts) for row in rows] == [(2, 1), (0, 0)]
    assert rows[0].last is not None
    assert (rows[0].last.verdict, rows[0].last.latency_ms) == ("slow", 4200)
    assert rows[1].last is None


async def test_the_filter_of_the_screen_is_that_of_the_export(session: AsyncSession) -> None:
    await make.proxies(session, 3)
    await make.proxies(session, 1, host="other.example", state=ProxyState.FAILING, username="@user")

    everything = await sheet(session, ProxyFilter().select(), 100)
    some = ProxyFilter("OTHER", "failing").select()
    (failing,) = csv.DictReader(io.StringIO((await sheet(session, some, 100)).csv()))

    assert len(everything.rows) == 4
    assert (failing["host"], failing["state"], failing["username"]) == ("other.example", "failing", "'@user")
    assert not {"password", "change_ip_url"} & set(failing)


@pytest.mark.parametrize(
    ("username", "has_password", "name"),
    [
        (None, False, "http://exit.example:80"),
        ("nord", True, "http://nord@exit.example:80"),
        ("fleet-session-000017-no", True, "http://fleet-session-000017-no@exit.example:80"),
        ("0123456789abcdef", False, "http://0123…@exit.example:80"),
    ],
)
def test_a_proxy_is_named_with_its_user_but_never_with_a_key(
    username: str | None, has_password: bool, name: str
) -> None:
    proxy = Proxy(scheme="http", host="exit.example", port=80, username=username, has_password=has_password)

    assert proxy.name == name


def test_an_ipv6_address_is_named_in_brackets() -> None:
    assert Proxy(scheme="socks5", host="2001:db8::1", port=1080).label == "socks5://[2001:db8::1]:1080"


def test_a_bar_is_as_tall_as_the_answer_took_and_a_failure_fills_its_place() -> None:
    chart = strip([_entry("timeout"), _entry("slow", 2500), _entry("ok", 500)])

    assert chart.ceiling_ms == 2500
    assert [(bar.height, bar.has_failed) for bar in chart.bars] == [(20, False), (100, False), (100, True)]
    assert chart.bars[-1].x + chart.bars[-1].width <= chart.width
    assert chart.told == "The last 3 checks: 2 worked, 1 failed"


def test_the_chart_has_room_for_so_many_and_shows_the_newest() -> None:
    chart = strip([_entry("ok", 10 + number) for number in range(SLOTS + 5)])

    assert len(chart.bars) == SLOTS
    assert chart.bars[-1].title.endswith("works, 10 ms")


def test_no_checks_make_an_empty_chart() -> None:
    assert strip([]).bars == []
