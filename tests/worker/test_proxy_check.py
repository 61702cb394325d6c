"""What a check says of real proxies and of broken ways out: each verdict, seen at the peer itself."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import certifi
import pytest

from igfleet.contracts.leases import LeasedProxy
from igfleet.contracts.proxy_checks import ProxyCheck, ProxyVerdict, ProxyWish
from igfleet.errors import GiveUp
from igfleet.reasons import ReasonCode
from igfleet.sandbox.exits import ExitMode
from igfleet.sandbox.sandbox import Sandbox
from igfleet.settings import WorkerSettings, load
from igfleet.worker.proxy_check import ProxyChecker
from tests import mmdb, peers
from tests.worker import ways

pytestmark = pytest.mark.anyio
QUICK = 0.3
"""Enough to wait for what never comes."""
V = ProxyVerdict


@dataclass
class Bench:
    """A sandbox behind the proxies, and a worker that trusts its authority."""

    sandbox: Sandbox
    folder: Path

    @property
    def port(self) -> int:
        return int(self.sandbox.proxy_url.rsplit(":", 1)[1])

    async def check(
        self, proxy: LeasedProxy | None, settings: dict[str, object] | None = None, **wish: object
    ) -> ProxyCheck:
        chosen = load(WorkerSettings, IGFLEET_DATA_DIR=self.folder, **(settings or {}))
        bundle = self.folder / "bundle.pem"
        bundle.write_text(Path(certifi.where()).read_text() + self.sandbox.ca_file.read_text())
        asked = ProxyWish.model_validate({"probes": 2, "timeout_s": 10, **wish})
        return await ProxyChecker(chosen, proxy, bundle).check(asked)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with Sandbox(tmp_path / "sandbox") as sandbox:
        yield Bench(sandbox, tmp_path)


@contextmanager
def _http_peer(program: str, parent: int) -> Iterator[peers.Peer]:
    with peers.squid(parent) if program == "squid" else peers.tinyproxy(parent) as peer:
        yield peer


@pytest.mark.parametrize("program", ["squid", "tinyproxy"])
async def test_an_http_proxy_with_a_password_works(bench: Bench, program: str) -> None:
    with _http_peer(program, bench.port) as peer:
        found = await bench.check(peer.leased())

    assert (found.verdict, found.exit_ip) == (V.OK, "127.0.0.1")
    assert found.latency_ms is not None
    assert found.sentence.startswith("Works: answers in ")
    assert bench.sandbox.world.ledger.leaks == {}


@pytest.mark.parametrize("program", ["squid", "tinyproxy"])
async def test_an_http_proxy_refuses_a_wrong_password(bench: Bench, program: str) -> None:
    with _http_peer(program, bench.port) as peer:
        found = await bench.check(peer.leased(password="wrong"))

    assert found.verdict is V.AUTH_FAILED
    assert found.sentence == f"The proxy http://127.0.0.1:{peer.port} refuses the user or password"


@pytest.mark.parametrize("auth", [True, False])
async def test_a_socks5_proxy_works_with_and_without_a_password(bench: Bench, auth: bool) -> None:
    async with ways.place(bench.folder / "sandbox") as (echo, target):
        with peers.microsocks(auth=auth) as peer:
            found = await bench.check(peer.leased(), echo=[echo], target=target)

    assert (found.verdict, found.exit_ip) == (V.OK, "127.0.0.1")


async def test_a_socks5_proxy_refuses_a_wrong_password(bench: Bench) -> None:
    with peers.microsocks() as peer:
        found = await bench.check(peer.leased(scheme="socks5h", password="wrong"))

    assert found.verdict is V.AUTH_FAILED


async def test_a_password_that_is_not_stored_is_told(bench: Bench) -> None:
    with peers.microsocks() as peer:
        found = await bench.check(ways.leased(peer.port, "socks5", username=None))

    assert found.verdict is V.AUTH_FAILED
    assert "none are stored" in found.sentence


async def test_a_proxy_behind_tls_works_when_its_certificate_is_trusted(bench: Bench) -> None:
    tls = ways.Authority(bench.folder / "sandbox").server_context()
    tls.set_alpn_protocols(["http/1.1"])
    async with ways.listening(ways.passes_on(bench.port), tls) as port:
        found = await bench.check(ways.leased(port, "https"))

    assert (found.verdict, found.exit_ip) == (V.OK, "127.0.0.1")


async def test_a_proxy_whose_own_certificate_is_unknown_is_told(bench: Bench) -> None:
    tls = ways.Authority(bench.folder / "other").server_context()
    async with ways.listening(ways.passes_on(bench.port), tls) as port:
        found = await bench.check(ways.leased(port, "https"))

    assert found.verdict is V.INTERCEPTED
    assert "shows a certificate that cannot be verified" in found.sentence


async def test_a_closed_port_is_unreachable(bench: Bench) -> None:
    found = await bench.check(ways.leased(peers.free_port()))

    assert found.verdict is V.UNREACHABLE
    assert "Connection refused" in found.sentence


@pytest.mark.parametrize("scheme", ["http", "socks5"])
@pytest.mark.parametrize("serve", [ways.hang_up, ways.mail_server])
async def test_what_is_no_proxy_is_unreachable(bench: Bench, serve: ways.Serve, scheme: str) -> None:
    async with ways.listening(serve) as port:
        found = await bench.check(ways.leased(port, scheme), timeout_s=QUICK)

    assert found.verdict is V.UNREACHABLE


@pytest.mark.parametrize("scheme", ["http", "https", "socks5"])
async def test_a_black_hole_is_a_timeout(bench: Bench, scheme: str) -> None:
    async with ways.listening(ways.black_hole) as port:
        found = await bench.check(ways.leased(port, scheme), timeout_s=QUICK)

    assert found.verdict is V.TIMEOUT
    assert found.sentence == f"The proxy {scheme}://127.0.0.1:{port} does not answer within 0.3 s"


async def test_a_proxy_that_takes_too_long_is_slow(bench: Bench) -> None:
    async with ways.listening(ways.passes_on(bench.port, delay_s=0.4)) as port:
        found = await bench.check(ways.leased(port), slow_after_s=0.2)

    assert found.verdict is V.SLOW
    assert found.latency_ms is not None
    assert found.latency_ms >= 400
    assert found.exit_ip == "127.0.0.1"


async def test_the_worker_says_what_is_slow_when_the_order_does_not(bench: Bench) -> None:
    async with ways.listening(ways.passes_on(bench.port, delay_s=0.4)) as port:
        found = await bench.check(ways.leased(port), {"PROXY_SLOW_THRESHOLD": "0.2"})

    assert found.verdict is V.SLOW


async def test_a_proxy_that_opens_tls_is_told(bench: Bench) -> None:
    async with ways.listening(ways.opens_tls(bench.folder / "rogue")) as port:
        found = await bench.check(ways.leased(port))

    assert found.verdict is V.INTERCEPTED
    assert "the certificate of i.instagram.com cannot be verified" in found.sentence.lower()


async def test_a_target_that_the_proxy_denies_is_told_with_the_exit_ip(bench: Bench) -> None:
    with peers.squid(bench.port, denied=".instagram.com") as peer:
        found = await bench.check(peer.leased())

    assert (found.verdict, found.exit_ip) == (V.TARGET_BLOCKED, "127.0.0.1")
    assert "refuses the connection (403)" in found.sentence


@pytest.mark.parametrize("scheme", ["http", "socks5"])
@pytest.mark.parametrize(
    ("mode", "verdict"),
    [
        (ExitMode.OK, V.OK),
        (ExitMode.REFUSE, V.UNREACHABLE),
        (ExitMode.HANG, V.TIMEOUT),
        (ExitMode.SLOW, V.SLOW),
        (ExitMode.AUTH, V.AUTH_FAILED),
        (ExitMode.INTERCEPT, V.INTERCEPTED),
        (ExitMode.BLOCK, V.TARGET_BLOCKED),
    ],
)
async def test_each_way_of_failing_can_be_rehearsed(
    bench: Bench, scheme: str, mode: ExitMode, verdict: ProxyVerdict
) -> None:
    bench.sandbox.proxy.exits.register("nord", "pw", mode, delay_s=0.3)
    limit = QUICK if mode is ExitMode.HANG else 10

    found = await bench.check(ways.leased(bench.port, scheme), slow_after_s=0.25, timeout_s=limit, probes=1)

    assert found.verdict is verdict
    assert bench.sandbox.world.ledger.leaks == {}
    if verdict in (V.OK, V.SLOW, V.TARGET_BLOCKED):
        assert found.exit_ip == bench.sandbox.proxy.exits.all()[0].ip


async def test_a_proxy_that_reaches_nothing_is_unreachable(bench: Bench) -> None:
    bench.sandbox.proxy.exits.register("nord", "pw", ExitMode.REFUSE)

    found = await bench.check(ways.leased(bench.port))

    assert found.verdict is V.UNREACHABLE
    assert found.sentence.startswith("Nothing is reached through it: ")


async def test_without_any_echo_the_exit_ip_is_not_known(bench: Bench) -> None:
    found = await bench.check(ways.leased(bench.port), echo=["http://nobody.sandbox/"])

    assert (found.verdict, found.exit_ip) == (V.OK, None)
    assert found.sentence == "Works. Its exit IP is not known: nobody.sandbox answers 403"


async def test_an_answer_in_many_segments_is_understood(bench: Bench) -> None:
    async with ways.listening(ways.passes_on(bench.port, segments=7)) as port:
        found = await bench.check(ways.leased(port))

    assert found.verdict is V.OK


async def test_the_country_of_the_exit_is_told_when_a_database_is_there(bench: Bench) -> None:
    file = mmdb.write(bench.folder / "geo.mmdb", "127.0.0.0/8", "NO")

    found = await bench.check(ways.leased(bench.port), {"GEOIP_FILE": file})

    assert found.country == "NO"
    assert found.sentence.endswith("as 127.0.0.1 (NO)")


async def test_in_the_sandbox_an_address_elsewhere_is_not_asked(bench: Bench) -> None:
    elsewhere = LeasedProxy(id=1, scheme="http", host="198.51.100.7", port=8080)

    with pytest.raises(GiveUp) as refused:
        await bench.check(elsewhere)

    assert refused.value.reason is ReasonCode.EGRESS_REFUSED


async def test_live_a_private_address_is_asked_only_when_it_is_allowed(bench: Bench) -> None:
    proxy = ways.leased(bench.port)

    with pytest.raises(GiveUp, match="not a public address"):
        await bench.check(proxy, {"IGFLEET_MODE": "live"}, echo=["http://echo.sandbox/"])
    allowed = {"IGFLEET_MODE": "live", "PRIVATE_NETWORKS": "127.0.0.0/8"}
    found = await bench.check(proxy, allowed, echo=["http://echo.sandbox/"])

    assert found.verdict is V.OK


async def test_in_the_sandbox_only_local_echo_addresses_are_asked(bench: Bench) -> None:
    found = await bench.check(ways.leased(bench.port), echo=["https://ip.example/"])

    assert found.exit_ip == "127.0.0.1"
    assert bench.sandbox.world.ledger.leaks == {}


async def test_a_proxy_that_is_gone_cannot_be_checked(bench: Bench) -> None:
    with pytest.raises(GiveUp):
        await bench.check(None)
