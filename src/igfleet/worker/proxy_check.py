"""The check of a proxy: is it there, does it let us in, where does it come out, does it leave TLS alone, how fast."""

import asyncio
import ssl
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from igfleet.contracts.leases import LeasedProxy
from igfleet.contracts.proxy_checks import ProxyCheck, ProxyVerdict, ProxyWish
from igfleet.errors import GiveUp
from igfleet.settings import WorkerSettings
from igfleet.worker import echo
from igfleet.worker.countries import country_of
from igfleet.worker.handshakes import Fault, HandshakeFailed
from igfleet.worker.trust import trusted
from igfleet.worker.upstream import Refused, Upstream

_V = ProxyVerdict
SANDBOX_ECHO = "http://echo.sandbox/"
_TRIES_WHEN_BLOCKED = 2
"""Echo addresses that are asked to tell a blocked target from a proxy that reaches nothing."""
_VERDICTS = {
    Fault.UNREACHED: _V.UNREACHABLE,
    Fault.SILENT: _V.TIMEOUT,
    Fault.CREDENTIALS: _V.AUTH_FAILED,
    Fault.UNTRUSTED: _V.INTERCEPTED,
    Fault.NONSENSE: _V.UNREACHABLE,
    Fault.TARGET: _V.TARGET_BLOCKED,
}
_FINAL = (Fault.UNREACHED, Fault.CREDENTIALS, Fault.UNTRUSTED)


class _Bad(Exception):
    """What a step found wrong. A final one needs no further step."""

    def __init__(self, verdict: ProxyVerdict, text: str, *, is_final: bool = False) -> None:
        super().__init__(text)
        self.verdict, self.is_final = verdict, is_final


@dataclass
class _Echoes:
    """What the probes brought."""

    exit_ip: str | None = None
    seconds: list[float] = field(default_factory=list)
    failures: list[_Bad] = field(default_factory=list)


class ProxyChecker:
    """Checks the proxy of one lease, and nothing else."""

    def __init__(self, settings: WorkerSettings, proxy: LeasedProxy | None, ca_file: Path | None) -> None:
        self._settings, self._proxy, self._ca_file = settings, proxy, ca_file

    async def check(self, wish: ProxyWish) -> ProxyCheck:
        """Raises `GiveUp` when there is no proxy, or when our own rules forbid to ask it."""
        if self._proxy is None:
            raise GiveUp("The proxy is no longer stored: there is nothing to check")
        steps = _Steps(Upstream(self._settings, self._proxy, self._ca_file, wish.timeout_s), self._ca_file, wish)
        try:
            return await self._found(steps, wish)
        except _Bad as bad:
            return ProxyCheck(verdict=bad.verdict, sentence=_sentence(str(bad)))

    async def _found(self, steps: "_Steps", wish: ProxyWish) -> ProxyCheck:
        """Raises `_Bad` for what needs no further step."""
        addresses = self._addresses(wish)
        try:
            reached_in = await steps.target()
        except _Bad as bad:
            if bad.is_final:
                raise
            return await self._blocked(bad, await steps.echoes(addresses[:_TRIES_WHEN_BLOCKED], 1))
        found = await steps.echoes(addresses, wish.probes)
        if found.seconds and len(found.failures) > len(found.seconds):
            raise _Bad(found.failures[0].verdict, f"most probes fail: {found.failures[0]}")
        return await self._works(found, reached_in, wish)

    async def _works(self, found: _Echoes, reached_in: float, wish: ProxyWish) -> ProxyCheck:
        seconds = median(found.seconds) if found.seconds else reached_in
        slow_after = wish.slow_after_s or self._settings.proxy_slow_threshold.total_seconds()
        is_slow = seconds > slow_after
        country = await self._country(found.exit_ip)
        text = f"Works, but takes {_took(seconds)}; more than {_took(slow_after)} is slow" if is_slow else "Works"
        if found.exit_ip is None:
            text += f". Its exit IP is not known: {found.failures[0]}"
        elif not is_slow:
            text += f": answers in {_took(seconds)} as {found.exit_ip}{f' ({country})' if country else ''}"
        if found.seconds and found.failures:
            text += f". {len(found.failures)} of {len(found.failures) + len(found.seconds)} probes failed"
        return ProxyCheck(
            verdict=_V.SLOW if is_slow else _V.OK,
            sentence=text,
            latency_ms=round(seconds * 1000),
            exit_ip=found.exit_ip,
            country=country,
        )

    async def _blocked(self, bad: _Bad, found: _Echoes) -> ProxyCheck:
        """The target was not reached: is it the target alone, or everything?"""
        if found.exit_ip is None:
            if _V.TIMEOUT in (bad.verdict, *(one.verdict for one in found.failures)):
                raise _Bad(_V.TIMEOUT, str(bad))
            raise _Bad(_V.UNREACHABLE, f"nothing is reached through it: {bad}")
        return ProxyCheck(
            verdict=_V.TARGET_BLOCKED,
            sentence=f"Reaches other hosts as {found.exit_ip}, but not the target: {bad}",
            latency_ms=round(median(found.seconds) * 1000),
            exit_ip=found.exit_ip,
            country=await self._country(found.exit_ip),
        )

    async def _country(self, ip: str | None) -> str | None:
        if ip is None:
            return None
        return await asyncio.to_thread(country_of, self._settings.geoip_file, ip)

    def _addresses(self, wish: ProxyWish) -> Sequence[str]:
        """In the sandbox only what stays on this machine."""
        wished = wish.echo or [str(address) for address in self._settings.proxy_echo_endpoints]
        if self._settings.is_live:
            return wished
        return [address for address in wished if _is_local(address)] or [SANDBOX_ECHO]


class _Steps:
    """The single steps, each in limited time."""

    def __init__(self, upstream: Upstream, ca_file: Path | None, wish: ProxyWish) -> None:
        self._upstream, self._ca_file, self._wish = upstream, ca_file, wish

    async def target(self) -> float:
        """Open TLS to the target; nothing is sent. The seconds it took. Raises `_Bad`."""
        parts = urlsplit(f"//{self._wish.target}")
        host = parts.hostname or ""

        async def reach() -> None:
            _, writer = await self._upstream.connect(host, parts.port or 443)
            try:
                await writer.start_tls(trusted(self._ca_file), server_hostname=host)
            finally:
                writer.transport.abort()

        return (await self._timed(reach(), host))[0]

    async def echoes(self, addresses: Sequence[str], probes: int) -> _Echoes:
        """Ask the first address that answers so many times. Raises `_Bad` for what is final."""
        found = _Echoes()
        for address in addresses:
            await self._probe(address, found)
            if found.seconds:
                break
        else:
            return found
        found.failures.clear()  # of addresses that are out of order, not of the proxy
        for _ in range(probes - 1):
            await self._probe(address, found)
        return found

    async def _probe(self, address: str, found: _Echoes) -> None:
        host = urlsplit(address).hostname or ""
        try:
            seconds, found.exit_ip = await self._timed(echo.ask(self._upstream, address, self._ca_file), host)
        except _Bad as bad:
            if bad.is_final:
                raise
            found.failures.append(bad)
        else:
            found.seconds.append(seconds)

    async def _timed[T](self, step: Awaitable[T], host: str) -> tuple[float, T]:
        """What the step brings, and the seconds it took. Raises `_Bad`; `GiveUp` for what our rules forbid."""
        began = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(self._wish.timeout_s * 2):  # the way out has its own limit within
                value = await step
        except Refused as refused:
            raise _of_refused(refused) from refused
        except HandshakeFailed as failed:
            raise _Bad(_VERDICTS[failed.fault], f"the proxy {failed}", is_final=failed.fault in _FINAL) from failed
        except ssl.SSLCertVerificationError as error:
            text = f"the certificate of {host} cannot be verified ({error.verify_message}): TLS is opened on the way"
            raise _Bad(_V.INTERCEPTED, text, is_final=True) from error
        except TimeoutError as error:
            raise _Bad(_V.TIMEOUT, f"{host} does not answer through it in time") from error
        except echo.NoEcho as error:
            raise _Bad(_V.TARGET_BLOCKED, str(error)) from error
        except (OSError, EOFError) as error:
            raise _Bad(_V.TARGET_BLOCKED, f"the connection to {host} breaks off") from error
        return asyncio.get_running_loop().time() - began, value


def _of_refused(refused: Refused) -> Exception:
    if refused.fault is Fault.RULES:
        return GiveUp(_sentence(str(refused)), refused.reason)
    return _Bad(_VERDICTS[refused.fault], str(refused), is_final=refused.fault in _FINAL)


def _is_local(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".sandbox")


def _took(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
