"""How long posts took to go on after a fault, told from their history."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from igfleet.chaos.recovery import Hit, recoveries

_BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


def test_times_count_from_the_fault_until_the_post_is_planned_or_settled() -> None:
    history = [
        *_moves(1, ("preparing", 0, "lease:a"), ("planned", 7, "ui")),
        *_moves(2, ("publishing", 1, "lease:b"), ("unknown", 8, "ui"), ("reconciling", 9, "lease:c")),
        *_moves(2, ("published", 22, "lease:c")),
        *_moves(3, ("preparing", 1, "lease:d"), ("publishing", 4, "lease:d"), ("published", 5, "lease:d")),
    ]

    found = recoveries([_hit("worker killed", 2, 4, ("a", "b", "d"))], history)["worker killed"]

    assert (found.before_permit.count, found.before_permit.longest) == (1, 5.0)
    assert (found.after_permit.count, found.after_permit.longest) == (1, 20.0)
    assert found.before_permit_beset.count == 0


def test_a_second_fault_meanwhile_is_told_apart() -> None:
    history = _moves(1, ("preparing", 0, "lease:a"), ("planned", 9, "ui"))
    killed = _hit("worker killed", 2, 4, ("a",))

    for other, is_beset in (
        (_hit("worker frozen", 5, 6, (), worker=0), True),
        (_hit("worker frozen", 5, 6, (), worker=1), False),
        (_hit("ui killed", 8, 12, (), worker=None), True),
        (_hit("database crashed", 0, None, (), worker=None), True),
        (_hit("ui killed", 10, 12, (), worker=None), False),
        (_hit("ui killed", 0, 1, (), worker=None), False),
    ):
        found = recoveries([killed, other], history)["worker killed"]
        assert (found.before_permit.count, found.before_permit_beset.count) == (not is_beset, is_beset), other


def _hit(event: str, at: float, until: float | None, leases: tuple[str, ...], worker: int | None = 0) -> Hit:
    workers = None if worker is None else frozenset([worker])
    return Hit(event, _at(at), leases, workers, None if until is None else _at(until))


def _moves(post: int, *moves: tuple[str, float, str]) -> Sequence[dict[str, Any]]:
    return [{"post_id": post, "became": became, "at": _at(at), "actor": actor} for became, at, actor in moves]


def _at(seconds: float) -> datetime:
    return _BEGIN + timedelta(seconds=seconds)
