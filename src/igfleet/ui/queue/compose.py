"""What a worker gets with a lease: the account with its opened secrets, the proxy, the posts, the checkpoints."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, joinedload

from igfleet.contracts.challenges import ChallengeKind, LeasedChallenge
from igfleet.contracts.leases import Lease, LeasedAccount, LeasedProxy, SessionKind, SessionMaterial
from igfleet.contracts.posts import LEAST_LOOK, LeasedMedia, LeasedPost
from igfleet.contracts.states import ChallengeState, PostState
from igfleet.contracts.tasks import Method, Mode, Place
from igfleet.runners.verify import Verify
from igfleet.ui import restored, targets
from igfleet.ui.context import UiContext
from igfleet.ui.models import Account, AccountTask, Challenge, Media, Post, Proxy, Task
from igfleet.ui.queue.claim import Claimed
from igfleet.ui.vault import Opened

_FINAL = [state.value for state in PostState if state.is_final]
_OF_TASK = joinedload(AccountTask.task).load_only(Task.mode, Task.options, Task.seed, Task.dry_run)
"""Not its list of accounts, which may be long."""
_SESSIONS = {"session_mobile": SessionKind.MOBILE, "session_web": SessionKind.WEB}


@dataclass(frozen=True, slots=True)
class _Secrets:
    """By owner, then by field."""

    accounts: Mapping[int, Mapping[str, Opened]]
    proxies: Mapping[int, Mapping[str, Opened]]


async def compose(session: AsyncSession, ui: UiContext, claimed: Sequence[Claimed], actor: str) -> list[Lease]:
    """The leases of what was claimed. Each opening of secrets is audited under `actor`."""
    ids = [one.account_task_id for one in claimed]
    query = (
        select(AccountTask)
        .where(AccountTask.id.in_(ids))
        .options(_OF_TASK, joinedload(AccountTask.account).joinedload(Account.proxy))
        .order_by(AccountTask.priority, AccountTask.id)
    )
    rows = (await session.scalars(query)).all()
    posts = await _posts(session, ids)
    files = await _files(session, rows)
    about = await _about(session, rows)
    secrets = await _secrets(session, ui, rows, about, actor)
    challenges = await _challenges(session, ui, rows, actor)
    people = await targets.leased(session, [key for row in rows for key in row.share.get("target_ids", ())])
    lease_of = {one.account_task_id: one.lease_id for one in claimed}
    return [
        Lease(
            id=lease_of[row.id],
            kind=row.kind,
            method=Method(row.method),
            mode=Mode(row.task.mode),
            task_id=row.task_id,
            account_task_id=row.id,
            position=row.position,
            attempt=row.attempt,
            seed=_seed(row),
            options=row.task.options,
            dry_run=row.task.dry_run,
            account=_account(row, row.account, secrets, challenges.get(row.id)) if row.account else None,
            proxy=_proxy_of(row, about, secrets),
            posts=_turn(row, posts.get(row.id, [])),
            share=_share(row, people),
            media=tuple(files[media_id] for media_id in row.media_ids if media_id in files),
            checkpoints=row.checkpoints,
            length_s=ui.settings.lease_length.total_seconds(),
            reconcile_pause_s=ui.settings.reconcile_pause.total_seconds(),
        )
        for row in rows
    ]


def _share(row: AccountTask, people: Mapping[int, Mapping[str, object]]) -> dict[str, Any]:
    """As planned; whom it is to follow, with what is known of them by now."""
    if "target_ids" not in row.share:
        return row.share
    return {**row.share, "targets": [people[key] for key in row.share["target_ids"] if key in people]}


def _turn(row: AccountTask, posts: Sequence[LeasedPost]) -> tuple[LeasedPost, ...]:
    """All posts; in a task by rounds those of the account's present round."""
    if not row.task.options.get("rounds"):
        return tuple(posts)
    present = min((post.round for post in posts), default=0)
    return tuple(post for post in posts if post.round == present)


def _seed(row: AccountTask) -> int:
    """Of its own for each account, the same in every attempt."""
    text = f"{row.task.seed}/{row.position}".encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:6], "big")


async def _files(session: AsyncSession, rows: Sequence[AccountTask]) -> dict[int, LeasedMedia]:
    wanted = {media_id for row in rows for media_id in row.media_ids}
    if not wanted:
        return {}
    return {file.id: leased_media(file) for file in await session.scalars(select(Media).where(Media.id.in_(wanted)))}


async def _about(session: AsyncSession, rows: Sequence[AccountTask]) -> dict[int, Proxy]:
    """The proxies that account tasks are about."""
    wanted = {row.proxy_id for row in rows} - {None}
    if not wanted:
        return {}
    return {proxy.id: proxy for proxy in await session.scalars(select(Proxy).where(Proxy.id.in_(wanted)))}


def _proxy_of(row: AccountTask, about: Mapping[int, Proxy], secrets: _Secrets) -> LeasedProxy | None:
    """The proxy that the account task is about, else the account's own."""
    if row.proxy_id is not None and row.proxy_id in about:
        return _proxy(about[row.proxy_id], secrets)
    return _proxy(row.account.proxy, secrets) if row.account and row.account.proxy else None


async def _secrets(
    session: AsyncSession, ui: UiContext, rows: Sequence[AccountTask], about: Mapping[int, Proxy], actor: str
) -> _Secrets:
    """The secrets of all accounts and proxies, opened at once."""
    accounts = {row.account.id: f"lease of account task {row.id}" for row in rows if row.account}
    proxies: dict[int, str] = {}
    for row in rows:
        proxy = about.get(row.proxy_id or 0) or (row.account.proxy if row.account else None)
        if proxy is not None and proxy.has_password:
            proxies[proxy.id] = f"lease of account task {row.id}"
    fields = ["password", "email_password", *_SESSIONS]
    return _Secrets(
        await ui.vault.open_all(session, "account", accounts, fields, actor=actor, with_older=_SESSIONS)
        if accounts
        else {},
        await ui.vault.open_all(session, "proxy", proxies, ["password"], actor=actor) if proxies else {},
    )


async def _challenges(
    session: AsyncSession, ui: UiContext, rows: Sequence[AccountTask], actor: str
) -> dict[int, LeasedChallenge]:
    """What is to be settled, by account task. Only the method that met a challenge can go on with its dialogue."""
    live = Challenge.state.in_([state.value for state in ChallengeState if state.is_live])
    of_these = Challenge.account_id.in_([row.account_id for row in rows if row.account_id])
    found = {one.account_id: one for one in await session.scalars(select(Challenge).where(of_these, live))}
    sealed = {one.id: "a run is to settle it" for one in found.values() if one.has_resume}
    opened = await ui.vault.open_all(session, "challenge", sealed, ["resume", "code"], actor=actor) if sealed else {}
    return {
        row.id: _challenge(found[row.account_id], row.method, opened.get(found[row.account_id].id, {}))
        for row in rows
        if row.account_id in found
    }


def _challenge(one: Challenge, method: str, opened: Mapping[str, Opened]) -> LeasedChallenge:
    is_known = one.method == method
    is_answered = one.state == ChallengeState.ANSWERED
    return LeasedChallenge(
        id=one.id,
        kind=ChallengeKind(one.kind),
        destination=one.destination,
        resume=_value(opened, "resume") if is_known else None,
        code=_value(opened, "code") if is_known and is_answered else None,
    )


def _account(row: AccountTask, account: Account, secrets: _Secrets, challenge: LeasedChallenge | None) -> LeasedAccount:
    """A look at what was published gets no password: it signs nobody in."""
    opened = secrets.accounts.get(account.id, {})
    return LeasedAccount(
        id=account.id,
        username=account.username,
        password=_value(opened, "password") if row.kind != Verify.kind else None,
        has_totp=account.has_totp,
        email=account.email,
        email_password=_value(opened, "email_password"),
        phone=account.phone,
        locale=account.locale,
        language=account.locale.split("_")[0],
        timezone=account.timezone,
        sessions=tuple(
            SessionMaterial(kind=kind, settings=one.secret, version=one.version, is_refused=one.is_refused)
            for field, kind in _SESSIONS.items()
            if field in opened
            for one in (opened[field], *opened[field].older)
        ),
        dolphin_profile_id=account.dolphin_profile_id,
        challenge=challenge,
    )


def _proxy(proxy: Proxy, secrets: _Secrets) -> LeasedProxy:
    return LeasedProxy(
        id=proxy.id,
        scheme=proxy.scheme,
        host=proxy.host,
        port=proxy.port,
        username=proxy.username,
        password=_value(secrets.proxies.get(proxy.id, {}), "password"),
    )


def _value(opened: Mapping[str, Opened], field: str) -> SecretStr | None:
    return opened[field].secret if field in opened else None


async def _posts(session: AsyncSession, account_task_ids: Sequence[int]) -> dict[int, list[LeasedPost]]:
    """The posts that are not final, in order, by account task."""
    cover = aliased(Media)
    query = (
        select(Post, Media, cover)
        .join(Media, Media.id == Post.media_id)
        .outerjoin(cover, cover.id == Post.cover_media_id)
        .where(Post.account_task_id.in_(account_task_ids), Post.state.not_in(_FINAL))
        .where(Post.hold_id.is_(None) | (Post.state != PostState.PLANNED))
        .order_by(Post.account_task_id, Post.position)
    )
    found: dict[int, list[LeasedPost]] = {}
    for post, media, picture in await session.execute(query):
        found.setdefault(post.account_task_id, []).append(_leased(post, media, picture))
    return found


def _leased(post: Post, media: Media, cover: Any) -> LeasedPost:
    return LeasedPost(
        id=post.id,
        position=post.position,
        state=PostState(post.state),
        media=leased_media(media),
        cover=leased_media(cover) if cover is not None else None,
        cover_at_s=post.cover_at_s,
        caption=post.caption,
        place=Place.model_validate(post.location) if post.location else None,
        mentions=tuple(post.mentions),
        upload_id=post.upload_id,
        not_before=post.scheduled_at,
        round=post.round,
        look_back=LEAST_LOOK if post.restored_from is None else restored.LOOK_BACK,
    )


def leased_media(media: Media) -> LeasedMedia:
    """A file as workers see it."""
    folder = "media/images" if media.kind == "image" else "media"
    return LeasedMedia(
        id=media.id,
        name=media.name,
        path=f"/api/{folder}/{media.id}/download",
        sha256=media.sha256,
        size_bytes=media.size_bytes,
        duration_s=media.duration_s,
        width=media.width,
        height=media.height,
    )
