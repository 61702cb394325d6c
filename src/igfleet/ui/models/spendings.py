"""What accounts did, counted against their budgets, and the actions that they rest from."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from igfleet.contracts.tasks import Action
from igfleet.ui.models.base import Base, Created, Key, one_of


class Spending(Base):
    """Acts of one account, reserved before they were done; those that provably were not are gone again.

    Publishing is counted by the ledger of posts instead.
    """

    __tablename__ = "spendings"
    __table_args__ = (one_of("action", Action), Index(None, "account_id", "action", "at"))

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    action: Mapped[str] = mapped_column(Text)
    amount: Mapped[int]
    at: Mapped[Created]
    lease_id: Mapped[UUID]


class ActionRest(Base):
    """An action of an account that Instagram blocked: it is not done before `until`, whatever the budget says."""

    __tablename__ = "action_rests"
    __table_args__ = (one_of("action", Action),)

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    action: Mapped[str] = mapped_column(Text, primary_key=True)
    until: Mapped[datetime]
