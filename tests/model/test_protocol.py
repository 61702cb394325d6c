"""The publish protocol holds in every order of events, and none of its guards is there for nothing."""

import pytest

from tests.model.protocol import ALL, Guard, Model, Post, State, explore


def test_no_order_of_events_publishes_twice_or_loses_a_post() -> None:
    explored = explore(Model())

    assert explored.violation is None
    assert len(explored.reached) > 10_000, "the exploration is too small to mean anything"
    believed = [state for state in explored.reached if _believes_wrongly(state)]
    assert not believed, explored.way_to(believed[0])
    assert not _without_way_out(explored.after, Model().leases)


@pytest.mark.parametrize("guard", Guard)
def test_without_a_guard_a_post_is_published_twice(guard: Guard) -> None:
    explored = explore(Model(ALL - {guard}))

    assert explored.violation is not None
    assert max(explored.violation.count) == 2
    print(f"without {guard}:", " → ".join(explored.way_to(explored.violation)))


def _believes_wrongly(state: State) -> bool:
    """A post that the ui calls published is there."""
    return any(post is Post.PUBLISHED and count == 0 for post, count in zip(state.posts, state.count, strict=True))


def _without_way_out(after: dict[State, list[State]], leases: int) -> list[State]:
    """States from which no end with all posts published can be reached, though a living worker and a lease are left."""
    before: dict[State, list[State]] = {state: [] for state in after}
    for state, following in after.items():
        for one in following:
            before[one].append(state)
    good = {state for state in after if state.is_over}
    waiting = list(good)
    while waiting:
        for state in before[waiting.pop()]:
            if state not in good:
                good.add(state)
                waiting.append(state)
    return [state for state in after if state not in good and _could_go_on(state, leases)]


def _could_go_on(state: State, leases: int) -> bool:
    return state.lease < leases and any(worker.step.value == "idle" for worker in state.workers)
