"""What a look found, kept with the posts: called in the transaction that ends the run."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import JsonValue, ValidationError

from igfleet.contracts.posts import Intent, Reading
from igfleet.contracts.states import AccountTaskState, CheckState, PostIncidentKind
from igfleet.reasons import REASONS, ReasonCode
from igfleet.runners.verify import Verify
from igfleet.ui.raw import Raw
from igfleet.ui.verification.history import note
from igfleet.ui.verification.incidents import open_incident, seen_again
from igfleet.ui.verification.judging import Asked, Judged, judge

_LOOKS_IN_A_ROW = 2
_AGAIN_S = 60.0
_DUE = """
SELECT c.id, c.post_id, c.age_s, c.misses, p.media_pk, p.caption, p.intent,
  coalesce((SELECT min(h.at) FROM post_history h WHERE h.post_id = p.id AND h.became = 'publishing'),
    p.permitted_at) AS permitted_at
FROM checks c JOIN posts p ON p.id = c.post_id
WHERE c.account_id = $1 AND c.state = 'due' AND c.due_at <= now() ORDER BY c.post_id, c.age_s FOR UPDATE OF c
"""
_KNOWN = "SELECT id, media_pk FROM posts WHERE account_id = $1 AND media_pk IS NOT NULL"
_IN_DOUBT = """
SELECT EXISTS (SELECT FROM posts WHERE account_id = $1
  AND (state IN ('publishing', 'unknown', 'reconciling', 'needs_person') OR (
    state = 'published' AND media_pk IS NULL AND changed_at > now() - interval '2 days')))
"""
_SETTLE = """
UPDATE checks SET state = $2, reason = $3, misses = $4, read_at = now() WHERE id = ANY($1::bigint[])
"""
_AGAIN = """
UPDATE checks SET misses = misses + 1, read_at = now(), due_at = now() + $2 * interval '1 second'
WHERE id = ANY($1::bigint[])
"""


async def keep_look(
    raw: Raw, row: Any, state: AccountTaskState, reason: ReasonCode | None, result: Mapping[str, JsonValue]
) -> None:
    """Settle the account's due checks by a run that is over. Runs of other kinds say nothing about them."""
    if row["kind"] != Verify.kind or state not in (AccountTaskState.COMPLETED, AccountTaskState.DISCARDED):
        return
    actor = f"lease:{row['lease_id']}"
    due = defaultdict[int, list[Any]](list)
    for check in await raw.fetch(_DUE, row["account_id"]):
        due[check["post_id"]].append(check)
    reading = _reading(result)
    if reading is None:
        why = REASONS[reason].happened if reason in REASONS else "the read brought nothing"
        for checks in due.values():
            await _settle(raw, checks, Judged(CheckState.UNVERIFIABLE, why), actor)
        return
    known = {one["media_pk"]: one["id"] for one in await raw.fetch(_KNOWN, row["account_id"])}
    in_doubt: bool = await raw.fetchval(_IN_DOUBT, row["account_id"])
    for post_id, checks in due.items():
        others = [pk for pk, owner in known.items() if owner != post_id]
        judged = judge(_asked(checks[0]), reading, others, may_be_doubled=not in_doubt)
        await _keep(raw, checks, judged, row["share"], actor)


async def _keep(raw: Raw, checks: Sequence[Any], judged: Judged, share: Mapping[str, Any], actor: str) -> None:
    """One look is enough to say that it is there; that it is not takes two in a row."""
    post_id = checks[0]["post_id"]
    if judged.duplicates:
        await open_incident(raw, post_id, PostIncidentKind.DUPLICATE_DETECTED, {"media": list(judged.duplicates)})
    if judged.state is CheckState.MISSING:
        await _missed(raw, checks, judged, float(share.get("again_s", _AGAIN_S)), actor)
        return
    await _settle(raw, checks, judged, actor)
    if judged.state in (CheckState.VERIFIED, CheckState.CHANGED):
        await seen_again(raw, post_id)
    if judged.state is CheckState.CHANGED:
        await open_incident(raw, post_id, PostIncidentKind.CAPTION_CHANGED, {"caption": judged.caption})


async def _missed(raw: Raw, checks: Sequence[Any], judged: Judged, again_s: float, actor: str) -> None:
    post_id, ids = checks[0]["post_id"], [check["id"] for check in checks]
    if max(check["misses"] for check in checks) + 1 < _LOOKS_IN_A_ROW:
        await raw.execute(_AGAIN, ids, again_s)
        await note(raw, post_id, [check["age_s"] for check in checks], CheckState.DUE, judged.why, actor)
        return
    await _settle(raw, checks, judged, actor)
    await open_incident(raw, post_id, PostIncidentKind.VANISHED, {"age_s": max(check["age_s"] for check in checks)})


async def _settle(raw: Raw, checks: Sequence[Any], judged: Judged, actor: str) -> None:
    misses = _LOOKS_IN_A_ROW if judged.state is CheckState.MISSING else 0
    await raw.execute(_SETTLE, [check["id"] for check in checks], judged.state.value, judged.why, misses)
    await note(raw, checks[0]["post_id"], [check["age_s"] for check in checks], judged.state, judged.why, actor)


def _reading(result: Mapping[str, JsonValue]) -> Reading | None:
    """None when the run brought none that is right."""
    try:
        return Reading.model_validate(result["reading"])
    except (KeyError, ValidationError):
        return None


def _asked(check: Any) -> Asked:
    intent = Intent.model_validate(check["intent"]) if check["intent"] else None
    return Asked(check["media_pk"], check["caption"], intent.duration_s if intent else None, check["permitted_at"])
