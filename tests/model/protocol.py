"""The publish protocol as a small machine, explored breadth first: every order of steps, deaths and lost answers.

Two workers, one account, two posts. A frozen worker is one whose next step comes very late, so freezing needs no event
of its own: every interleaving is tried. Time is abstract: a window ends, a lease ends, the settle time passes. States
are tuples, which are quickly made and found again.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Guard(StrEnum):
    """What keeps a post from being published twice. Each can be taken away to see what happens without it."""

    EPOCH = "epoch"
    """The ui refuses what a lost lease writes."""
    INTENT = "intent"
    """What is about to be published is written ahead, so that it can be recognised."""
    PERMIT = "permit"
    """The post is `publishing` before the first byte leaves."""
    SETTLE = "settle"
    """Readings count only when a late commit cannot arrive any more."""
    GATE = "gate"
    """No byte leaves after the window or the lease."""


ALL = frozenset(Guard)


class Post(StrEnum):
    PLANNED = "planned"
    PREPARING = "preparing"
    PUBLISHING = "publishing"
    UNKNOWN = "unknown"
    PUBLISHED = "published"


class Step(StrEnum):
    """Where a worker stands in the run of its lease."""

    IDLE = "idle"
    LEASED = "leased"
    PREPARED = "prepared"
    ASKING = "asking for the permit"
    PERMITTED = "permitted"
    SENDING = "about to send"
    WAITING = "waiting for the answer"
    KNOWS = "has the answer"
    DOUBTS = "lost the answer"
    DEAD = "dead"


class Worker(NamedTuple):
    step: Step = Step.IDLE
    lease: int = 0
    post: int = 0


class State(NamedTuple):
    """All of it. `count` is how often Instagram published each post; `flying` are commits under way."""

    posts: tuple[Post, Post] = (Post.PLANNED, Post.PLANNED)
    count: tuple[int, int] = (0, 0)
    intent: tuple[bool, bool] = (False, False)
    window: tuple[bool, bool] = (False, False)
    """By worker, whether its permit's window is open."""
    settled: tuple[bool, bool] = (True, True)
    """Whether a late commit of the post cannot arrive any more."""
    flying: tuple[tuple[int, int], ...] = ()
    """(worker, post)"""
    lease: int = 0
    """The present lease's number; each claim makes a new one."""
    is_leased: bool = False
    workers: tuple[Worker, Worker] = (Worker(), Worker())
    kills: int = 0

    @property
    def is_over(self) -> bool:
        return all(post is Post.PUBLISHED for post in self.posts)


@dataclass(frozen=True)
class Model:
    """The machine with some guards. `leases` and `kills` bound the exploration."""

    guards: frozenset[Guard] = ALL
    leases: int = 4
    kills: int = 2

    def moves(self, state: State) -> Iterator[tuple[str, State]]:
        """Everything that may happen next."""
        for number in (0, 1):
            yield from self._of_worker(state, number)
        yield from self._of_time(state)
        yield from self._of_network(state)

    def _of_worker(self, state: State, number: int) -> Iterator[tuple[str, State]]:
        worker = state.workers[number]
        if worker.step is Step.DEAD:
            return
        if worker.step is not Step.IDLE and state.kills < self.kills:
            yield f"kill {number}", _as(state._replace(kills=state.kills + 1), number, Worker(Step.DEAD))
        steps = {
            Step.IDLE: self._claim,
            Step.LEASED: self._begin,
            Step.PREPARED: self._write_intent,
            Step.ASKING: self._ask_permit,
            Step.PERMITTED: self._check_clock,
            Step.SENDING: self._send,
            Step.KNOWS: self._report_published,
            Step.DOUBTS: self._report_unknown,
        }
        if worker.step in steps:
            yield from steps[worker.step](state, number, worker)

    def _claim(self, state: State, number: int, _worker: Worker) -> Iterator[tuple[str, State]]:
        if not state.is_leased and not state.is_over and state.lease < self.leases:
            lease = state.lease + 1
            claimed = state._replace(lease=lease, is_leased=True)
            yield f"claim {number}", _as(claimed, number, Worker(Step.LEASED, lease))

    def _begin(self, state: State, number: int, worker: Worker) -> Iterator[tuple[str, State]]:
        """Settle what is in doubt, else prepare the first planned post, else finish."""
        for post in (0, 1):
            if state.posts[post] is Post.UNKNOWN:
                yield from self._read(state, number, worker, post)
                return
        for post in (0, 1):
            if state.posts[post] is Post.PLANNED:
                yield f"prepare {number}", _as(state, number, worker._replace(step=Step.PREPARED, post=post))
                return
        done = state._replace(is_leased=False) if self._holds(state, worker) else state
        yield f"finish {number}", _as(done, number, Worker())

    def _read(self, state: State, number: int, worker: Worker, post: int) -> Iterator[tuple[str, State]]:
        """One look at the account; the ui concludes. Without an intent there is nothing to recognise the post by."""
        if Guard.SETTLE in self.guards and not state.settled[post]:
            return
        if Guard.EPOCH in self.guards and not self._holds(state, worker):
            yield f"drop {number}", _as(state, number, Worker())
            return
        is_there = state.count[post] > 0 and state.intent[post]
        verdict = Post.PUBLISHED if is_there else Post.PLANNED
        yield f"verdict {post}: {verdict.value}", _post(state, post, verdict)

    def _write_intent(self, state: State, number: int, worker: Worker) -> Iterator[tuple[str, State]]:
        if not self._may_write(state, worker) or state.posts[worker.post] not in (Post.PLANNED, Post.PREPARING):
            yield f"drop {number}", _as(state, number, Worker())
            return
        written = _post(state, worker.post, Post.PREPARING)
        if Guard.INTENT in self.guards:
            written = written._replace(intent=_at(written.intent, worker.post, True))
        yield f"intent {number}", _as(written, number, worker._replace(step=Step.ASKING))

    def _ask_permit(self, state: State, number: int, worker: Worker) -> Iterator[tuple[str, State]]:
        post = worker.post
        if Guard.PERMIT not in self.guards:
            opened = state._replace(window=_at(state.window, number, True), settled=_at(state.settled, post, False))
            yield f"no permit {number}", _as(opened, number, worker._replace(step=Step.PERMITTED))
            return
        if not self._may_write(state, worker) or state.posts[post] is not Post.PREPARING:
            yield f"drop {number}", _as(state, number, Worker())
            return
        given = _post(state, post, Post.PUBLISHING)
        given = given._replace(window=_at(given.window, number, True), settled=_at(given.settled, post, False))
        yield f"permit {number}", _as(given, number, worker._replace(step=Step.PERMITTED))

    def _check_clock(self, state: State, number: int, worker: Worker) -> Iterator[tuple[str, State]]:
        if state.window[number]:
            yield f"in time {number}", _as(state, number, worker._replace(step=Step.SENDING))
        elif self._may_write(state, worker) and state.posts[worker.post] is Post.PUBLISHING:
            not_sent = _post(state, worker.post, Post.PLANNED)
            yield f"not sent {number}", _as(not_sent, number, worker._replace(step=Step.LEASED))
        else:
            yield f"drop {number}", _as(state, number, Worker())

    def _send(self, state: State, number: int, worker: Worker) -> Iterator[tuple[str, State]]:
        """The worker may have been frozen since it looked at the clock."""
        is_open = state.window[number] and self._holds(state, worker)
        if Guard.GATE in self.guards and not is_open:
            yield f"gate closed {number}", _as(state, number, worker._replace(step=Step.DOUBTS))
            return
        sent = state._replace(flying=(*state.flying, (number, worker.post)))
        yield f"send {number}", _as(sent, number, worker._replace(step=Step.WAITING))

    def _report_published(self, state: State, number: int, worker: Worker) -> Iterator[tuple[str, State]]:
        if self._may_write(state, worker):
            state = _post(state, worker.post, Post.PUBLISHED)
            yield f"report {number}", _as(state, number, worker._replace(step=Step.LEASED))
        else:
            yield f"late evidence {number}", _as(state, number, Worker())

    def _report_unknown(self, state: State, number: int, worker: Worker) -> Iterator[tuple[str, State]]:
        if self._may_write(state, worker) and state.posts[worker.post] is Post.PUBLISHING:
            state = _post(state, worker.post, Post.UNKNOWN)
            yield f"report doubt {number}", _as(state, number, worker._replace(step=Step.LEASED))
        else:
            yield f"drop {number}", _as(state, number, Worker())

    def _of_time(self, state: State) -> Iterator[tuple[str, State]]:
        for number in (0, 1):
            if state.window[number]:
                yield f"window of {number} ends", state._replace(window=_at(state.window, number, False))
        for post in (0, 1):
            if not state.settled[post] and not self._may_still_come(state, post):
                yield f"settle {post}", state._replace(settled=_at(state.settled, post, True))
        if state.is_leased:
            yield "lease ends", self._rescued(state)

    def _may_still_come(self, state: State, post: int) -> bool:
        is_permitted = any(state.window[number] and state.workers[number].post == post for number in (0, 1))
        return is_permitted or any(flying[1] == post for flying in state.flying)

    def _rescued(self, state: State) -> State:
        """A window never outlasts the lease."""
        back = {Post.PREPARING: Post.PLANNED, Post.PUBLISHING: Post.UNKNOWN}
        posts = tuple(back.get(post, post) for post in state.posts)
        return state._replace(is_leased=False, posts=posts, window=(False, False))

    def _of_network(self, state: State) -> Iterator[tuple[str, State]]:
        for flying in dict.fromkeys(state.flying):
            number, post = flying
            rest = list(state.flying)
            rest.remove(flying)
            gone = state._replace(flying=tuple(rest))
            landed = gone._replace(count=_at(gone.count, post, gone.count[post] + 1))
            yield f"lands {post}, answered", _answered(landed, number, Step.KNOWS)
            yield f"lands {post}, answer lost", _answered(landed, number, Step.DOUBTS)
            yield f"lost on the way {post}", _answered(gone, number, Step.DOUBTS)

    def _holds(self, state: State, worker: Worker) -> bool:
        return state.is_leased and state.lease == worker.lease

    def _may_write(self, state: State, worker: Worker) -> bool:
        return Guard.EPOCH not in self.guards or self._holds(state, worker)


@dataclass
class Explored:
    """All reachable states, and how each was reached first."""

    reached: dict[State, tuple[State | None, str]] = field(default_factory=dict)
    after: dict[State, list[State]] = field(default_factory=dict)
    violation: State | None = None

    def way_to(self, state: State) -> list[str]:
        """The steps from the beginning."""
        steps: list[str] = []
        at: State | None = state
        while at is not None:
            at, step = self.reached[at]
            steps.append(step)
        return steps[::-1][1:]


def explore(model: Model) -> Explored:
    """Breadth first, until a post is published twice or nothing new is found."""
    start = State()
    explored = Explored({start: (None, "")})
    waiting = deque([start])
    while waiting:
        state = waiting.popleft()
        if max(state.count) > 1:
            explored.violation = state
            return explored
        explored.after[state] = []
        for step, following in model.moves(state):
            explored.after[state].append(following)
            if following not in explored.reached:
                explored.reached[following] = (state, step)
                waiting.append(following)
    return explored


def _as(state: State, number: int, worker: Worker) -> State:
    return state._replace(workers=_at(state.workers, number, worker))


def _post(state: State, post: int, became: Post) -> State:
    return state._replace(posts=_at(state.posts, post, became))


def _answered(state: State, number: int, step: Step) -> State:
    worker = state.workers[number]
    return _as(state, number, worker._replace(step=step)) if worker.step is Step.WAITING else state


def _at[T](pair: tuple[T, T], index: int, value: T) -> tuple[T, T]:
    return (value, pair[1]) if index == 0 else (pair[0], value)
