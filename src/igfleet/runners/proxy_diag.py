"""proxy_diag: real checks of proxies. Each proxy once, however many accounts share it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from igfleet.contracts.base import Id
from igfleet.contracts.proxy_checks import EchoAddress, ProxyVerdict, ProxyWish, TargetHost
from igfleet.contracts.tasks import Effect, Method, Subject
from igfleet.errors import Invalid
from igfleet.runners.base import Options, RunContext, Runner
from igfleet.runners.shares import PlanInput, Share

MOST_PROXIES = 10_000


class ProxyDiagOptions(Options):
    concurrency: Annotated[int, Field(ge=1, le=100)] = 10
    proxy_ids: Annotated[tuple[Id, ...], Field(max_length=MOST_PROXIES, json_schema_extra={"form": "words"})] = ()
    """Proxies to check besides those of the chosen accounts."""
    probes: Annotated[int, Field(ge=1, le=20)] = 3
    """Requests by which the latency is measured."""
    timeout_s: Annotated[float, Field(ge=0.1, le=60)] = 10
    """Limit of each step of a check."""
    slow_after_s: Annotated[float, Field(gt=0, le=60)] | None = None
    """PROXY_SLOW_THRESHOLD of the worker when it is not given."""
    echo: Annotated[tuple[EchoAddress, ...], Field(max_length=10)] = ()
    """Addresses that answer with the caller's IP; PROXY_ECHO_ENDPOINTS of the worker when none are given. In the
    sandbox only those on this machine count, else the sandbox's own is asked."""
    target: TargetHost = "i.instagram.com"
    set_state: bool = True
    """Write what was found into the proxy's state."""

    @property
    def driver(self) -> Method:
        return Method.NONE

    @property
    def named_proxies(self) -> tuple[int, ...]:
        return self.proxy_ids

    @property
    def wish(self) -> ProxyWish:
        """What the worker is to find out."""
        return ProxyWish(
            probes=self.probes,
            timeout_s=self.timeout_s,
            slow_after_s=self.slow_after_s,
            echo=self.echo,
            target=self.target,
        )


class ProxyDiag(Runner[ProxyDiagOptions]):
    kind: ClassVar[str] = "proxy_diag"
    title: ClassVar[str] = "Proxy check"
    about = "Find out whether proxies work, how fast they are and where they come out"
    icon = "plug-connected"
    options = ProxyDiagOptions
    counters = ("ok", "bad")
    timeout = timedelta(minutes=60)
    effect = Effect.READ
    methods = (Method.NONE,)
    subject = Subject.PROXY
    is_paced = False
    start_path = "proxy-diagnostics"
    share_columns = ("accounts",)
    result_columns = ("verdict", "latency_ms", "exit_ip", "country", "sentence")

    @classmethod
    def plan(cls, order: PlanInput, options: ProxyDiagOptions) -> Iterator[Share]:
        """One share for each proxy, in the order in which it is first named; it lists the accounts behind it."""
        if not order.accounts and not options.proxy_ids:
            text = "Choose at least one account or proxy."
            raise Invalid(text, {"accounts": text, "proxy_ids": text})
        unknown = [proxy_id for proxy_id in options.proxy_ids if proxy_id not in order.proxies]
        if unknown:
            raise Invalid(f"There is no proxy {unknown[0]}.", {"proxy_ids": f"There is no proxy {unknown[0]}."})
        chosen = dict.fromkeys(
            [*(account.proxy_id for account in order.accounts if account.proxy_id is not None), *options.proxy_ids]
        )
        for account in order.accounts:
            if account.proxy_id is None:
                note = "It has no proxy of its own: there is nothing to check"
                yield Share(account.id, account.username, note=note, is_left_out=True)
        for proxy_id in chosen:
            proxy = order.proxies[proxy_id]
            yield Share(None, proxy.name, {"accounts": list(proxy.accounts)}, proxy_id=proxy_id)

    async def run(self, run: RunContext, options: ProxyDiagOptions) -> None:
        """Check it and tell. A bad proxy is a finding, not a failure of the run."""
        run.stop_if_asked()
        run.step("checking the proxy")
        check = await run.check_proxy(options.wish)
        is_ok = check.verdict is ProxyVerdict.OK
        run.count("ok" if is_ok else "bad")
        run.log(check.verdict.value, check.sentence, level="info" if is_ok else "warning")
        run.conclude(**check.model_dump(mode="json"))
