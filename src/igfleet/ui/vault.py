"""The vault: the only place where secrets are sealed and opened.

Each owner (an account, a proxy) has a data key of its own, wrapped by a master key that is never in the database.
AES-256-GCM; the additional data binds purpose, owner, field and version, so a sealed value that was moved to another
row, or rolled back to an older version, does not open. Every opening is audited with its reason.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import SecretUnreadable
from igfleet.log import redactor
from igfleet.ui.models import AuditEntry, DataKey, SealedSecret
from igfleet.ui.models.base import among
from igfleet.ui.sealing import ciphers
from igfleet.ui.sealing.ring import Ring

_KEPT_VERSIONS = 3
_LEARNT_AT_ONCE = 500
"""A larger import is not taught to the redactor: its pattern would slow every log line. Opened secrets always are."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A secret in the clear, and which version of the field it is."""

    secret: SecretStr
    version: int
    is_refused: bool = False
    """Whoever it is for does not take it any more."""
    older: tuple["Opened", ...] = ()
    """Earlier versions that nobody has refused, the newest first, where they were asked for."""


@dataclass(frozen=True, slots=True)
class _Sealed:
    version: int
    sealed: bytes
    is_refused: bool


class Vault:
    """Seals and opens the secrets of one owner at a time, within the caller's transaction."""

    def __init__(self, ring: Ring) -> None:
        self.ring = ring

    async def seal(self, session: AsyncSession, owner: str, owner_id: int, secrets: Mapping[str, str]) -> None:
        """Store new versions of these fields. Fields that already hold the same value keep their version."""
        if not secrets:
            return
        redactor.learn(*secrets.values())
        key = await self._data_key(session, owner, owner_id)
        present = await self._newest(session, owner, owner_id, secrets)
        for field, value in secrets.items():
            version, sealed = present.get(field, (0, b""))
            if version and _matches(key, sealed, value, owner, owner_id, field, version):
                continue
            await self._store(session, key, owner, owner_id, field, version + 1, value)

    async def seal_all(self, session: AsyncSession, owner: str, secrets: Mapping[int, Mapping[str, str]]) -> None:
        """`seal` for many owners, in a handful of statements."""
        wanted = {owner_id: fields for owner_id, fields in secrets.items() if fields}
        if not wanted:
            return
        if len(wanted) <= _LEARNT_AT_ONCE:
            redactor.learn(*(value for fields in wanted.values() for value in fields.values()))
        keys = await self._data_keys(session, owner, wanted)
        newest = await self._newest_of(session, owner, wanted)
        rows = []
        for owner_id, fields in wanted.items():
            for field in _differing(keys[owner_id], owner, owner_id, fields, newest):
                version = newest.get((owner_id, field), (0, b""))[0] + 1
                sealed = ciphers.seal(keys[owner_id], fields[field].encode(), _bound(owner, owner_id, field, version))
                rows.append(
                    {"owner": owner, "owner_id": owner_id, "field": field, "version": version, "sealed": sealed}
                )
        if rows:
            await session.execute(insert(SealedSecret), rows)
            await session.execute(_OUTDATED, {"owner": owner, "ids": list(wanted)})

    async def differing(
        self, session: AsyncSession, owner: str, secrets: Mapping[int, Mapping[str, str]]
    ) -> dict[int, set[str]]:
        """Which of the given values are not the stored ones. Nothing leaves the vault, so nothing is audited."""
        newest = await self._newest_of(session, owner, secrets)
        keys = await self._stored_keys(session, owner, secrets)
        return {
            owner_id: _differing(keys.get(owner_id), owner, owner_id, fields, newest)
            for owner_id, fields in secrets.items()
        }

    async def open(
        self, session: AsyncSession, owner: str, owner_id: int, fields: Iterable[str], *, actor: str, reason: str
    ) -> dict[str, SecretStr]:
        """The newest value of each field that is stored. Audited. Raises `SecretUnreadable`."""
        opened = await self.open_all(session, owner, {owner_id: reason}, fields, actor=actor)
        return {field: value.secret for field, value in opened.get(owner_id, {}).items()}

    async def open_all(
        self,
        session: AsyncSession,
        owner: str,
        reasons: Mapping[int, str],
        fields: Iterable[str],
        *,
        actor: str,
        with_older: Iterable[str] = (),
    ) -> dict[int, dict[str, Opened]]:
        """`open` for many owners, each with its reason, in a handful of statements. `with_older` are fields of which
        earlier versions are wanted too; one of these that does not open is left out."""
        wanted, deep = set(fields), set(with_older)
        kept = await self._kept_of(session, owner, reasons)
        found: dict[int, dict[str, Opened]] = {}
        keys = await self._stored_keys(session, owner, reasons)
        for (owner_id, field), rows in kept.items():
            if field in wanted:
                newest = _opened(keys[owner_id], rows[0], owner, owner_id, field)
                older = _still_good(keys[owner_id], rows[1:], owner, owner_id, field) if field in deep else ()
                found.setdefault(owner_id, {})[field] = replace(newest, older=tuple(older))
        every = [one for opened in found.values() for top in opened.values() for one in (top, *top.older)]
        redactor.learn(*(one.secret.get_secret_value() for one in every))
        if found:
            audited = [
                {
                    "actor": actor,
                    "action": "secret_opened",
                    "subject": f"{owner}:{owner_id}",
                    "facts": {"fields": sorted(opened), "reason": reasons[owner_id]},
                }
                for owner_id, opened in found.items()
            ]
            await session.execute(insert(AuditEntry), audited)
        return found

    async def refuse(self, session: AsyncSession, owner: str, owner_id: int, field: str, version: int) -> None:
        """Note that a version is not taken any more by whoever it is for; 0 is the newest. One that is gone is fine."""
        kept = await self._kept_of(session, owner, [owner_id])
        newest = next((rows[0].version for (_, name), rows in kept.items() if name == field), 0)
        secret = SealedSecret
        which = secret.owner == owner, secret.owner_id == owner_id, secret.field == field
        await session.execute(
            update(secret)
            .where(*which, secret.version == (version or newest), secret.refused_at.is_(None))
            .values(refused_at=func.now())
        )

    async def forget(self, session: AsyncSession, owner: str, owner_id: int) -> None:
        """Everything of this owner: nothing of it can be opened any more."""
        for table in (SealedSecret, DataKey):
            await session.execute(delete(table).where(table.owner == owner, table.owner_id == owner_id))

    def seal_bytes(self, plain: bytes, owner: str, owner_id: int) -> bytes:
        """Sealed with the master key itself, for what is kept for hours and stored by the caller."""
        return self.ring.present().wrap(plain, owner, owner_id)

    def open_bytes(self, sealed: bytes, owner: str, owner_id: int) -> bytes:
        """The other way. The caller audits it. Raises `SecretUnreadable`."""
        return self.ring.open(sealed, owner, owner_id)

    async def check(self, session: AsyncSession) -> None:
        """Refuse keys that do not open all that is stored. Raises `SetupError`."""
        for key_id in await self.key_ids(session):
            if not self.ring.knows(key_id):
                raise self.ring.refuse(key_id)

    async def key_ids(self, session: AsyncSession) -> list[str]:
        """The master keys that wrapped something; each is found by one jump in the index."""
        found: list[str] = []
        first = select(DataKey.master_key_id).order_by(DataKey.master_key_id).limit(1)
        key_id = await session.scalar(first)
        while key_id is not None:
            found.append(key_id)
            key_id = await session.scalar(first.where(DataKey.master_key_id > key_id))
        return found

    async def try_all(self, session: AsyncSession) -> tuple[int, list[str]]:
        """Open everything there is, and forget it at once: how many values open, and which do not, as `account:17`.

        Nothing leaves the vault, so nothing is audited.
        """
        good, damaged = 0, []
        rows = await session.stream_scalars(select(SealedSecret).order_by(SealedSecret.owner, SealedSecret.owner_id))
        keys = {(row.owner, row.owner_id): row for row in await session.scalars(select(DataKey))}
        async for row in rows:
            try:
                key = keys[row.owner, row.owner_id]
                cipher = AESGCM(self.ring.unwrap(key.master_key_id, key.wrapped, row.owner, row.owner_id))
                ciphers.unseal(cipher, row.sealed, _bound(row.owner, row.owner_id, row.field, row.version))
                good += 1
            except (SecretUnreadable, KeyError):
                damaged.append(f"{row.owner}:{row.owner_id}")
        return good, damaged

    async def _data_key(self, session: AsyncSession, owner: str, owner_id: int) -> AESGCM:
        stored = await self._stored_keys(session, owner, [owner_id])
        return stored.get(owner_id) or (await self._data_keys(session, owner, [owner_id]))[owner_id]

    async def _data_keys(self, session: AsyncSession, owner: str, owner_ids: Iterable[int]) -> dict[int, AESGCM]:
        ids = list(owner_ids)
        present = select(DataKey).where(DataKey.owner == owner, among(DataKey.owner_id, ids))
        missing = set(ids) - {row.owner_id for row in await session.scalars(present)}
        if missing:
            master = self.ring.present()
            made = [
                {
                    "owner": owner,
                    "owner_id": owner_id,
                    "master_key_id": master.id,
                    "wrapped": master.wrap(AESGCM.generate_key(bit_length=256), owner, owner_id),
                }
                for owner_id in sorted(missing)
            ]
            await session.execute(insert(DataKey).on_conflict_do_nothing(), made)
        return await self._stored_keys(session, owner, ids)

    async def _stored_keys(self, session: AsyncSession, owner: str, owner_ids: Iterable[int]) -> dict[int, AESGCM]:
        rows = await session.scalars(select(DataKey).where(DataKey.owner == owner, among(DataKey.owner_id, owner_ids)))
        return {
            row.owner_id: AESGCM(self.ring.unwrap(row.master_key_id, row.wrapped, owner, row.owner_id)) for row in rows
        }

    async def _newest_of(
        self, session: AsyncSession, owner: str, owner_ids: Iterable[int]
    ) -> dict[tuple[int, str], tuple[int, bytes]]:
        kept = await self._kept_of(session, owner, owner_ids)
        return {which: (rows[0].version, rows[0].sealed) for which, rows in kept.items()}

    async def _kept_of(
        self, session: AsyncSession, owner: str, owner_ids: Iterable[int]
    ) -> dict[tuple[int, str], list[_Sealed]]:
        """All versions of each field, the newest first."""
        secret = SealedSecret
        rows = await session.execute(
            select(secret.owner_id, secret.field, secret.version, secret.sealed, secret.refused_at.is_not(None))
            .where(secret.owner == owner, among(secret.owner_id, owner_ids))
            .order_by(secret.version.desc())
        )
        found: dict[tuple[int, str], list[_Sealed]] = {}
        for owner_id, field, version, sealed, is_refused in rows:
            found.setdefault((owner_id, field), []).append(_Sealed(version, sealed, is_refused))
        return found

    async def _newest(
        self, session: AsyncSession, owner: str, owner_id: int, fields: Iterable[str]
    ) -> dict[str, tuple[int, bytes]]:
        secret = SealedSecret
        rows = await session.execute(
            select(secret.field, secret.version, secret.sealed)
            .where(secret.owner == owner, secret.owner_id == owner_id, secret.field.in_(list(fields)))
            .order_by(secret.field, secret.version)
        )
        return {field: (version, sealed) for field, version, sealed in rows}

    async def _store(
        self, session: AsyncSession, key: AESGCM, owner: str, owner_id: int, field: str, version: int, value: str
    ) -> None:
        sealed = ciphers.seal(key, value.encode(), _bound(owner, owner_id, field, version))
        secret = SealedSecret(owner=owner, owner_id=owner_id, field=field, version=version, sealed=sealed)
        session.add(secret)
        await session.execute(
            delete(SealedSecret).where(
                SealedSecret.owner == owner,
                SealedSecret.owner_id == owner_id,
                SealedSecret.field == field,
                SealedSecret.version <= version - _KEPT_VERSIONS,
            )
        )


FORGET = (
    "DELETE FROM sealed_secrets WHERE owner = $1 AND owner_id = ANY($2::bigint[])",
    "DELETE FROM data_keys WHERE owner = $1 AND owner_id = ANY($2::bigint[])",
)
"""Everything of these owners, within a raw transaction: nothing of it can be opened any more."""
_OUTDATED = text(
    "DELETE FROM sealed_secrets s WHERE s.owner = :owner AND s.owner_id = ANY(:ids) AND s.version <= "
    "(SELECT max(n.version) FROM sealed_secrets n WHERE n.owner = s.owner AND n.owner_id = s.owner_id"
    f" AND n.field = s.field) - {_KEPT_VERSIONS}"
)


def _differing(
    key: AESGCM | None,
    owner: str,
    owner_id: int,
    fields: Mapping[str, str],
    newest: Mapping[tuple[int, str], tuple[int, bytes]],
) -> set[str]:
    differing = set()
    for field, value in fields.items():
        version, sealed = newest.get((owner_id, field), (0, b""))
        if key is None or not version or not _matches(key, sealed, value, owner, owner_id, field, version):
            differing.add(field)
    return differing


def _bound(owner: str, owner_id: int, field: str, version: int) -> bytes:
    return f"igfleet/secret/{owner}/{owner_id}/{field}/{version}".encode()


def _opened(key: AESGCM, row: _Sealed, owner: str, owner_id: int, field: str) -> Opened:
    plain = ciphers.unseal(key, row.sealed, _bound(owner, owner_id, field, row.version)).decode()
    return Opened(SecretStr(plain), row.version, row.is_refused)


def _still_good(key: AESGCM, rows: Iterable[_Sealed], owner: str, owner_id: int, field: str) -> Iterator[Opened]:
    for row in rows:
        if not row.is_refused:
            with suppress(SecretUnreadable):
                yield _opened(key, row, owner, owner_id, field)


def _matches(key: AESGCM, sealed: bytes, value: str, owner: str, owner_id: int, field: str, version: int) -> bool:
    """One that does not open is no match: storing the value anew mends it."""
    try:
        return ciphers.unseal(key, sealed, _bound(owner, owner_id, field, version)) == value.encode()
    except SecretUnreadable:
        return False
