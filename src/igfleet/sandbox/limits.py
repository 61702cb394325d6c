"""How often an account may do a thing before the simulated Instagram blocks it for a while."""

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from igfleet import clock
from igfleet.contracts.tasks import Action
from igfleet.sandbox.acts import ActKind, Acts
from igfleet.sandbox.messages import Answer
from igfleet.sandbox.refusals import REFUSALS

_COUNTED = {
    Action.LIKE: (ActKind.LIKE,),
    Action.STORY_VIEW: (ActKind.STORY,),
    Action.FOLLOW: (ActKind.FOLLOW,),
    Action.PROFILE_EDIT: (ActKind.EDIT, ActKind.AVATAR),
}


class Limit(BaseModel):
    """`most` acts of one account `within_s` seconds; the next one is answered feedback_required."""

    model_config = ConfigDict(extra="forbid")

    action: Action
    most: Annotated[int, Field(ge=0)]
    within_s: Annotated[float, Field(gt=0)] = 3600
    account: str | None = None
    """Only this user name; everybody when None."""

    @field_validator("action")
    @classmethod
    def _can_be_counted(cls, action: Action) -> Action:
        if action not in _COUNTED:
            raise ValueError(f"cannot be limited; these can: {', '.join(_COUNTED)}")
        return action


class Limits:
    """The limits of the present script."""

    def __init__(self) -> None:
        self.all: list[Limit] = []

    def refusal(self, acts: Acts, account: str, action: Action) -> Answer | None:
        """What an account hears that has reached a limit; None while it may go on."""
        for limit in self.all:
            if limit.action is action and limit.account in (None, account):
                since = clock.now() - timedelta(seconds=limit.within_s)
                done = sum(act.moment > since for act in acts.of(account, *_COUNTED[action]))
                if done >= limit.most:
                    return REFUSALS["feedback_required"].answer()
        return None
