"""What is mended every two seconds, and every night."""

from igfleet import log
from igfleet.ui import answers, evidence, library
from igfleet.ui.context import UiContext
from igfleet.ui.planning.canary import follow
from igfleet.ui.queue.doubts import give_up
from igfleet.ui.queue.overtaking import overtake
from igfleet.ui.queue.rescue import let_through, rescue
from igfleet.ui.queue.stopping import step_back
from igfleet.ui.queue.summary import stale, summarise_task
from igfleet.ui.verification.planning import forget, plan_checks

_log = log.get(__name__)
_ENDED_JOBS = """
DELETE FROM procrastinate_jobs j WHERE status NOT IN ('todo', 'succeeded')
  AND NOT EXISTS (SELECT FROM procrastinate_events e WHERE e.job_id = j.id AND e.at > now() - interval '7 days')
"""
"""What failed, or was being done when its process was killed."""
_LIVE_CHALLENGES = "(SELECT id FROM challenges WHERE state IN ('open', 'answered'))"
_PRUNED = (
    "DELETE FROM user_sessions WHERE seen_at < now() - interval '7 days'",
    "DELETE FROM staged_imports WHERE created_at < now() - interval '1 hour'",
    "DELETE FROM sealed_secrets WHERE owner = 'import' AND owner_id NOT IN (SELECT id FROM staged_imports)",
    "DELETE FROM data_keys WHERE owner = 'import' AND owner_id NOT IN (SELECT id FROM staged_imports)",
    "DELETE FROM sign_in_failures WHERE at < now() - interval '1 day'",
    "DELETE FROM one_time_tokens WHERE expires_at < now() - interval '7 days'",
    "DELETE FROM attempts WHERE at < now() - interval '30 days'",
    "DELETE FROM breakers WHERE ended_at < now() - interval '180 days'",
    "DELETE FROM deliveries WHERE created_at < now() - interval '30 days'",
    "DELETE FROM mails WHERE created_at < now() - interval '30 days'",
    "DELETE FROM notices WHERE coalesce(told_at + interval '28 days', noted_at) < now() - interval '30 days'",
    "DELETE FROM incidents WHERE at < now() - interval '30 days'",
    f"DELETE FROM sealed_secrets WHERE owner = 'challenge' AND owner_id NOT IN {_LIVE_CHALLENGES}",
    f"DELETE FROM data_keys WHERE owner = 'challenge' AND owner_id NOT IN {_LIVE_CHALLENGES}",
    "DELETE FROM bulk_jobs WHERE finished_at < now() - interval '30 days'",
    "DELETE FROM target_lookups WHERE at < now() - interval '1 day'",
    "DELETE FROM spendings WHERE at < now() - interval '2 days'",
    "DELETE FROM uploads WHERE touched_at < now() - interval '1 day'",
    "DELETE FROM proxy_checks WHERE at < now() - interval '180 days'",
    answers.SWEEP,
    _ENDED_JOBS,
    "DELETE FROM log_lines WHERE at < now() - interval '90 days'",
)


async def tick(ui: UiContext) -> None:
    """Take back silent leases, ask about old doubts, let through what is due, summarise what is over, order looks at
    what was published, let what is behind a canary follow, let accounts of paused tasks and of kinds that rest do
    other work."""
    ended = await rescue(ui.database)
    if ended:
        _log.info("leases_rescued", count=len(ended))
    has_looks = await plan_checks(ui.database, ui.settings)
    changed = {one.task_id for one in ended}
    changed |= {*await give_up(ui.database), *await let_through(ui.database), *await follow(ui.database)}
    stepped_back = await step_back(ui.database) + await overtake(ui.database)
    async with ui.database.transaction() as raw:
        changed |= set(await stale(raw))
        await forget(raw)
    for task_id in sorted(changed):
        async with ui.database.transaction() as raw:
            await summarise_task(raw, task_id)
    for task_id in changed:
        ui.bus.tell("task", task_id)
    if changed or has_looks or stepped_back:
        ui.bus.tell("work")


async def prune(ui: UiContext) -> None:
    """Forget what nobody needs any more."""
    ui.storage.sweep()
    async with ui.database.transaction() as raw:
        for statement in _PRUNED:
            await raw.execute(statement)
    async with ui.database.sessions.begin() as session:
        dropped = await evidence.prune(session, ui.settings.evidence_quota_bytes)
    for sha256 in dropped:
        await library.remove_file(ui, sha256)
