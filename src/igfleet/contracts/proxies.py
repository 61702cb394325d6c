"""How proxies are named on screens and in logs: never with a password."""

_KEY_LENGTH = 12
_SHOWN = 4


def address_of(scheme: str, host: str, port: int) -> str:
    """`scheme://host:port`; an IPv6 address stands in brackets."""
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def user_of(username: str | None, *, has_password: bool) -> str:
    """The user as it may be shown. A long one without a password is likely a key: its beginning only."""
    if not username:
        return ""
    is_key = not has_password and len(username) > _KEY_LENGTH
    return f"{username[:_SHOWN]}…" if is_key else username


def name_of(scheme: str, host: str, port: int, username: str | None, *, has_password: bool) -> str:
    """The address with the user in it: at many providers proxies differ by their user alone."""
    user = user_of(username, has_password=has_password)
    address = address_of(scheme, host, port)
    return address.replace("://", f"://{user}@", 1) if user else address
