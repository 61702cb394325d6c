"""Every state has a word, an icon and a colour of its own."""

import pytest

from igfleet.contracts import states
from igfleet.contracts.proxy_checks import ProxyVerdict
from igfleet.contracts.states import AccountStatus, AccountTaskState
from igfleet.ui.fleet.health import Level
from igfleet.ui.icons import drawings
from igfleet.ui.models import BulkState
from igfleet.ui.models.people import UserState
from igfleet.ui.system.checks import Grade
from igfleet.ui.words import LOOKS, look

STATES = {
    "account_task": AccountTaskState,
    "task": states.TaskState,
    "user": UserState,
    "finding": Grade,
    "post": states.PostState,
    "challenge": states.ChallengeState,
    "account": AccountStatus,
    "proxy": states.ProxyState,
    "verdict": ProxyVerdict,
    "media": states.MediaState,
    "conversion": states.ConversionState,
    "check": states.CheckState,
    "worker": states.WorkerState,
    "bulk": BulkState,
    "health": Level,
}
ALL = [(kind, str(state)) for kind, words in STATES.items() for state in words]


@pytest.mark.parametrize(("kind", "state"), ALL)
def test_every_state_can_be_told_without_colour(kind: str, state: str) -> None:
    shown = look(kind, state)

    assert shown.label
    assert shown.colour in {"quiet", "blue", "green", "amber", "red", "pink"}
    assert shown.icon in drawings()


def test_no_table_has_more_than_the_states() -> None:
    assert {(kind, str(state)) for kind, looks in LOOKS.items() for state in looks} == set(ALL)


def test_the_same_word_of_two_tables_keeps_both_meanings() -> None:
    assert look("account_task", AccountTaskState.SUSPENDED).label == "needs you"
    assert look("account", AccountStatus.SUSPENDED).label == "suspended"


def test_amber_means_that_a_person_is_needed() -> None:
    amber = {(kind, state) for kind, state in ALL if look(kind, state).colour == "amber"}

    assert amber == {
        ("account_task", "suspended"),
        ("post", "unknown"),
        ("post", "needs_person"),
        ("challenge", "open"),
        ("account", "phone_verification_required"),
        ("account", "human_verification_required"),
    }
