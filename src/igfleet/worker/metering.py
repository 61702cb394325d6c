"""The worker's figures for Prometheus."""

from collections.abc import Sized
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge

RUNS = Counter("igfleet_runs", "Runs that ended here, by kind and how", ["kind", "outcome"])


class Works(Protocol):
    """What is measured."""

    @property
    def is_draining(self) -> bool: ...

    @property
    def runs(self) -> Sized: ...


def present(worker: Works, slots: int) -> CollectorRegistry:
    """How much it does now."""
    found = CollectorRegistry()
    for name, about, value in (
        ("slots", "Runs that it takes at once", slots),
        ("running", "Runs at this moment", len(worker.runs)),
        ("draining", "1 while it takes no new work", int(worker.is_draining)),
    ):
        Gauge(f"igfleet_worker_{name}", about, registry=found).set(value)
    return found
