"""Lines of a post's history that tell of looks. The post's state stays what it is."""

from collections.abc import Sequence

from igfleet.contracts.states import CheckState
from igfleet.log import redactor
from igfleet.plurals import counted
from igfleet.ui.raw import Raw

_LINE = """
INSERT INTO post_history (post_id, was, became, epoch, actor, why)
SELECT id, state, state, epoch, $2, $3 FROM posts WHERE id = $1
"""
_STEPS = ((86400, "day"), (3600, "hour"), (60, "minute"))
_SAID = {
    CheckState.DUE: "not seen {}: it is looked for once more",
    CheckState.VERIFIED: "verified {}",
    CheckState.CHANGED: "seen {} with another caption",
    CheckState.MISSING: "missing {}, twice in a row",
    CheckState.UNVERIFIABLE: "could not be verified {}",
}


async def note(raw: Raw, post_id: int, ages_s: Sequence[float], state: CheckState, why: str, actor: str) -> None:
    """Tell of a look at some ages of a post."""
    said = _SAID[state].format(after(ages_s))
    is_told = why and state is not CheckState.MISSING
    await raw.execute(_LINE, post_id, actor, redactor.text(f"{said}: {why}" if is_told else said)[:500])


def after(ages_s: Sequence[float]) -> str:
    """ "after 2 minutes and 1 hour" """
    return "after " + " and ".join(_length(age) for age in sorted(ages_s))


def _length(seconds: float) -> str:
    for size, name in _STEPS:
        if seconds >= size and seconds % size == 0:
            return counted(int(seconds // size), name)
    return f"{seconds:g} s"
