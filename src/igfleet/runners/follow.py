"""follow: some people of a list."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, ClassVar, Self

from pydantic import Field, JsonValue, model_validator

from igfleet.contracts.tasks import Effect
from igfleet.errors import Invalid
from igfleet.runners.base import RunContext, Runner
from igfleet.runners.following import Following
from igfleet.runners.shares import PlanInput, Share
from igfleet.runners.targets import TargetedOptions, sampled, shortage


class FollowOptions(TargetedOptions):
    follow_min_count: Annotated[int, Field(ge=0, le=50)] = 3
    follow_max_count: Annotated[int, Field(ge=1, le=50)] = 10
    """Each account follows a number of people drawn between the two."""
    delay_min_s: Annotated[float, Field(ge=0, le=3600)] = 10
    delay_max_s: Annotated[float, Field(ge=0, le=3600)] = 25

    @model_validator(mode="after")
    def _range(self) -> Self:
        return self.at_most("follow_min_count", "follow_max_count")


class Follow(Runner[FollowOptions]):
    kind: ClassVar[str] = "follow"
    title: ClassVar[str] = "Follow"
    about = "Follow some people of a list"
    icon = "user-plus"
    options = FollowOptions
    counters = ("follows", "already", "failed")
    timeout = timedelta(hours=6)
    effect = Effect.SET
    share_columns = ("wanted", "candidates")
    result_columns = ("outcome", "would_follow", "followed", "requested", "already", "refused", "not_found", "note")

    @classmethod
    def plan(cls, order: PlanInput, options: FollowOptions) -> Iterator[Share]:
        """A number for each account, and a choice among those that it does not follow yet."""
        if not options.has_targets:
            raise Invalid("Say whom to follow.", {"target_list": "Name a list of targets, or user names."})
        for account in order.accounts:
            draw = order.draw("follow", account.id)
            wanted = draw.randint(options.follow_min_count, options.follow_max_count)
            chosen = sampled(order, account, wanted)
            facts: dict[str, JsonValue] = {
                "wanted": wanted,
                "candidates": [one.username for one in chosen],
                "target_ids": [one.id for one in chosen],
            }
            note = shortage(chosen, wanted) if wanted else "It drew 0: it follows nobody this time"
            yield Share(account.id, account.username, facts, note=note, is_left_out=not chosen)

    async def run(self, run: RunContext, options: FollowOptions) -> None:
        """Follow, one after the other. Too few to follow is no failure."""
        following = Following(run, options, int(str(run.share.get("wanted", 0))), self.counters)
        try:
            await following.follow(await run.instagram())
        finally:
            run.conclude(**following.told())
            if run.is_dry:
                run.conclude(outcome="simulated", would_follow=[*following.would])
