"""Whoever calls the operator API with a key, and what the key opens."""

from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, Text, and_, cast, exists, func, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY

from igfleet.errors import Forbidden, NotFound
from igfleet.ui.models import Account, BulkJob, Hold, Role, Task
from igfleet.ui.scope.scope import EVERYTHING, Scope


@dataclass(frozen=True, slots=True)
class Holder:
    """The person behind a key, within the key's limits. Empty scopes limit nothing."""

    key_id: int
    key_name: str
    user_id: int
    user_name: str
    role: Role
    may_write: bool
    kinds: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    scope: Scope = EVERYTHING
    """Of the person: whatever the key says, it opens no more."""

    @property
    def actor(self) -> str:
        """Whom the audit names."""
        return f"user:{self.user_name}/key:{self.key_id}"

    @property
    def is_narrow(self) -> bool:
        """Whether it opens some accounts only."""
        return bool(self.tags or self.clients)

    @property
    def has_limits(self) -> bool:
        """Whether it opens some accounts or some kinds of task only."""
        return self.is_narrow or bool(self.kinds)

    def require(self, role: Role, *, writes: bool, fleet: bool) -> None:
        """`fleet` marks what is about no account in particular. Raises `Forbidden`."""
        if writes and not self.may_write:
            raise Forbidden("This key may only read. Make one that may write.")
        if not self.role.includes(role):
            raise Forbidden(f"This needs the role {role}; this key has {self.role}.")
        if fleet and (self.is_narrow or self.scope.is_limited):
            raise Forbidden("This key opens some accounts only, and this is about the whole fleet.")

    def require_kind(self, kind: str) -> None:
        """Raises `Forbidden`."""
        if self.kinds and kind not in self.kinds:
            raise Forbidden(f"This key is not for tasks of kind {kind!r}.")

    def accounts(self) -> ColumnElement[bool]:
        """Which accounts it opens."""
        if not self.is_narrow:
            return true()
        tags, clients = cast(list(self.tags), ARRAY(Text)), list(self.clients)
        return or_(Account.tags.overlap(tags), and_(Account.client.in_(clients), Account.client != ""))

    def tasks(self) -> ColumnElement[bool]:
        """Which tasks it opens: of its kinds, and about no account but its own.

        A task about no account at all is opened by a key for some accounts only when it was made with that key.
        """
        of_kind = Task.kind.in_(self.kinds) if self.kinds else true()
        if not self.is_narrow:
            return of_kind
        listed = func.jsonb_array_elements_text(Task.account_ids).table_valued("value").alias("listed")
        own = exists(select(Account.id).where(Account.id == cast(listed.c.value, BigInteger), self.accounts()))
        foreign = select(listed.c.value).select_from(listed).where(~own)
        is_about_accounts = func.jsonb_array_length(Task.account_ids) > 0
        return and_(of_kind, ~exists(foreign), or_(is_about_accounts, Task.created_by == self.actor))

    def jobs(self) -> ColumnElement[bool]:
        """Which bulk jobs it opens: with limits, those that were ordered with it."""
        return BulkJob.created_by == self.actor if self.has_limits else true()

    def holds(self) -> ColumnElement[bool]:
        """Which paused days it opens: with limits, its own and those of its tasks."""
        if not self.has_limits:
            return true()
        return or_(Hold.made_by == self.actor, Hold.task_id.in_(select(Task.id).where(self.tasks())))


def not_found(what: str, key: int) -> NotFound:
    """What is out of a key's scope is answered like what does not exist."""
    return NotFound(f"There is no {what} {key}.")
