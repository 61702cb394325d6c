"""Challenges: Instagram wants to know who signs in. What a worker tells of one, and what it hears."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from igfleet.contracts.base import Contract, Id, WireSecret
from igfleet.contracts.states import ChallengeState


class ChallengeKind(StrEnum):
    """What a person is asked for."""

    EMAIL_CODE = "email_code"
    SMS_CODE = "sms_code"
    TOTP_CODE = "totp_code"
    """The code of an authenticator app whose secret is not stored here, or is wrong."""
    APP_APPROVAL = "app_approval"
    """To say "It was me" in the app."""
    CHECKPOINT = "checkpoint"
    """Something else that only the app or the site can settle."""
    CONSENT = "consent"
    """To accept new terms."""

    @property
    def wants_code(self) -> bool:
        """A code settles it; anything else is settled in the app."""
        return self in {self.EMAIL_CODE, self.SMS_CODE, self.TOTP_CODE}


Destination = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]
"""Where a code was sent, masked as Instagram shows it: `n***@example.com`."""


class NewChallenge(Contract):
    """`POST /api/leases/{id}/challenges`: the run has met one. The same call again gives the same answer."""

    kind: ChallengeKind
    destination: Destination = ""
    resume: WireSecret | None = None
    """What the adapter needs to go on in a later run without a second sign-in; its shape is the adapter's."""


class ChallengeView(Contract):
    """Where a challenge stands. `code` comes with `answered`, when a code was entered."""

    id: Id
    state: ChallengeState
    code: WireSecret | None = None
    may_wait: bool = True
    """Whether anybody will be asked; False when the task says that challenges are skipped."""


class ChallengeVerdict(Contract):
    """`PUT /api/leases/{id}/challenges/{id}/verdict`: what Instagram made of the answer."""

    is_right: bool
    is_from_mailbox: bool = False


class LeasedChallenge(Contract):
    """A challenge of the account that is not settled yet: this run is to settle it."""

    id: Id
    kind: ChallengeKind
    destination: Destination = ""
    resume: WireSecret | None = None
    code: WireSecret | None = None
    """What a person has entered. Without one, the person says that it was settled in the app."""
