"""Remote acts that are paid for first, and counted once however often the run is taken up again."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from igfleet.contracts.tasks import Action
from igfleet.errors import RetryLater
from igfleet.reasons import ReasonCode
from igfleet.runners.base import RunContext

_COUNTED = "counted"


async def act[T](run: RunContext, action: Action, do: Callable[[], Awaitable[T]]) -> T:
    """Reserve the act in the account's budget, then do it. When Instagram blocks the action, the account's rest from
    it follows from the result (`blocked`)."""
    await run.spend(action)
    with told_when_blocked(run, action):
        return await do()


@contextmanager
def told_when_blocked(run: RunContext, action: Action) -> Iterator[None]:
    """When Instagram blocks what is done within, the result says which action it was."""
    try:
        yield
    except RetryLater as error:
        if error.reason is ReasonCode.ACTION_BLOCKED:
            run.conclude(blocked=[action.value])
        raise


def count_once(run: RunContext, counter: str, what: str = "") -> bool:
    """Count one thing, unless this or an earlier attempt has counted it. Whether it was new."""
    known = run.recall(_COUNTED)
    names = [str(name) for name in known] if isinstance(known, list) else []
    name = f"{counter} {what}".strip()
    if name in names:
        return False
    run.remember(_COUNTED, [*names, name])
    run.count(counter)
    return True
