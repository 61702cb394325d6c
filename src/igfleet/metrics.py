"""What Prometheus reads of ui and worker: with a token of its own, or not at all. No label names an account."""

import hmac

from litestar.middleware import DefineMiddleware
from litestar.plugins.prometheus import PrometheusConfig
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from pydantic import SecretStr

from igfleet.errors import NotFound, NotSignedIn

CONTENT_TYPE = CONTENT_TYPE_LATEST


def require(token: SecretStr | None, header: str | None) -> None:
    """Raises `NotFound` where no token is set, `NotSignedIn` for another one."""
    if token is None or not token.get_secret_value():
        raise NotFound("There are no metrics here: METRICS_TOKEN is not set.")
    given = (header or "").removeprefix("Bearer ").strip()
    if not hmac.compare_digest(given.encode(), token.get_secret_value().encode()):
        raise NotSignedIn("Send `Authorization: Bearer <METRICS_TOKEN>`.")


def requests(role: str, token: SecretStr | None) -> list[DefineMiddleware]:
    """Counts and times requests by route, where anybody may read of it."""
    if token is None:
        return []
    return [PrometheusConfig(app_name=role, prefix="igfleet_http", group_path=True).middleware]


def written(present: CollectorRegistry) -> bytes:
    """What is so at present, and what this process has counted since it began."""
    return generate_latest(present) + generate_latest(REGISTRY)
