"""A worker of a campaign: the product's own, with the lean client, or with one safeguard taken away.

Run as `python -m igfleet.chaos.worker CLIENT WITHOUT PARENT`. Without safeguards a campaign must find duplicates:
otherwise it could not find any.
"""

import asyncio
import sys
from dataclasses import replace
from enum import StrEnum

from igfleet import log
from igfleet.contracts.tasks import Method
from igfleet.processes import watch
from igfleet.settings import WorkerSettings, load
from igfleet.worker.app import serve
from igfleet.worker.child import PRELOAD
from igfleet.worker.deadlines import Deadlines
from igfleet.worker.egress import Gate
from igfleet.worker.kinds import ADAPTERS, kinds


class Client(StrEnum):
    LEAN = "lean"
    INSTAGRAPI = "instagrapi"


class Without(StrEnum):
    """The safeguard that is taken away."""

    NOTHING = "nothing"
    GATE = "gate"
    """Bytes may leave after the permit's window and after the lease."""
    PROTOCOL = "protocol"
    """Lease and retry alone: publish first, tell afterwards."""


class _NoDeadlines(Deadlines):
    @property
    def are_over(self) -> bool:
        return False

    async def until_over(self) -> None:
        await asyncio.Event().wait()


class OpenGate(Gate):
    """A gate that forgets when to close."""

    deadlines = _NoDeadlines


def main() -> None:
    client, without = Client(sys.argv[1]), Without(sys.argv[2])
    watch(int(sys.argv[3]))
    settings = load(WorkerSettings)
    log.set_up(settings.log_format, settings.log_level)
    served = kinds()
    if without is Without.PROTOCOL:
        served["bulk_upload"] = replace(served["bulk_upload"], path="igfleet.chaos.naive:NaiveUpload")
    lean = {Method.INSTAGRAPI: "igfleet.chaos.lean_client:open_lean"}
    asyncio.run(
        serve(
            settings,
            "127.0.0.1",
            0,
            served={name: served[name] for name in ("bulk_upload", "verify")},
            adapters=lean if client is Client.LEAN else ADAPTERS,
            preload=("igfleet.chaos.lean_client", *PRELOAD[:3]) if client is Client.LEAN else PRELOAD,
            gate=OpenGate if without is Without.GATE else Gate,
        )
    )


if __name__ == "__main__":
    main()
