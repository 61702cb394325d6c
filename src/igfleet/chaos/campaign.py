"""A campaign from its first process to its verdict."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from igfleet.chaos.monkey import Monkey
from igfleet.chaos.order import Order
from igfleet.chaos.seeding import seed
from igfleet.chaos.stage import Stage, set_up
from igfleet.chaos.verdict import Verdict, judge

_LOOK_S = 0.4
_TELL_S = 3.0
_PROGRESS = """
SELECT count(*) FILTER (WHERE state IN ('published', 'failed', 'cancelled', 'needs_person')) AS done,
  count(*) FILTER (WHERE state = 'published') AS published,
  count(*) FILTER (WHERE state IN ('unknown', 'reconciling')) AS doubtful, count(*) AS posts
FROM posts WHERE task_id = $1
"""


@dataclass(frozen=True)
class Result:
    order: Order
    verdict: Verdict
    events: dict[str, int]
    """What went wrong on purpose, and how often."""
    seconds: float

    def facts(self) -> dict[str, Any]:
        told = {name: getattr(self.order, name) for name in ("posts", "seed", "workers", "slots", "lease_s")}
        told["linger_s"] = self.order.linger_s
        parts = {"client": self.order.client.value, "without": self.order.without.value}
        return {**told, **parts, "seconds": round(self.seconds, 1), "events": self.events, **self.verdict.facts()}


async def run(order: Order, folder: Path, tell: Callable[[str], None]) -> Result:
    """Set the stage, let things go wrong, and judge what came of it."""
    async with set_up(order, folder) as stage:
        tell(f"seed {order.seed}: {order.posts} posts of {order.accounts} accounts")
        task_id, usernames = await seed(stage)
        await stage.start_ui()
        for number in range(order.workers):
            await stage.start_worker(number)
        began = time.monotonic()
        monkey = await _play(stage, task_id, usernames, tell)
        seconds = time.monotonic() - began
        verdict = await judge(stage.url, task_id, await stage.ask_sandbox("ledger"), monkey.hits)
    return Result(order, verdict, dict(sorted(monkey.done.items())), seconds)


async def _play(stage: Stage, task_id: int, usernames: list[str], tell: Callable[[str], None]) -> Monkey:
    script = list(stage.order.script())
    monkey = Monkey(stage, usernames)
    end_at = time.monotonic() + stage.order.timeout_s
    told_at = 0.0
    while time.monotonic() < end_at:
        seen = await _progress(stage, task_id)
        if seen is not None:
            share = seen["done"] / seen["posts"]
            while script and script[0][0] <= share:
                monkey.begin(script.pop(0)[1])
            if time.monotonic() - told_at > _TELL_S:
                told_at = time.monotonic()
                wrong = sum(monkey.done.values())
                tell(f"{seen['published']} of {seen['posts']} published, {seen['doubtful']} in doubt, {wrong} faults")
            if seen["done"] == seen["posts"]:
                break
        if stage.order.stops_at_duplicate and (await stage.ask_sandbox("ledger"))["duplicates"]:
            break
        await asyncio.sleep(_LOOK_S)
    await monkey.finish()
    return monkey


async def _progress(stage: Stage, task_id: int) -> Any:
    """None while the database is away."""
    rows = await stage.view.rows(_PROGRESS, task_id)
    return rows[0] if rows else None
