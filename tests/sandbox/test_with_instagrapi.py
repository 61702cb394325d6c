"""The real, unmodified client library signs in and publishes in the sandbox."""

from collections.abc import Callable
from pathlib import Path

import anyio.to_thread
import pytest
from instagrapi import Client
from instagrapi.exceptions import BadPassword, ProxyAddressIsBlocked, TwoFactorRequired
from instagrapi.types import Location

from igfleet.sandbox.sandbox import Sandbox
from igfleet.totp import code_at

pytestmark = pytest.mark.anyio

SECRET = "JBSWY3DPEHPK3PXP"


async def in_thread[T](work: Callable[[], T]) -> T:
    return await anyio.to_thread.run_sync(work)


async def test_signs_in_with_a_password(sandbox: Sandbox, client_of: Callable[..., Client]) -> None:
    sandbox.world.add_account("nord_01", "correct horse")
    client = client_of()

    await in_thread(lambda: client.login("nord_01", "correct horse"))

    assert client.user_id == sandbox.world.accounts["nord_01"].pk
    assert not sandbox.world.ledger.leaks


async def test_signs_in_over_both_transports(sandbox: Sandbox, client_of: Callable[..., Client]) -> None:
    sandbox.world.add_account("nord_01", "correct horse")
    client = client_of(private_transport="requests")

    await in_thread(lambda: client.login("nord_01", "correct horse"))

    assert client.user_id


async def test_asks_for_the_second_factor(sandbox: Sandbox, client_of: Callable[..., Client]) -> None:
    sandbox.world.add_account("nord_02", "correct horse", SECRET)

    with pytest.raises(TwoFactorRequired):
        await in_thread(lambda: client_of().login("nord_02", "correct horse"))
    with pytest.raises(TwoFactorRequired):
        await in_thread(lambda: client_of().login("nord_02", "correct horse", verification_code="000000"))
    client = client_of()
    await in_thread(lambda: client.login("nord_02", "correct horse", verification_code=code_at(SECRET)))

    assert client.user_id == sandbox.world.accounts["nord_02"].pk


async def test_refuses_a_wrong_password(sandbox: Sandbox, client_of: Callable[..., Client]) -> None:
    sandbox.world.add_account("nord_01", "correct horse")

    with pytest.raises(BadPassword):
        await in_thread(lambda: client_of().login("nord_01", "wrong"))


async def test_does_not_know_a_stranger(sandbox: Sandbox, client_of: Callable[..., Client]) -> None:
    with pytest.raises(ProxyAddressIsBlocked):
        await in_thread(lambda: client_of().login("nord_99", "correct horse"))


async def test_resumes_a_session_with_one_call(sandbox: Sandbox, client_of: Callable[..., Client]) -> None:
    sandbox.world.add_account("nord_01", "correct horse")
    first, second = client_of(), client_of()
    await in_thread(lambda: first.login("nord_01", "correct horse"))
    before = len(sandbox.world.journal)

    second.set_settings(first.get_settings())
    second.request_timeout = 0
    await in_thread(lambda: second.login("nord_01", "correct horse"))

    assert [entry.path for entry in list(sandbox.world.journal)[before:]] == ["/api/v1/accounts/current_user/"]


async def test_publishes_a_reel(sandbox: Sandbox, client_of: Callable[..., Client], clip: Path, cover: Path) -> None:
    sandbox.world.add_account("nord_01", "correct horse")
    client = client_of()
    await in_thread(lambda: client.login("nord_01", "correct horse"))
    place = Location(name="Oslo", lat=59.9, lng=10.7, external_id=213131048, external_id_source="facebook_places")

    medium = await in_thread(
        lambda: client.clip_upload(clip, "Fjord\nat dawn #nord", cover, location=place, configure_timeout=0)
    )

    [recorded] = sandbox.world.ledger.media
    assert (recorded.account, recorded.caption, recorded.acknowledged) == ("nord_01", "Fjord\nat dawn #nord", True)
    assert recorded.size_bytes == clip.stat().st_size
    assert str(medium.pk) == str(recorded.pk)
    assert medium.code == recorded.code
    assert recorded.location == "Oslo"
    assert sandbox.world.ledger.duplicates() == []
    assert sandbox.world.ledger.overlaps == []
    own = await in_thread(lambda: client.user_medias_v1(client.user_id, 5))
    clips = await in_thread(lambda: client.user_clips_v1(client.user_id, 5))
    assert [str(seen.pk) for seen in own] == [str(seen.pk) for seen in clips] == [str(recorded.pk)]
