"""Breakers: what several failures had in common rests, is probed by one run, and goes on when that succeeds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from igfleet.reasons import ReasonCode
from igfleet.ui.models import Scope
from igfleet.ui.queue.breaker_rules import BY_NAME, COUNTED, RULES, Failure, Rule
from igfleet.ui.raw import Raw

type Place = tuple[Scope, str]
"""What a run has in common with others: a scope, and which of it."""

_COLUMNS = {
    Scope.ACCOUNT: "account_id",
    Scope.PROXY: "proxy_id",
    Scope.WORKER: "worker_id",
    Scope.KIND: "kind",
    Scope.LIBRARY: "library",
}
_MOST = 500
_RECENT = """
SELECT subject, reason, extract(epoch FROM now() - at)::float AS age_s FROM attempts
WHERE {column} = $1 AND reason IS NOT NULL AND reason = ANY($2::text[]) AND at > greatest(
  now() - $3 * interval '1 second', (SELECT max(ended_at) FROM breakers WHERE scope = $4 AND key = $5))
ORDER BY at DESC LIMIT $6
"""
_OPEN = """
INSERT INTO breakers (scope, key, rule, until, rest_s, subjects, reason)
VALUES ($1, $2, $3, now() + $4::bigint * interval '1 second', $4, to_jsonb($5::bigint[]), $6)
ON CONFLICT (scope, key) WHERE ended_at IS NULL DO NOTHING RETURNING id
"""
_AUDIT = """
INSERT INTO audit (actor, action, subject, facts) VALUES ('system', $1, $2, jsonb_build_object('rule', $3::text))
"""
_PROBED = "SELECT id, rule, rest_s, scope, key FROM breakers WHERE probe = $1 AND ended_at IS NULL FOR UPDATE"
_LET_GO = "UPDATE breakers SET probe = NULL WHERE probe = $1 AND ended_at IS NULL"
_CLOSE = "UPDATE breakers SET ended_at = now(), ended_by = 'probe', probe = NULL WHERE id = $1"
_AGAIN = """
UPDATE breakers SET probe = NULL, rest_s = $2::bigint,
  until = now() + $2::bigint * interval '1 second', reason = $3 WHERE id = $1
"""
_STANDING = """
SELECT NULL::bigint AS id, 'everything' AS scope, '' AS key, false AS is_ajar, NULL::uuid AS probe
FROM standstills WHERE ended_at IS NULL
UNION ALL
SELECT id, scope, key, until <= now() AND NOT EXISTS (
    SELECT FROM account_tasks a WHERE a.lease_id = b.probe AND a.state = 'running'), probe
FROM breakers b WHERE ended_at IS NULL AND $1
"""
_FOR_PROBES = """
SELECT b.id FROM breakers b JOIN unnest($1::bigint[], $2::uuid[]) AS known(id, probe) ON known.id = b.id
WHERE b.ended_at IS NULL AND b.probe IS NOT DISTINCT FROM known.probe ORDER BY b.id FOR UPDATE OF b SKIP LOCKED
"""
_PROBE = "UPDATE breakers SET probe = $2 WHERE id = $1"


@dataclass(slots=True)
class Gates:
    """What may be leased just now. An ajar place lets one run through, the probe; the rest of it waits."""

    everything: bool = False
    shut: set[Place] = field(default_factory=set)
    ajar: dict[Place, int] = field(default_factory=dict)
    """The breaker of each."""
    probes: dict[int, int] = field(default_factory=dict)
    """Which account task probes which breaker."""

    def lets(self, scope: Scope, key: object) -> bool:
        """Whether anything of this place may be leased."""
        return (scope, str(key)) not in self.shut

    def ids(self, scope: Scope) -> list[int]:
        """The ids that are shut."""
        return [int(key) for one, key in self.shut if one is scope]

    def admit(self, account_task_id: int, places: Iterable[Place]) -> bool:
        """Let one account task through, as a probe where a place is ajar. False when another one probes already."""
        wanted = {self.ajar[place] for place in places if place in self.ajar}
        if any(breaker in self.probes for breaker in wanted):
            return False
        self.probes.update(dict.fromkeys(wanted, account_task_id))
        return True


def places(met: Mapping[str, Any]) -> list[Place]:
    """The places of an attempt, or of what is to be leased."""
    return [(scope, str(met[column])) for scope, column in _COLUMNS.items() if met[column] not in (None, "")]


async def gates(raw: Raw, *, rest: bool) -> Gates:
    """Read what stands open. `rest`: whether breakers hold anything back at all."""
    found = Gates()
    ajar = []
    for row in await raw.fetch(_STANDING, rest):
        if row["id"] is None:
            found.everything = True
        elif row["is_ajar"]:
            ajar.append(row)
        else:
            found.shut.add((Scope(row["scope"]), row["key"]))
    if not ajar:
        return found
    free = await raw.fetch(_FOR_PROBES, [row["id"] for row in ajar], [row["probe"] for row in ajar])
    mine = {row["id"] for row in free}
    for row in ajar:
        place = Scope(row["scope"]), row["key"]
        if row["id"] in mine:
            found.ajar[place] = row["id"]
        else:
            found.shut.add(place)  # another claim sends the probe at this moment
    return found


async def send_probes(raw: Raw, gates: Gates, leases: Mapping[int, UUID]) -> None:
    """Note which lease probes what. `leases` by account task."""
    for breaker, account_task_id in gates.probes.items():
        if account_task_id in leases:
            await raw.execute(_PROBE, breaker, leases[account_task_id])


async def let_go(raw: Raw, lease_id: UUID) -> None:
    """The run says nothing about what it probed: another one is to."""
    await raw.execute(_LET_GO, lease_id)


async def probed(raw: Raw, lease_id: UUID, reason: ReasonCode | None) -> None:
    """A run ended. What it probed is over when it succeeded (no reason), and rests longer when it met the same."""
    for row in await raw.fetch(_PROBED, lease_id):
        rule = BY_NAME.get(row["rule"])
        if reason is None:
            await raw.execute(_CLOSE, row["id"])
            await raw.execute(_AUDIT, "breaker_closed", f"{row['scope']}:{row['key']}", row["rule"])
        elif rule is not None and reason in rule.reasons:
            rest = rule.next_rest(timedelta(seconds=row["rest_s"]))
            await raw.execute(_AGAIN, row["id"], int(rest.total_seconds()), reason.value)
        else:
            await raw.execute(_LET_GO, lease_id)


async def weigh(raw: Raw, met: Sequence[Place], reason: ReasonCode) -> None:
    """Open what the rules say. What is open already stays as it is."""
    if reason not in COUNTED:
        return
    for place in met:
        for rule in RULES:
            if rule.scope is not place[0] or reason not in rule.reasons:
                continue
            failures = await _recent(raw, rule, place)
            if rule.trips(failures):
                await _open(raw, rule, place, failures, reason)
                break


async def _recent(raw: Raw, rule: Rule, place: Place) -> list[Failure]:
    scope, key = place
    of_id = scope in (Scope.ACCOUNT, Scope.PROXY, Scope.WORKER)
    reasons, within_s = [reason.value for reason in rule.reasons], rule.within.total_seconds()
    sql = _RECENT.format(column=_COLUMNS[scope])
    rows = await raw.fetch(sql, int(key) if of_id else key, reasons, within_s, scope.value, key, _MOST)
    return [Failure(row["subject"], ReasonCode(row["reason"]), timedelta(seconds=row["age_s"])) for row in rows]


async def _open(raw: Raw, rule: Rule, place: Place, failures: Sequence[Failure], reason: ReasonCode) -> None:
    scope, key = place
    who = sorted({one.subject for one in failures})
    rest_s = int(rule.rest.total_seconds())
    opened = await raw.fetchval(_OPEN, scope.value, key, rule.name, rest_s, who, reason.value)
    if opened is not None:
        await raw.execute(_AUDIT, "breaker_opened", f"{scope}:{key}", rule.name)
