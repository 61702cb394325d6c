"""Challenges: what Instagram wanted to know of an account before it goes on."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from igfleet.contracts.challenges import ChallengeKind
from igfleet.contracts.states import ChallengeState
from igfleet.ui.models.account_tasks import AccountTask
from igfleet.ui.models.accounts import Account
from igfleet.ui.models.base import Base, Created, Key, one_of

LIVE = "state IN ('open', 'answered')"


class Challenge(Base):
    """One question of Instagram's. While it is live, its account runs nothing but what settles it.

    What continues the dialogue and the code that was entered are sealed (`vault`, owner `challenge`), and forgotten
    when it is settled.
    """

    __tablename__ = "challenges"
    __table_args__ = (
        one_of("kind", ChallengeKind),
        one_of("state", ChallengeState),
        Index("uq_challenges_live", "account_id", unique=True, postgresql_where=LIVE),
        Index("ix_challenges_waiting", "expires_at", "id", postgresql_where=LIVE),
        Index(None, "account_id", "id"),
    )

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    account_task_id: Mapped[int | None] = mapped_column(ForeignKey("account_tasks.id", ondelete="SET NULL"), index=True)
    """The account task whose run met it."""
    lease_id: Mapped[UUID | None]
    """The lease of that run."""
    kind: Mapped[str] = mapped_column(Text)
    method: Mapped[str] = mapped_column(Text)
    """The method of the run that met it: only that method can go on with the dialogue."""
    destination: Mapped[str] = mapped_column(Text, server_default="")
    has_resume: Mapped[bool] = mapped_column(server_default="false")
    """Whether a code can still be entered, without another sign-in."""
    state: Mapped[str] = mapped_column(Text, server_default=ChallengeState.OPEN)
    refusals: Mapped[int] = mapped_column(server_default="0")
    """Codes that Instagram refused."""
    asked_at: Mapped[Created]
    expires_at: Mapped[datetime | None]
    """When its code has run out, as far as we know; None when there is none."""
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None] = mapped_column(Text)
    """`user:anna`, `cli`, `mailbox`."""
    closed_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship(lazy="raise")
    account_task: Mapped[AccountTask | None] = relationship(lazy="raise")
