"""warmup: read the feed, like some of it, look at stories, follow a few people."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, ClassVar, Self

from pydantic import Field, JsonValue, model_validator

from igfleet.contracts.tasks import Effect
from igfleet.runners.base import RunContext, Runner
from igfleet.runners.shares import PlanInput, Share
from igfleet.runners.targets import TargetedOptions, sampled, shortage

_RANGES = ("feed_scroll", "like", "view_stories", "follow")

Count = Annotated[int, Field(ge=0, le=50)]


class WarmupOptions(TargetedOptions):
    """Each account does a number of each that is drawn between least and greatest."""

    feed_scroll_min_count: Count = 1
    feed_scroll_max_count: Count = 3
    """Pages of the home feed."""
    like_min_count: Count = 0
    like_max_count: Count = 3
    """Posts of the home feed that the account does not like yet."""
    view_stories_min_count: Count = 0
    view_stories_max_count: Count = 5
    """Stories of the tray that the account has not seen yet."""
    follow_min_count: Count = 0
    follow_max_count: Count = 0
    """People of the list of targets that the account does not follow yet; 0 follows nobody."""
    delay_min_s: Annotated[float, Field(ge=0, le=3600)] = 15
    delay_max_s: Annotated[float, Field(ge=0, le=3600)] = 45

    @model_validator(mode="after")
    def _ranges(self) -> Self:
        for name in _RANGES:
            self.at_most(f"{name}_min_count", f"{name}_max_count")
        if self.follow_max_count and not self.has_targets:
            raise ValueError("say whom to follow, by target_list or targets, or set follow_max_count to 0")
        if not any(getattr(self, f"{name}_max_count") for name in _RANGES):
            raise ValueError("all numbers are 0: there is nothing to do")
        return self


class Warmup(Runner[WarmupOptions]):
    kind: ClassVar[str] = "warmup"
    title: ClassVar[str] = "Warm-up"
    about = "Read the feed, like, look at stories, follow a few"
    icon = "flame"
    options = WarmupOptions
    counters = ("viewed", "likes", "stories", "follows")
    timeout = timedelta(hours=6)
    effect = Effect.SET
    share_columns = ("feed", "likes", "stories", "follows")
    result_columns = ("outcome", "feed", "likes", "stories", "follows", "note")

    @classmethod
    def plan(cls, order: PlanInput, options: WarmupOptions) -> Iterator[Share]:
        """A number of each for each account, and whom it may follow."""
        for account in order.accounts:
            draw = order.draw("warmup", account.id)
            numbers = [
                draw.randint(getattr(options, f"{name}_min_count"), getattr(options, f"{name}_max_count"))
                for name in _RANGES
            ]
            chosen = sampled(order, account, numbers[-1])
            facts: dict[str, JsonValue] = {**dict(zip(cls.share_columns, numbers, strict=True))}
            facts["target_ids"] = [one.id for one in chosen]
            is_idle = not any(numbers)
            note = "It drew 0 of everything: it does nothing this time" if is_idle else shortage(chosen, numbers[-1])
            yield Share(account.id, account.username, facts, note=note, is_left_out=is_idle)

    @classmethod
    def seed_facts(cls, options: WarmupOptions) -> dict[str, JsonValue]:
        """The ranges."""
        names = [f"{name}_{end}_count" for name in _RANGES for end in ("min", "max")]
        return {"actions": {name: getattr(options, name) for name in names}}

    async def run(self, run: RunContext, options: WarmupOptions) -> None:
        """Do what was drawn. An action that Instagram blocks, or whose budget is spent, does not keep the rest back."""
        from igfleet.runners.warming import Warming

        await Warming(run, options, self.counters).run()
