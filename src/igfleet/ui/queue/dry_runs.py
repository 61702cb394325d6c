"""What a dry-run may not do, whatever its worker says."""

from igfleet.contracts.tasks import Action
from igfleet.errors import PermitRefused
from igfleet.reasons import ReasonCode
from igfleet.ui.raw import Raw

_HARMLESS = frozenset({Action.LOGIN, Action.READ})
_IS_DRY = "SELECT dry_run FROM tasks WHERE id = $1"


async def refuse_if_dry(raw: Raw, task_id: int, action: Action) -> None:
    """Raises `PermitRefused` (dry_run) for an act that others would see."""
    if action not in _HARMLESS and await raw.fetchval(_IS_DRY, task_id):
        raise PermitRefused("It is a dry-run: nothing of it is written on Instagram.", ReasonCode.DRY_RUN)
