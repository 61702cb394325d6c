"""Challenges as a run meets them: open one, wait for its answer, tell what Instagram made of it."""

from typing import Annotated
from uuid import UUID

from litestar import get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from igfleet.contracts.challenges import ChallengeVerdict, ChallengeView, NewChallenge
from igfleet.contracts.states import ChallengeState
from igfleet.ui.api.access import check_lease
from igfleet.ui.api.description import MAY
from igfleet.ui.challenges import records
from igfleet.ui.challenges.waiting import wait_for_answer
from igfleet.ui.context import UiContext
from igfleet.ui.injected import Ui
from igfleet.ui.models import Challenge
from igfleet.ui.tokens import Caller

Wait = Annotated[float, QueryParameter(name="wait_s", ge=0, le=30)]


@post("/leases/{lease_id:uuid}/challenges", status_code=201)
async def meet(
    lease_id: FromPath[UUID], data: JSONBody[NewChallenge], ui: Ui, caller: NamedDependency[Caller]
) -> ChallengeView:
    """The run has met a challenge: the account stops, a person is asked. A repeat gets the same answer."""
    async with ui.database.transaction() as raw:
        await check_lease(raw, caller, lease_id)
        opened = await records.meet(raw, lease_id, data)
    if data.resume is not None:
        await _seal(ui, opened.id, data.resume.get_secret_value())
    ui.bus.tell("challenge", opened.id)
    return ChallengeView(id=opened.id, state=ChallengeState.OPEN, may_wait=opened.may_wait)


@get("/leases/{lease_id:uuid}/challenges/{challenge_id:int}", opt={MAY: (409,)})
async def look(
    lease_id: FromPath[UUID],
    challenge_id: FromPath[int],
    ui: Ui,
    caller: NamedDependency[Caller],
    wait_s: Wait = 0,
) -> ChallengeView:
    """Where it stands; waits up to `wait_s` for an answer. The code comes with it."""
    async with ui.database.transaction() as raw:
        await check_lease(raw, caller, lease_id)
    actor = f"worker:{caller.worker_name or 'shared'}"
    return await wait_for_answer(ui, lease_id, challenge_id, wait_s, actor)


@put("/leases/{lease_id:uuid}/challenges/{challenge_id:int}/verdict")
async def judge(
    lease_id: FromPath[UUID],
    challenge_id: FromPath[int],
    data: JSONBody[ChallengeVerdict],
    ui: Ui,
    caller: NamedDependency[Caller],
) -> ChallengeView:
    """What Instagram made of the answer. A right one lets the account go on."""
    async with ui.database.transaction() as raw:
        await check_lease(raw, caller, lease_id)
        state = await records.judge(raw, lease_id, challenge_id, data)
    ui.bus.tell("challenge", challenge_id)
    ui.bus.tell("work")
    return ChallengeView(id=challenge_id, state=state)


async def _seal(ui: UiContext, challenge_id: int, resume: str) -> None:
    """What continues the dialogue. Only now a code can be entered for a later run."""
    async with ui.database.sessions.begin() as session:
        challenge = await session.get_one(Challenge, challenge_id, with_for_update=True)
        if ChallengeState(challenge.state).is_live:
            await ui.vault.seal(session, "challenge", challenge_id, {"resume": resume})
            challenge.has_resume = True


HANDLERS = [meet, look, judge]
