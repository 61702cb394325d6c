"""Acts on an account as its time line tells them. What is not named here stays in the audit."""

from collections.abc import Mapping
from dataclasses import dataclass

from igfleet.contracts.states import AccountStatus
from igfleet.ui.models import AuditEntry
from igfleet.ui.words import look


@dataclass(frozen=True, slots=True)
class Told:
    """How an act is put."""

    icon: str
    title: str


TOLD: Mapping[str, Told] = {
    "account_status": Told("heartbeat", "Its status changed"),
    "account_resumed": Told("player-play", "Resumed"),
    "account_stopped": Told("player-pause", "Paused"),
    "account_archived": Told("inbox", "Archived"),
    "account_unarchived": Told("arrow-back-up", "Taken out of the archive"),
    "account_edited": Told("edit", "Edited"),
    "account_tagged": Told("plus", "Tagged"),
    "account_untagged": Told("x", "Tag removed"),
    "account_noted": Told("message", "Note"),
    "proxy_assigned": Told("plug-connected", "Given another proxy"),
    "challenge_answered": Told("shield-check", "A code was handed in"),
    "challenge_approved": Told("shield-check", "Said to be settled in the app"),
    "challenge_skipped": Told("ban", "Its question was skipped"),
}


def sentence_of(row: AuditEntry) -> str:
    """What else the entry says: a note, a tag."""
    return str(row.facts.get("note") or row.facts.get("tag") or "")


def changes_of(row: AuditEntry) -> list[tuple[str, str, str]]:
    """What, before, after."""
    facts = row.facts
    before, after = facts.get("before") or {}, facts.get("after") or {}
    found = [(name, str(before.get(name, "–")), str(after[name])) for name in after]
    if "was" in facts and row.action in ("account_status", "account_resumed", "account_stopped"):
        became = {"account_resumed": AccountStatus.ACTIVE, "account_stopped": AccountStatus.INACTIVE}.get(row.action)
        found.append(("status", _status(facts["was"]), _status(became or facts.get("became"))))
    if "proxy" in facts:
        found.append(("proxy", _proxy(facts.get("was_proxy")), _proxy(facts["proxy"])))
    return found


def _status(word: object) -> str:
    known = str(word)
    return look("account", known).label if known in set(AccountStatus) else known


def _proxy(key: object) -> str:
    return f"no. {key}" if key else "none"
