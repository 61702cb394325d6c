"""Which accounts are meant: a filter that an address, a form and a stored order can carry."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from igfleet.contracts.states import AccountStatus, ProxyState
from igfleet.reasons import REASONS, ReasonCode
from igfleet.ui.finding.filters import ListFilter
from igfleet.ui.fleet.health import Level, is_level
from igfleet.ui.models import Account, Post, Proxy
from igfleet.ui.words import LOOKS


def _within(column: ColumnElement[Any] | InstrumentedAttribute[Any], days: int) -> ColumnElement[bool]:
    return column > func.now() - func.make_interval(0, 0, 0, days)


def _posted_today(least: int) -> ColumnElement[bool]:
    """Whether an account posted so often in 24 hours: counted once for all, not for each account."""
    counted = select(Post.account_id).where(_within(Post.permitted_at, 1)).group_by(Post.account_id)
    return Account.id.in_(counted.having(func.count() >= least))


_session_at = func.greatest(Account.session_at, Account.web_session_at)
STATES_OF_PROXY = {"none": "no proxy", **{state.value: LOOKS["proxy"][state].label for state in ProxyState}}
LEVELS = {level.value: level.value for level in Level}
SUCCESSES = {"day": "in 24 hours", "week": "in 7 days", "older": "longer ago", "never": "never"}
SESSIONS = {"none": "none", "week": "7 days at most", "month": "7 to 30 days", "older": "over 30 days"}
TODAY = {"none": "none yet", "some": "some", "full": "budget spent"}
SHOWN = {"archived": "archived"}
REASONS_TOLD = {code.value: REASONS[code].happened for code in ReasonCode}
_IN_TIME: dict[str, Callable[[], ColumnElement[bool]]] = {
    "day": lambda: _within(Account.last_success_at, 1),
    "week": lambda: _within(Account.last_success_at, 7),
    "older": lambda: ~_within(Account.last_success_at, 7),
    "never": lambda: Account.last_success_at.is_(None),
}
_BY_AGE: dict[str, Callable[[], ColumnElement[bool]]] = {
    "none": lambda: _session_at.is_(None),
    "week": lambda: _within(_session_at, 7),
    "month": lambda: and_(_within(_session_at, 30), ~_within(_session_at, 7)),
    "older": lambda: ~_within(_session_at, 30),
}


@dataclass(frozen=True, slots=True)
class AccountFilter(ListFilter):
    """Everything empty means all that are not archived. What is not known is passed over, as in any old bookmark."""

    choices = {
        "status": [*AccountStatus],
        "proxy": STATES_OF_PROXY,
        "health": LEVELS,
        "today": TODAY,
        "success": SUCCESSES,
        "session": SESSIONS,
        "shown": SHOWN,
    }
    q: str = ""
    """A part of the user name."""
    status: str = ""
    reason: str = ""
    """Of the status, or of the last failure."""
    tag: str = ""
    client: str = ""
    proxy: str = ""
    """A state, or `none`."""
    proxy_id: str = ""
    health: str = ""
    today: str = ""
    """Posts of the last 24 hours."""
    success: str = ""
    session: str = ""
    shown: str = ""

    def told(self) -> list[str]:
        """The same in words."""
        return [f"{_WORDS[name]} {_SPOKEN.get(name, {}).get(value, value)}" for name, value in self.given().items()]

    def select(self, publish_budget: int) -> Select[Account]:
        """The accounts, outer-joined with their proxies. `publish_budget` is of a day."""
        query = select(Account).outerjoin(Proxy, Proxy.id == Account.proxy_id)
        return query.where(*self._conditions(publish_budget))

    def _conditions(self, publish_budget: int) -> list[ColumnElement[bool]]:
        archived = Account.archived_at.is_not(None) if self.shown == "archived" else Account.archived_at.is_(None)
        found: list[ColumnElement[bool]] = [archived]
        if self.q:
            found.append(Account.username.icontains(self.q.removeprefix("@"), autoescape=True))
        if self.status in set(AccountStatus):
            found.append(Account.status == self.status)
        if self.reason:
            found.append(or_(Account.status_reason == self.reason, Account.last_failure_reason == self.reason))
        if self.tag:
            found.append(Account.tags.contains([self.tag]))
        if self.client:
            found.append(Account.client == self.client)
        return [*found, *self._of_proxy(), *self._of_time(publish_budget)]

    def _of_proxy(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.proxy == "none":
            found.append(Account.proxy_id.is_(None))
        elif self.proxy in set(ProxyState):
            found.append(Proxy.state == self.proxy)
        if self.proxy_id.isascii() and self.proxy_id.isdecimal() and len(self.proxy_id) < 19:
            found.append(Account.proxy_id == int(self.proxy_id))
        return found

    def _of_time(self, publish_budget: int) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.health in LEVELS:
            found.append(is_level(Level(self.health)))
        if self.today in TODAY:
            posted = _posted_today(publish_budget if self.today == "full" else 1)
            found.append(~posted if self.today == "none" else posted)
        if self.success in _IN_TIME:
            found.append(_IN_TIME[self.success]())
        if self.session in _BY_AGE:
            found.append(_BY_AGE[self.session]())
        return found


_WORDS = {
    "q": "name with",
    "status": "status",
    "reason": "reason",
    "tag": "tag",
    "client": "client",
    "proxy": "proxy",
    "proxy_id": "proxy no.",
    "health": "health",
    "today": "posts today:",
    "success": "last success",
    "session": "session",
    "shown": "only",
}
_SPOKEN: Mapping[str, Mapping[str, str]] = {
    "status": {status.value: LOOKS["account"][status].label for status in AccountStatus},
    "reason": REASONS_TOLD,
    "proxy": STATES_OF_PROXY,
    "success": SUCCESSES,
    "session": SESSIONS,
    "today": TODAY,
}
