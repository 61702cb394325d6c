"""Does what the script says. Whom it hits is drawn from the seed."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Iterator, Sequence

import psutil

from igfleet import clock
from igfleet.chaos.line import Weather
from igfleet.chaos.order import Event
from igfleet.chaos.recovery import Hit
from igfleet.chaos.stage import Stage

_LONGEST_FREEZE = 3.0
"""In lease lengths."""
_PARTITION_S = (0.5, 6.0)
_LATE_S = 1.5
_EQUAL_WORDS = 0.5
_THEIR_LENGTH_S = 7.0
_PATIENCE = 400
_COMMIT = "configure_to_clips"
_LOST = ("drop_after", "cut_after", "hang_after")
_NEVER = ("drop_before", "hang_before")
_ODD = ("server_500", "bad_gateway_502", "html_200", "throttled_429", "timeout_408", "bad_json", "empty_200")


class Monkey:
    """One per campaign. `done` counts what was really done: a runner can only be killed while one runs."""

    def __init__(self, stage: Stage, usernames: list[str]) -> None:
        self._stage, self._usernames = stage, usernames
        self._draw = random.Random(f"{stage.order.seed}:victims")
        self._under_way: set[asyncio.Task[None]] = set()
        self._serving = asyncio.Lock()
        self.done: Counter[str] = Counter()
        self.hits: list[Hit] = []

    def begin(self, event: Event) -> None:
        """Begin it; it goes on beside the campaign."""
        task = asyncio.create_task(self._do(event))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def finish(self) -> None:
        """Wait for what is under way: everything that was stopped runs again."""
        while self._under_way:
            await asyncio.gather(*self._under_way)

    async def _do(self, event: Event) -> None:
        deeds = {
            Event.RUNNER_KILLED: self._kill_runner,
            Event.WORKER_KILLED: self._kill_worker,
            Event.WORKER_FROZEN: self._freeze,
            Event.WORKER_FROZEN_TWICE: self._freeze_twice,
            Event.UI_KILLED: self._kill_ui,
            Event.DATABASE_CRASHED: self._crash_database,
            Event.PARTITION: self._partition,
            Event.SLOW_LINE: self._slow_line,
            Event.ANSWER_LOST: self._lose_answer,
            Event.NEVER_ARRIVED: self._lose_request,
            Event.ODD_ANSWER: self._answer_oddly,
            Event.SEEN_LATE: self._show_late,
            Event.BY_HAND: self._post_by_hand,
        }
        await deeds[event]()
        self.done[event.value] += 1

    async def _kill_runner(self) -> None:
        """One of the older half, and none that has died twice: who dies three times in a row is rightly quarantined."""
        for _ in range(_PATIENCE):
            running = sorted(await self._stage.not_dying(self._all_runners()), key=psutil.Process.create_time)
            if running:
                victim = self._draw.choice(running[: (len(running) + 1) // 2])
                with self._noted(Event.RUNNER_KILLED, self._worker_of(victim), [victim]), _gone():
                    victim.kill()
                return
            await asyncio.sleep(0.05)

    async def _kill_worker(self) -> None:
        async with self._serving:
            number = self._any_worker()
            with self._noted(Event.WORKER_KILLED, number):
                await self._stage.kill_worker(number)

    async def _freeze(self) -> None:
        """The whole worker, its gates and runs with it, as when a machine is suspended."""
        number = self._any_worker()
        frozen = self._stage.family(number)
        with self._noted(Event.WORKER_FROZEN, number):
            for process in frozen:
                with _gone():
                    process.suspend()
            await asyncio.sleep(self._draw.uniform(0.3, _LONGEST_FREEZE) * self._stage.order.lease_s)
            for process in reversed(frozen):
                with _gone():
                    process.resume()

    async def _freeze_twice(self) -> None:
        await self._freeze()
        await asyncio.sleep(self._draw.uniform(0, 0.2))
        await self._freeze()

    async def _kill_ui(self) -> None:
        async with self._serving:
            with self._noted(Event.UI_KILLED):
                await self._stage.kill_ui()

    async def _crash_database(self) -> None:
        async with self._serving:
            with self._noted(Event.DATABASE_CRASHED):
                await self._stage.crash_database()

    async def _partition(self) -> None:
        await self._weather(self._draw.choice((Weather.CUT, Weather.RESET)))

    async def _slow_line(self) -> None:
        await self._weather(Weather.SLOW)

    async def _weather(self, weather: Weather) -> None:
        number = self._draw.randrange(len(self._stage.lines))
        line = self._stage.lines[number]
        with self._noted(Event.SLOW_LINE if weather is Weather.SLOW else Event.PARTITION, number):
            line.turn(weather)
            await asyncio.sleep(self._draw.uniform(*_PARTITION_S))
            line.turn(Weather.FAIR)

    async def _lose_answer(self) -> None:
        act = self._draw.choice((*_LOST, "refuse_after"))
        refusal = {"refusal": self._draw.choice(_ODD)} if act == "refuse_after" else {}
        await self._stage.tell_sandbox("faults", act=act, path=_COMMIT, **refusal)

    async def _lose_request(self) -> None:
        await self._stage.tell_sandbox("faults", act=self._draw.choice(_NEVER), path=_COMMIT)

    async def _answer_oddly(self) -> None:
        """Nothing is done, and the answer does not say so."""
        await self._stage.tell_sandbox("faults", act="refuse", refusal=self._draw.choice(_ODD), path=_COMMIT)

    async def _show_late(self) -> None:
        await self._stage.tell_sandbox("publish_visible_delay", seconds=_LATE_S)
        await asyncio.sleep(_LATE_S * 2)
        await self._stage.tell_sandbox("publish_visible_delay", seconds=0)

    async def _post_by_hand(self) -> None:
        """Every second time with the very words of a post that is under way: a reel of the person's own, though."""
        busy = await self._stage.under_way() if self._draw.random() < _EQUAL_WORDS else []
        if busy:
            account, caption = self._draw.choice(busy)
            await self._stage.tell_sandbox("media", account=account, caption=caption, duration_s=_THEIR_LENGTH_S)
        else:
            await self._stage.tell_sandbox("media", account=self._draw.choice(self._usernames))

    @contextlib.contextmanager
    def _noted(
        self, event: Event, worker: int | None = None, runners: Sequence[psutil.Process] | None = None
    ) -> Iterator[None]:
        """The fault lasts as long as the block. Without a worker it strikes all."""
        if runners is None:
            runners = self._all_runners() if worker is None else self._stage.runners(worker)
        workers = None if worker is None else frozenset([worker])
        hit = Hit(event.value, clock.now(), self._stage.leases(runners), workers)
        self.hits.append(hit)
        yield
        hit.until = clock.now()

    def _worker_of(self, runner: psutil.Process) -> int | None:
        return next((number for number in self._stage.workers if runner in self._stage.runners(number)), None)

    def _all_runners(self) -> list[psutil.Process]:
        return [one for number in self._stage.workers for one in self._stage.runners(number)]

    def _any_worker(self) -> int:
        return self._draw.randrange(len(self._stage.workers))


def _gone() -> contextlib.suppress:
    """What is to be struck may have ended by itself."""
    return contextlib.suppress(psutil.Error)
