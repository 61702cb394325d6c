"""The ui's figures for Prometheus: what stands in the database when it asks, and what this process has counted."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from igfleet.contracts.posts import CommitKind
from igfleet.contracts.tasks import Action
from igfleet.errors import PermitRefused
from igfleet.ui.raw import Raw
from igfleet.ui.system.health import BACKUP_MADE

PERMITS = Counter("igfleet_permits", "Acts that were asked for: given, or why not (budget_spent, …)", ["act", "answer"])
OUTCOMES = Counter("igfleet_commits", "Commits by how they ended", ["kind"])
PUBLISH_SECONDS = Histogram(
    "igfleet_publish_seconds", "From the permit to the word that it is published",
    buckets=(0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300),
)  # fmt: skip
_BY_STATE = """
SELECT 'account_tasks' AS name, state AS label, count(*)::float AS value FROM account_tasks GROUP BY state
UNION ALL SELECT 'posts', state, count(*) FROM posts GROUP BY state
"""
_LEASES = """
SELECT count(*) AS held, count(*) FILTER (WHERE lease_expires_at < now()) AS silent,
  coalesce(extract(epoch FROM now() - min(claimed_at)), 0)::float AS oldest_s
FROM account_tasks WHERE state = 'running'
"""
_WORKERS = """
SELECT name, extract(epoch FROM now() - seen_at)::float AS age_s FROM workers WHERE seen_at > now() - interval '7 days'
"""
_BACKUP = "SELECT extract(epoch FROM now() - max(at))::float FROM audit WHERE action = $1"


async def present(raw: Raw) -> CollectorRegistry:
    """What stands in the database now."""
    found = CollectorRegistry()
    by_state = {
        name: Gauge(f"igfleet_{name}", f"{name} by state", ["state"], registry=found)
        for name in ("account_tasks", "posts")
    }
    for row in await raw.fetch(_BY_STATE):
        by_state[row["name"]].labels(row["label"]).set(row["value"])
    leases = await raw.fetchrow(_LEASES)
    for name, about in (
        ("held", "Leases that are held"),
        ("silent", "Of these: run out and not taken back yet"),
        ("oldest_s", "Age of the oldest lease, in seconds"),
    ):
        Gauge(f"igfleet_leases_{name.removesuffix('_s')}", about, registry=found).set(leases[name])
    ages = Gauge("igfleet_worker_age_seconds", "Since a worker was heard of", ["worker"], registry=found)
    for row in await raw.fetch(_WORKERS):
        ages.labels(row["name"]).set(row["age_s"])
    backup_s = await raw.fetchval(_BACKUP, BACKUP_MADE)
    if backup_s is not None:
        Gauge("igfleet_backup_age_seconds", "Since the last backup", registry=found).set(backup_s)
    return found


@contextmanager
def permitting(action: Action) -> Iterator[None]:
    """Counts whether what is asked for within the block is allowed, and why not."""
    try:
        yield
    except PermitRefused as error:
        PERMITS.labels(action.value, error.reason.value).inc()
        raise
    PERMITS.labels(action.value, "given").inc()


def ended(kind: CommitKind, post: Any) -> None:
    """A commit ended; `post` knows how long its permit is given."""
    OUTCOMES.labels(kind.value).inc()
    if kind is CommitKind.PUBLISHED and post["permitted_s"] is not None:
        PUBLISH_SECONDS.observe(post["permitted_s"])
