"""Headers on every answer, errors and static files included."""

from litestar.datastructures import MutableScopeHeaders
from litestar.routes import HTTPRoute
from litestar.types import Message, Scope

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "strict-transport-security": "max-age=31536000",
    "cache-control": "no-store",
}


async def secure(message: Message, scope: Scope) -> None:
    """Add what the answer did not set itself, just before it leaves."""
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if scope.get("method") == "OPTIONS" and "allow" in headers:
        headers["allow"] = _methods(scope)


def _methods(scope: Scope) -> str:
    """What there is at this address. Litestar names the methods of one handler of several."""
    routes = scope["litestar_app"].routes
    here = (route for route in routes if isinstance(route, HTTPRoute) and route.path_format == scope["path_template"])
    return ", ".join(sorted({str(method) for route in here for method in route.methods}))
