"""Looking people up for lists of targets: who asks Instagram, and what it said."""

from uuid import UUID

from litestar import post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from igfleet.contracts.lookups import LookedUp, LookUp, LookUpWish
from igfleet.ui.api.access import check_lease
from igfleet.ui.injected import Ui
from igfleet.ui.queue import lookups
from igfleet.ui.tokens import Caller


@post("/leases/{lease_id:uuid}/lookups", status_code=200)
async def wish(lease_id: FromPath[UUID], data: JSONBody[LookUpWish], ui: Ui, caller: NamedDependency[Caller]) -> LookUp:
    """Somebody's id when it is known; else one run at a time is asked to find out."""
    async with ui.database.transaction() as raw:
        await check_lease(raw, caller, lease_id)
        return await lookups.wish(raw, lease_id, data.username)


@put("/leases/{lease_id:uuid}/lookups")
async def told(
    lease_id: FromPath[UUID], data: JSONBody[LookedUp], ui: Ui, caller: NamedDependency[Caller]
) -> dict[str, bool]:
    """What Instagram said. The same again changes nothing."""
    async with ui.database.transaction() as raw:
        await check_lease(raw, caller, lease_id)
        await lookups.told(raw, lease_id, data)
    return {"ok": True}


HANDLERS = [wish, told]
