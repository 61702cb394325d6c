"""The publish protocol: intent, permit, outcome, readings. Each call carries the lease."""

from uuid import UUID

from litestar import post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from igfleet.contracts.posts import Intent, Permit, PostOutcome, PostView, Reading, Verdict
from igfleet.contracts.tasks import Action
from igfleet.errors import LeaseLost
from igfleet.ui import ledger, metering
from igfleet.ui.api.access import check_lease
from igfleet.ui.api.description import MAY
from igfleet.ui.injected import Ui
from igfleet.ui.tokens import Caller

_PATH = "/leases/{lease_id:uuid}/posts/{post_id:int}"
_TASK = "SELECT task_id FROM posts WHERE id = $1"
_ENDED = "SELECT task_id, extract(epoch FROM now() - permitted_at)::float AS permitted_s FROM posts WHERE id = $1"


@put(_PATH + "/intent")
async def intent(
    lease_id: FromPath[UUID],
    post_id: FromPath[int],
    data: JSONBody[Intent],
    ui: Ui,
    caller: NamedDependency[Caller],
) -> PostView:
    """Write ahead what is about to be published."""
    async with ui.database.transaction() as raw:
        await check_lease(raw, caller, lease_id)
        return await ledger.write_intent(raw, lease_id, post_id, data)


@post(_PATH + "/permit", status_code=200, opt={MAY: (423,)})
async def permit(lease_id: FromPath[UUID], post_id: FromPath[int], ui: Ui, caller: NamedDependency[Caller]) -> Permit:
    """Leave for the one irreversible call. 423 when it is refused."""
    async with ui.database.transaction() as raw:
        await check_lease(raw, caller, lease_id)
        with metering.permitting(Action.PUBLISH):
            return await ledger.give_permit(raw, lease_id, post_id, ui.settings)


@put(_PATH + "/outcome")
async def outcome(
    lease_id: FromPath[UUID],
    post_id: FromPath[int],
    data: JSONBody[PostOutcome],
    ui: Ui,
    caller: NamedDependency[Caller],
) -> PostView:
    """How the commit ended. After the end of the lease it is kept as evidence and answered 409."""
    try:
        async with ui.database.transaction() as raw:
            await check_lease(raw, caller, lease_id)
            view = await ledger.settle(raw, lease_id, post_id, data, ui.settings)
            post = await raw.fetchrow(_ENDED, post_id)
    except LeaseLost:
        async with ui.database.transaction() as raw:
            await ledger.keep_late(raw, lease_id, post_id, data)
        raise
    metering.ended(data.kind, post)
    ui.bus.tell("task", post["task_id"])
    return view


@post(_PATH + "/readings", status_code=200)
async def reading(
    lease_id: FromPath[UUID],
    post_id: FromPath[int],
    data: JSONBody[Reading],
    ui: Ui,
    caller: NamedDependency[Caller],
) -> Verdict:
    """One look at the account's own media; the answer is the verdict of all looks so far."""
    async with ui.database.transaction() as raw:
        await check_lease(raw, caller, lease_id)
        verdict = await ledger.read(raw, lease_id, post_id, data, ui.settings)
        task_id = await raw.fetchval(_TASK, post_id)
    ui.bus.tell("task", task_id)
    return verdict


HANDLERS = [intent, permit, outcome, reading]
