"""Workers make themselves known and tell how they are."""

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert

from igfleet.contracts.worker_api import Heartbeat, HeartbeatReply, Registered, Registration
from igfleet.ui import standstill
from igfleet.ui.api.access import worker_of
from igfleet.ui.injected import Session, Ui
from igfleet.ui.models import Worker
from igfleet.ui.queue.renew import IS_TO_STOP
from igfleet.ui.tokens import Caller

_CANCELS = f"""
SELECT lease_id FROM account_tasks WHERE lease_holder = $1 AND state = 'running' AND {IS_TO_STOP}
"""


@post("/workers/register", status_code=200)
async def register(
    data: JSONBody[Registration],
    session: Session,
    ui: Ui,
    caller: NamedDependency[Caller],
) -> Registered:
    """Make a worker known, or renew what is known of it. The name identifies it."""
    caller.require_name(data.name)
    values = {
        "base_url": str(data.base_url) if data.base_url else None,
        "version": data.version,
        "slots": data.slots,
        "kinds": list(data.kinds),
        "methods": [method.value for method in data.methods],
        "labels": list(data.labels),
        "libraries": {method.value: library for method, library in data.libraries.items()},
        "standstill_seen": None,
    }
    made = insert(Worker).values(name=data.name, **values)
    # A new registration is a new process: whoever asked the old one to drain meant that one.
    again = made.on_conflict_do_update(
        index_elements=[Worker.name],
        set_={**values, "registered_at": func.now(), "seen_at": func.now(), "draining_since": None},
    )
    worker_id = (await session.execute(again.returning(Worker.id))).scalar_one()
    ui.bus.tell("worker", worker_id)
    return Registered(
        worker_id=worker_id,
        heartbeat_every_s=ui.settings.heartbeat_interval.total_seconds(),
        lease_length_s=ui.settings.lease_length.total_seconds(),
    )


@post("/workers/{worker_id:int}/heartbeat", status_code=200)
async def heartbeat(
    worker_id: FromPath[int],
    data: JSONBody[Heartbeat],
    session: Session,
    ui: Ui,
    caller: NamedDependency[Caller],
) -> HeartbeatReply:
    """Say that it lives and how busy it is; hear what is wanted of it."""
    worker = await worker_of(session, caller, worker_id)
    worker.seen_at = func.now()
    worker.running = data.running
    worker.cpu_percent = data.cpu_percent
    worker.memory_bytes = data.memory_bytes
    worker.disk_free_bytes = data.disk_free_bytes
    worker.standstill_seen = data.standstill
    present = await standstill.present(session)
    async with ui.database.transaction() as raw:
        cancels = [row["lease_id"] for row in await raw.fetch(_CANCELS, worker_id)]
    ui.bus.tell("worker", worker_id)
    return HeartbeatReply(
        drain=worker.draining_since is not None,
        cancel=tuple(cancels),
        standstill=present.id if present else None,
    )


HANDLERS = [register, heartbeat]
