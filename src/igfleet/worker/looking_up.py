"""A run's way of finding out who somebody is: once for all accounts, by whoever comes first."""

import asyncio
from collections.abc import Callable

from igfleet import clock
from igfleet.contracts.lookups import LookedUp, LookUp, LookUpState, LookUpWish
from igfleet.errors import GiveUp
from igfleet.instagram.gateway import Person
from igfleet.reasons import ReasonCode
from igfleet.runners.base import FindPerson
from igfleet.worker.line import Line
from igfleet.worker.messages import Ask

_LONGEST_S = 60.0
_LOOK_EVERY_S = 1.0


async def look_up(line: Line, username: str, find: FindPerson, stop_if_asked: Callable[[], None]) -> Person | None:
    """As `RunContext.look_up` promises."""
    wish = LookUpWish(username=username.lower()).model_dump(mode="json")
    until = clock.boot_seconds() + _LONGEST_S
    while True:
        told = LookUp.model_validate(await line.ask(Ask.LOOK_UP, wish=wish))
        if told.state is LookUpState.YOURS:
            return await _found(line, username, find)
        if told.state is LookUpState.KNOWN and told.user_id is None:
            raise GiveUp(f"Instagram knows nobody named {username}", ReasonCode.USER_NOT_FOUND)
        if told.state is LookUpState.KNOWN:
            return Person(told.user_id or "", username, bool(told.is_private))
        if clock.boot_seconds() > until:
            return None
        stop_if_asked()
        await asyncio.sleep(_LOOK_EVERY_S)


async def _found(line: Line, username: str, find: FindPerson) -> Person:
    """Ask, and tell the ui in every case: else the others would wait until this run ends."""
    ending = LookedUp(username=username.lower())
    try:
        person = await find()
        ending = ending.model_copy(update={"user_id": person.user_id, "is_private": person.is_private})
    except GiveUp as error:
        ending = ending.model_copy(update={"is_missing": error.reason is ReasonCode.USER_NOT_FOUND})
        raise
    finally:
        await line.ask(Ask.LOOKED_UP, found=ending.model_dump(mode="json"))
    return person
