"""Incidents of published posts: opened by looks, shown in the inbox, closed by a person."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from igfleet import clock
from igfleet.contracts.states import PostIncidentKind
from igfleet.errors import NotFound, WrongState
from igfleet.log import redactor
from igfleet.ui.models import AuditEntry, Post, PostIncident
from igfleet.ui.raw import Raw

_OPEN = """
INSERT INTO post_incidents (post_id, kind, facts) VALUES ($1, $2, $3::jsonb)
ON CONFLICT (post_id, kind) DO UPDATE SET facts = post_incidents.facts || excluded.facts
"""
WITH_POST = tuple(joinedload(PostIncident.post).joinedload(one) for one in (Post.account, Post.file))
"""To load what is told of an incident."""
_SEEN_AGAIN = """
UPDATE post_incidents SET facts = facts || jsonb_build_object('seen_again_at', now())
WHERE post_id = $1 AND kind = 'vanished'
"""


@dataclass(frozen=True, slots=True)
class Told:
    """How a kind of incident is put to a person."""

    label: str
    icon: str
    happened: str
    todo: str


TOLD: dict[PostIncidentKind, Told] = {
    PostIncidentKind.VANISHED: Told(
        "Vanished",
        "eye",
        "It was published, and two looks in a row did not find it. It is not sent again.",
        "Look at the profile and at what Instagram says to the account: removed by somebody, or taken down?",
    ),
    PostIncidentKind.DUPLICATE_DETECTED: Told(
        "Duplicate",
        "copy",
        "The account has another reel with the same length and caption that is no post of igfleet.",
        "Look at the profile. If it is the same video, remove one of the two in the app; igfleet removes nothing.",
    ),
    PostIncidentKind.CAPTION_CHANGED: Told(
        "Caption changed",
        "edit",
        "It is there, with another caption than was asked for.",
        "If nobody of yours changed it, look who else has access to the account.",
    ),
}


def told(incident: PostIncident) -> Told:
    return TOLD[PostIncidentKind(incident.kind)]


def known(incident: PostIncident) -> str:
    """What was seen, in a line."""
    facts: dict[str, Any] = incident.facts
    said = []
    if facts.get("media"):
        said.append("media " + ", ".join(facts["media"]))
    if "caption" in facts:
        said.append(f"now: {facts['caption'][:200] or 'no caption'}")
    if facts.get("seen_again_at"):
        said.append(f"it was seen again later ({facts['seen_again_at'][:16].replace('T', ' ')} UTC)")
    return "; ".join(said)


def in_words(incident: PostIncident) -> dict[str, str]:
    """What an API or a command tells of it, besides what stands in its row; its post must be loaded."""
    words = told(incident)
    return {
        "account": incident.post.account.username,
        "video": incident.post.file.name,
        "happened": words.happened,
        "todo": words.todo,
        "known": known(incident),
    }


async def open_incident(raw: Raw, post_id: int, kind: PostIncidentKind, facts: Mapping[str, Any]) -> None:
    """Tell of it, once for each post and kind: what is found later is added, and what is closed stays closed."""
    await raw.execute(_OPEN, post_id, kind.value, json.dumps(redactor.value("", dict(facts))))


async def seen_again(raw: Raw, post_id: int) -> None:
    """A post that had vanished is there: noted with its incident, which a person closes."""
    await raw.execute(_SEEN_AGAIN, post_id)


async def open_ones(session: AsyncSession, most: int) -> list[PostIncident]:
    """The oldest first, with their posts."""
    query = select(PostIncident).where(PostIncident.closed_at.is_(None)).order_by(PostIncident.opened_at)
    return list(await session.scalars(query.options(*WITH_POST).limit(most)))


def counted() -> Select[int]:
    """How many are open."""
    return select(func.count()).select_from(PostIncident).where(PostIncident.closed_at.is_(None))


async def close(session: AsyncSession, incident_id: int, actor: str) -> PostIncident:
    """A person has looked. Audited. Raises `NotFound`, `WrongState`."""
    query = select(PostIncident).where(PostIncident.id == incident_id).with_for_update()
    incident = (await session.execute(query)).scalar_one_or_none()
    if incident is None:
        raise NotFound(f"There is no incident {incident_id}.")
    if incident.closed_at is not None:
        raise WrongState(f"Incident {incident_id} was closed by {incident.closed_by}.")
    incident.closed_at, incident.closed_by = clock.now(), actor
    facts = {"kind": incident.kind}
    session.add(AuditEntry(actor=actor, action="incident_closed", subject=f"post:{incident.post_id}", facts=facts))
    return incident
