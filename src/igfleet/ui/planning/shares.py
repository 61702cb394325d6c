"""The plan of a kind without posts: what each account task is to do. No database here."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from igfleet.contracts.tasks import Method, Subject
from igfleet.reasons import ReasonCode
from igfleet.runners import runner_of
from igfleet.runners.shares import PlanAccount, PlanInput, PlanMedium, PlanProxy, PlanTarget, Share
from igfleet.settings import UiSettings
from igfleet.ui.models import Account
from igfleet.ui.planning.exclusions import exclusion
from igfleet.ui.planning.notes import Finding, Note, NoteKind, grouped
from igfleet.ui.planning.order import Order


@dataclass(frozen=True, slots=True)
class SharePlan:
    """In the order of the account tasks."""

    shares: tuple[Share, ...]
    notes: tuple[Note, ...]
    hash: str

    @property
    def count(self) -> int:
        """How many account tasks it makes."""
        return len(self.shares)


def shares_of(order: Order, settings: UiSettings) -> SharePlan:
    """The plan of an order. The same order and day give the same plan. Raises `Invalid`."""
    runner = runner_of(order.task.kind)
    findings: list[Finding] = []
    accounts = list(_taking_part(order, settings, findings, leaves_out=runner.subject is Subject.ACCOUNT))
    given = PlanInput(
        accounts=[
            PlanAccount(account.id, account.username, account.proxy_id, _session_age(account, order))
            for account in accounts
        ],
        media=[PlanMedium(item.media_id, item.file.name, item.file.kind, item.file.duration_s) for item in order.media],
        seed=order.task.seed,
        proxies={proxy.id: PlanProxy(proxy.name, order.behind.get(proxy.id, ())) for proxy in order.proxies},
        targets=[PlanTarget(one.id, one.username, _blocking(one.trouble)) for one in order.targets],
        settled=order.settled,
    )
    shares = []
    for share in runner.plan(given, order.options):
        findings.extend(_noted(share))
        if not share.is_left_out:
            shares.append(share)
    return SharePlan(tuple(shares), grouped(findings), _hash(order, shares))


def _session_age(account: Account, order: Order) -> timedelta | None:
    stored_at = account.session_at if order.options.driver is Method.INSTAGRAPI else account.web_session_at
    return order.now - stored_at if stored_at is not None else None


def _taking_part(order: Order, settings: UiSettings, findings: list[Finding], *, leaves_out: bool) -> Iterator[Account]:
    for account in order.accounts:
        found = exclusion(account, settings, order.now.date(), order.options.driver) if leaves_out else None
        if found is None:
            yield account
        else:
            findings.append(found)


def _blocking(trouble: str) -> str:
    """Who is not there cannot be followed; whoever refused one account may let another follow."""
    return trouble if trouble == ReasonCode.USER_NOT_FOUND else ""


def _noted(share: Share) -> Iterator[Finding]:
    if share.note:
        kind = NoteKind.REFUSAL if share.is_left_out else NoteKind.WARNING
        yield Finding(kind, "left_out" if share.is_left_out else "note", share.note, "", share.title)


def _hash(order: Order, shares: Sequence[Share]) -> str:
    start_at = order.task.start_at
    head = [order.task.kind, order.options.model_dump(mode="json"), start_at.timestamp() if start_at else None]
    facts = [[share.account_id, share.proxy_id, list(share.media_ids), dict(share.facts)] for share in shares]
    text = json.dumps([head, facts], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
